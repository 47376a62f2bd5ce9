-- Facts of a claim group, see group-facts.c.
--
-- Each statement that changes something of a group runs after lock-group in the same transaction: the lock comes first
-- and the values are read by a later statement, for a statement that had to wait for a lock still sees the other rows
-- as they were before it waited.

-- name: lock-groups
-- The locks are taken above the sort, so in this order.
select id from saved_claim_groups
where claim_group_guid = any ($1::uuid[]) and parent_claim_id = saved_claim_id
order by id
for no key update

-- name: lock-group
select parent_claim_id, status, proc_id, closer from saved_claim_groups
where claim_group_guid = $1 and parent_claim_id = saved_claim_id
for no key update

-- name: set-proc
update saved_claim_groups set proc_id = $2, review_reasons = $3, updated_at = clock_timestamp ()
where claim_group_guid = $1 and parent_claim_id = saved_claim_id

-- name: list-children
select saved_claim_id as claim_id, status, bgs_claim_id from saved_claim_groups
where parent_claim_id = $1 and saved_claim_id <> parent_claim_id

-- name: submit-child
update saved_claim_groups set status = 'submitted', bgs_claim_id = $2, updated_at = clock_timestamp ()
where saved_claim_id = $1

-- name: set-closer
update saved_claim_groups set closer = $2, updated_at = clock_timestamp ()
where parent_claim_id = $1 and saved_claim_id = parent_claim_id

-- name: record-attempt
-- The submission shows its newest attempt; what is submitted stays so.
with submission as (
  insert into bgs_submissions as s (saved_claim_id, form_id, latest_status, bgs_claim_id)
  values ($1, $2, $4, $5)
  on conflict (saved_claim_id) do update set
    latest_status = case
      when s.latest_status = 'submitted' or exists (
        select from bgs_submission_attempts newer where newer.bgs_submission_id = s.id and newer.attempt_no > $3)
      then s.latest_status else excluded.latest_status end,
    bgs_claim_id = coalesce (s.bgs_claim_id, excluded.bgs_claim_id),
    updated_at = clock_timestamp ()
  returning id
)
insert into bgs_submission_attempts as a (bgs_submission_id, attempt_no, status, bgs_claim_id, error_class, error_message)
select id, $3, $4, $5, $6, $7 from submission
on conflict (bgs_submission_id, attempt_no) do update set
  status = excluded.status,
  bgs_claim_id = coalesce (excluded.bgs_claim_id, a.bgs_claim_id),
  error_class = excluded.error_class,
  error_message = excluded.error_message,
  updated_at = clock_timestamp ()
where a.status <> 'submitted'

-- name: open-hold
-- One row whether the hold is new or stands open already; none when the claim is not one of the group.
insert into holds (claim_group_id, claim_id, reason, behind_claim_id)
select own.id, claim.saved_claim_id, $3, nullif ($4, 0)
from saved_claim_groups own join saved_claim_groups claim on claim.parent_claim_id = own.parent_claim_id
where own.claim_group_guid = $1 and own.saved_claim_id = own.parent_claim_id and claim.saved_claim_id = $2
on conflict (claim_id, reason) where resolved_at is null
do update set behind_claim_id = excluded.behind_claim_id

-- name: hold-candidates
update holds set candidates = $3::jsonb where claim_id = $1 and reason = $2 and resolved_at is null

-- name: hold-of-papers
update holds set of_papers = true where claim_id = $1 and reason = $2 and resolved_at is null
