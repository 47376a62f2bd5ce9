Queries of settlements, see settlement.c.

-- name: next-sequence
-- Gapless per group, taken under the group's row lock.
update saved_claim_groups set sequence = sequence + 1, updated_at = clock_timestamp ()
where claim_group_guid = $1::uuid and parent_claim_id = saved_claim_id
returning sequence

-- name: lock-group
select id from saved_claim_groups where claim_group_guid = $1::uuid and parent_claim_id = saved_claim_id
for no key update

-- name: trace-of-group
select traceparent from saved_claim_groups where claim_group_guid = $1::uuid and parent_claim_id = saved_claim_id

-- name: mail-request
insert into claim_notifications (saved_claim_id, kind) values ($1, $2)
on conflict (saved_claim_id, kind) do nothing
