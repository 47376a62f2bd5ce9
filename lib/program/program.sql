Queries of every program, see program.c.

-- name: heartbeat
insert into instances (id, program) values ($1::uuid, $2)
on conflict (id) do update set heartbeat_at = clock_timestamp ()

-- name: clock
-- Apart from the heartbeat, whose answer waits for its commit.
select floor (extract (epoch from clock_timestamp ()) * 1000)::bigint as now_ms

-- name: instance-ended
update instances set ended_at = clock_timestamp () where id = $1::uuid

-- name: take-lease
-- Renews one's own ($4 is its token, 0 for none), takes a free one or one that has run out; no row: somebody has it.
insert into leases (name, instance_id, token, until)
values ($1, $2::uuid, nextval ('tokens'), clock_timestamp () + $3::bigint * interval '1 millisecond')
on conflict (name) do update set
  instance_id = excluded.instance_id, until = excluded.until,
  token = case when leases.token = $4::bigint then leases.token else excluded.token end
where leases.until < clock_timestamp () or leases.token = $4::bigint
returning token

-- name: give-lease
delete from leases where name = $1 and token = $2

-- name: record-secret
-- The first one stays; the update changes nothing and gives the row to all who start at the same moment.
insert into shared_secrets (name, fingerprint) values ($1, $2)
on conflict (name) do update set fingerprint = shared_secrets.fingerprint
returning fingerprint

-- name: purge-inbox
delete from inbox where ctid = any (array (
  select ctid from inbox where handled_at < clock_timestamp () - $1::bigint * interval '1 day' limit $2))

-- name: purge-idempotency-keys
delete from idempotency_keys where ctid = any (array (
  select ctid from idempotency_keys where created_at < clock_timestamp () - interval '24 hours' limit $1))

-- name: purge-instances
-- Long dead and nothing left to relay.
delete from instances where id = any (array (
  select id from instances where heartbeat_at < clock_timestamp () - interval '7 days'
    and not exists (select from outbox where instance_id = instances.id) limit $1))
