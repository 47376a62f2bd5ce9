Queries of the take desk, see take.c.

-- name: count-open
-- The open counts of the touched partitions, whole. A commit of its own may be asynchronous: it gives nothing out.
insert into deliveries (consumer, topic, partition, instance_id, open_offsets)
select $1, given.topic, given.partition, $2::uuid, given.offsets::bigint[]
from unnest ($3::text[], $4::bigint[], $5::text[]) as given (topic, partition, offsets)
on conflict (consumer, topic, partition, instance_id)
  do update set open_offsets = excluded.open_offsets, counted_at = clock_timestamp ()

-- name: look-and-group
-- In the inbox already? And what the group says of the replay. Scalar sub-selects by key on purpose: a join or an exists may
-- be planned as a scan of all a consumer's rows while the inbox is small, and the plan stays when it no longer is (measured).
select given.n,
       coalesce ((select true from inbox where inbox.consumer = $1 and inbox.message_id = given.message_id
                  and inbox.hop = given.hop::integer and inbox.replay = given.replay::integer limit 1), false) as is_seen,
       groups.id as group_row_id, groups.replay, groups.status
from unnest ($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[]) as given (n, message_id, hop, replay, guid)
left join lateral (
  select id, saved_claim_groups.replay, saved_claim_groups.status from saved_claim_groups
  where claim_group_guid = nullif (given.guid, '')::uuid and parent_claim_id = saved_claim_id limit 1) groups on true

-- name: own
insert into runs (scope, instance_id, token)
select scope, $1::uuid, nextval ('tokens') from unnest ($2::text[]) as given (scope) order by scope
on conflict (scope) do update set instance_id = excluded.instance_id, token = excluded.token, taken_at = clock_timestamp ()
returning scope, token

-- name: look-again
-- In the transaction that has just taken the run rows: whoever settled before we got them is seen here.
select given.n from unnest ($2::bigint[], $3::text[], $4::bigint[], $5::bigint[]) as given (n, message_id, hop, replay)
where (select true from inbox where inbox.consumer = $1 and inbox.message_id = given.message_id
         and inbox.hop = given.hop::integer and inbox.replay = given.replay::integer)

-- name: open-suspect
insert into delivery_records (consumer, topic, partition, record_offset, instance_id, is_suspect, deaths)
values ($1, $2, $3, $4, $5::uuid, true, $6)
on conflict (consumer, topic, partition, record_offset)
  do update set instance_id = excluded.instance_id, is_suspect = true, deaths = excluded.deaths

-- name: clear-suspect
-- And what it waited for is no wait any more.
update delivery_records set is_suspect = false, deaths = 0, instance_id = null, waiting_since = null
where consumer = $1 and topic = $2 and partition = $3 and record_offset = $4

-- name: note-deaths
-- Opened as a suspect by a process that is not the owner any more: it died of it, or was too slow.
update delivery_records set deaths = deaths + 1, instance_id = null
where consumer = $1 and topic = $2 and partition = $3 and instance_id is not null and instance_id <> $4::uuid

-- name: note-suspects
-- What others have left open.
insert into delivery_records (consumer, topic, partition, record_offset, is_suspect)
select distinct $1, $2, $3::integer, unnest (open_offsets), true from deliveries
where consumer = $1 and topic = $2 and partition = $3 and instance_id <> $4::uuid
on conflict (consumer, topic, partition, record_offset) do update set is_suspect = true

-- name: forget-others
delete from deliveries where consumer = $1 and topic = $2 and partition = $3 and instance_id <> $4::uuid

-- name: forget-below
-- Records below the first one delivered are settled and committed.
delete from delivery_records where consumer = $1 and topic = $2 and partition = $3 and record_offset < $4

-- name: records-of
select record_offset, is_suspect, deaths,
       (extract (epoch from waiting_since) * 1000)::bigint as waiting_since_ms
from delivery_records where consumer = $1 and topic = $2 and partition = $3

-- name: close-counts
delete from deliveries where consumer = $1 and instance_id = $2::uuid and (topic, partition) in (
  select * from unnest ($3::text[], $4::integer[]))

-- name: close-suspect
-- It waits and is not in hand: a death now is none of its.
update delivery_records set instance_id = null
where consumer = $1 and topic = $2 and partition = $3 and record_offset = $4

-- name: forget-record
delete from delivery_records where consumer = $1 and topic = $2 and partition = $3 and record_offset = $4

-- name: close-suspects
-- Closed uncounted: shutdown, revoke and loss are nobody's death.
update delivery_records set instance_id = null where consumer = $1 and instance_id = $2::uuid and (topic, partition) in (
  select * from unnest ($3::text[], $4::integer[]))
