-- Changes of state. Locks as in claim-group.sql: the group's own row first, a child's row only under it.

-- name: lock-group-state
select id, status, backup_begun_at is not null as has_backup from saved_claim_groups
where claim_group_guid = $1 and parent_claim_id = saved_claim_id
for no key update

-- name: count-open-children
select count (*) as open from saved_claim_groups
where claim_group_guid = $1 and parent_claim_id <> saved_claim_id and status <> 'submitted'

-- name: change-group
-- $3: a redrive, from when on records with the older replay number settle nothing.
update saved_claim_groups set status = $2, replay = replay + $3::integer, updated_at = clock_timestamp ()
where id = $1

-- name: lock-group-of-child
select id from saved_claim_groups
where parent_claim_id = (select parent_claim_id from saved_claim_groups where saved_claim_id = $1)
  and saved_claim_id = parent_claim_id
for no key update

-- name: child-state
select status from saved_claim_groups where saved_claim_id = $1 and saved_claim_id <> parent_claim_id

-- name: change-child
update saved_claim_groups set status = $2, updated_at = clock_timestamp () where saved_claim_id = $1
