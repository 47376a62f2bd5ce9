Queries of leftovers.c.

-- name: group-to-begin
select status, backup_begun_at is not null as has_begun from saved_claim_groups
where claim_group_guid = $1::uuid and parent_claim_id = saved_claim_id for no key update

-- name: steps-left-started
-- Of the group and its children; steps of a package are backup's own.
select scope, step, ordinal, token, (extract (epoch from clock_timestamp () - started_at) * 1000)::bigint as age_ms
from step_journal where scope = any ($1) and state = 'started' and not step ~ $2
order by scope, step for update

-- name: begin-backup
update saved_claim_groups set backup_begun_at = clock_timestamp (), updated_at = clock_timestamp ()
where claim_group_guid = $1::uuid and parent_claim_id = saved_claim_id

-- name: children-known
select c.saved_claim_id as claim_id, coalesce (c.bgs_claim_id, s.bgs_claim_id) as bgs_claim_id,
  (select state from step_journal j where j.scope = c.saved_claim_id::text and j.step = $2 order by ordinal desc limit 1)
    as insert_state
from saved_claim_groups c left join bgs_submissions s on s.saved_claim_id = c.saved_claim_id
where c.claim_group_guid = $1::uuid and c.parent_claim_id <> c.saved_claim_id
order by c.saved_claim_id
