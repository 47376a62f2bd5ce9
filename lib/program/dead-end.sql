Queries of dead ends, see dead-end.h.

-- name: dead-end-write
insert into dead_ends (consumer, topic, mark, source, scope, claim_group_guid, claim_id, message_id, hop, replay, attempt,
  error_class, error_message, first_failed_at)
values ($1, $2, $3, $4, $5, $6::uuid, nullif ($7::bigint, 0), $8, $9, $10, $11, $12, left ($13, 500),
  timestamptz 'epoch' + nullif ($14::bigint, 0) * interval '1 millisecond')
