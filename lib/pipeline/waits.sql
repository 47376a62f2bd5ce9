Queries of what waits in tiers, see waits.h.

-- name: wait-begin
insert into tier_waits (scope, claim_group_guid, consumer, topic, partition, message_id, hop, replay, attempt, is_look,
  error_class, error_message, due_at, waiting_since)
values ($1, $2::uuid, $3, $4, $5, $6, $7, $8, $9, $10, $11, left ($12, 500),
  timestamptz 'epoch' + $13 * interval '1 millisecond',
  timestamptz 'epoch' + nullif ($14::bigint, 0) * interval '1 millisecond')
on conflict (scope) do update set claim_group_guid = excluded.claim_group_guid, consumer = excluded.consumer,
  topic = excluded.topic, partition = excluded.partition, message_id = excluded.message_id, hop = excluded.hop,
  replay = excluded.replay, attempt = excluded.attempt, is_look = excluded.is_look, error_class = excluded.error_class,
  error_message = excluded.error_message, due_at = excluded.due_at, waiting_since = excluded.waiting_since,
  written_at = clock_timestamp ()

-- name: wait-end
-- The record that waited, or the one that the watch has sent in its place (hop + 1): never what a newer replay waits for.
delete from tier_waits where scope = $1 and message_id = $2 and hop <= $3 and replay = $4
