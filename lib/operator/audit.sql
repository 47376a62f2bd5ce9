The audit trail's statement, see audit.c.

-- name: write-action
insert into operator_actions (who, action, subject, claim_group_guid, claim_id, reason, detail)
values ($1, $2, $3, $4::uuid, nullif ($5::bigint, 0), $6, $7::jsonb) returning id
