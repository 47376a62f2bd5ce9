Queries of open counts and suspects, see suspects.c.

-- name: count-open
-- The open counts of the touched partitions, whole. A commit of its own may be asynchronous: it gives nothing out.
insert into deliveries (consumer, topic, partition, instance_id, open_offsets)
select $1, given.topic, given.partition, $2::uuid, given.offsets::bigint[]
from unnest ($3::text[], $4::bigint[], $5::text[]) as given (topic, partition, offsets)
on conflict (consumer, topic, partition, instance_id)
  do update set open_offsets = excluded.open_offsets, counted_at = clock_timestamp ()

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

-- name: keep-waiting
insert into delivery_records (consumer, topic, partition, record_offset, waiting_since)
values ($1, $2, $3, $4, clock_timestamp ())
on conflict (consumer, topic, partition, record_offset) do update set
  waiting_since = coalesce (delivery_records.waiting_since, excluded.waiting_since), instance_id = null
returning (extract (epoch from waiting_since) * 1000)::bigint as waiting_since_ms
