Queries of the outbox, see outbox.h.

-- name: outbox-insert
-- No id comes back: the process gives them itself, so that this can be the last statement of its transaction.
insert into outbox (instance_id, id, topic, partition, key, value, headers, scope)
select $1::uuid, id, topic, nullif (partition, -1)::integer, key, value, headers, scope
from unnest ($2::bigint[], $3::text[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bytea[], $8::text[])
  as given (id, topic, partition, key, value, headers, scope)

-- name: outbox-delete
-- A join on purpose: as id = any ($2), prepared while the table is small, it is a filter that walks the whole array for each
-- row of the process, dead ones too.
delete from outbox using unnest ($2::bigint[]) as gone (id) where outbox.instance_id = $1::uuid and outbox.id = gone.id

-- name: outbox-delete-of-others
delete from outbox using unnest ($1::text[], $2::bigint[]) as gone (instance_id, id)
where outbox.instance_id = gone.instance_id::uuid and outbox.id = gone.id

-- name: outbox-delete-and-note
-- And where the records of claims and groups lie now, and those that have come to a dead end. The row itself says the rest, so it need not come from the process.
-- Reports of two processes come in any order: a place is only replaced by that of a record that was made later (or by
-- another copy of the same one, which is as good). In ascending order of scope, for others write places too.
with gone as (
  delete from outbox
  using unnest ($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
    as told (instance_id, id, partition, record_offset, replay)
  where outbox.instance_id = told.instance_id::uuid and outbox.id = told.id
  returning outbox.scope, outbox.topic, outbox.headers, outbox.created_at, told.partition, told.record_offset, told.replay
), ends as (
  update dead_ends set partition = gone.partition::integer, record_offset = nullif (gone.record_offset, -1)
  from gone
  where dead_ends.mark = gone.scope and dead_ends.topic = gone.topic and dead_ends.record_offset is null
)
insert into record_places (scope, topic, partition, record_offset, replay, headers, made_at)
select distinct on (scope) scope, topic, partition::integer, nullif (record_offset, -1), replay::integer,
  case when octet_length (headers) <= 16384 then headers end, created_at
from gone where scope is not null and scope not like 'quarantine:%'
order by scope, created_at desc
on conflict (scope) do update set topic = excluded.topic, partition = excluded.partition,
  record_offset = excluded.record_offset, replay = excluded.replay, headers = excluded.headers,
  resends = case when excluded.replay > record_places.replay then 0 else record_places.resends end, made_at = excluded.made_at, written_at = clock_timestamp (), missed_at = null
where excluded.made_at >= record_places.made_at

-- name: outbox-own
-- Rows of this process after $2; the caller leaves out those it knows. Young ones are most likely about to be published
-- by who has committed them.
select instance_id, id, topic, partition, key, value, headers, scope, refusals from outbox
where instance_id = $1::uuid and id > $2 and refused_at is null
  and created_at < clock_timestamp () - $3::bigint * interval '1 millisecond'
order by id limit $4

-- name: outbox-own-refused
select instance_id, id, topic, partition, key, value, headers, scope, refusals from outbox
where instance_id = $1::uuid and refused_at is not null and again_at <= clock_timestamp ()
order by id limit $2

-- name: outbox-own-refused-count
select count(*) as count from outbox where instance_id = $1::uuid and refused_at is not null

-- name: outbox-of-the-dead
-- Rows of dead processes after ($2, $3), each process's in its order. No snapshot, no other transaction matters: see
-- outbox.h, "What the relay may read". The makers are found by jumping along the index from one process to the next.
with recursive makers as (
  (select instance_id from outbox where instance_id >= $2::uuid order by instance_id limit 1)
  union all
  select (select next.instance_id from outbox next where next.instance_id > makers.instance_id
          order by next.instance_id limit 1)
  from makers where makers.instance_id is not null
), dead as (
  select makers.instance_id from makers left join instances on instances.id = makers.instance_id
  where makers.instance_id is not null
    and (instances.id is null or instances.ended_at is not null
         or instances.heartbeat_at < clock_timestamp () - $1::bigint * interval '1 millisecond')
)
select found.* from dead cross join lateral (
  select instance_id, id, topic, partition, key, value, headers, scope, refusals from outbox
  where outbox.instance_id = dead.instance_id and (outbox.instance_id, id) > ($2::uuid, $3::bigint)
    and (again_at is null or again_at <= clock_timestamp ())
  order by id limit $4) as found
order by instance_id, id limit $4

-- name: outbox-refused
-- 1 s after the first refusal, twice as long after each, 5 min at most.
update outbox set refusals = refusals + 1, refusal = $3,
  refused_at = coalesce (refused_at, clock_timestamp ()),
  again_at = clock_timestamp () + least (300, power (2, least (refusals, 9))) * interval '1 second'
where instance_id = $1::uuid and id = $2
returning refusals

-- name: outbox-state
-- What waits: a refused row is counted, and not held against the others' age.
select count(*) filter (where refused_at is not null) as refused,
  coalesce (floor (extract (epoch from clock_timestamp () - min (created_at) filter (where refused_at is null)) * 1000),
            0)::bigint as oldest_ms
from outbox

-- name: outbox-asynchronous
-- A deletion that is lost in a crash only means that a row is published twice.
set synchronous_commit = off
