Queries of close.c and outcome.c.

-- name: child-state
select c.status, g.status as group_status, g.closer = $2 as is_closer, g.parent_claim_id
from saved_claim_groups g
join saved_claim_groups c on c.parent_claim_id = g.parent_claim_id and c.saved_claim_id = $2
where g.claim_group_guid = $1::uuid and g.parent_claim_id = g.saved_claim_id

-- name: lock-group
select id from saved_claim_groups where claim_group_guid = $1::uuid and parent_claim_id = saved_claim_id
for no key update

-- name: doubtful-relationships
-- Relationships of the group's children that were made again after an unknown.
select count (*) as count from saved_claim_groups g
join step_journal j on j.scope = g.saved_claim_id::text and j.step like $2 || '%' and j.state = 'unknown'
where g.claim_group_guid = $1::uuid

-- name: recorded-benefit-claim
select bgs_claim_id from bgs_submissions where saved_claim_id = $1 and bgs_claim_id is not null

-- name: started-steps
select scope, step, ordinal, token from step_journal where scope = any ($1) and state = 'started'
for update

-- name: form-of-claim
select form_id from saved_claims where id = $1
