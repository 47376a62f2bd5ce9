-- A claim group and what belongs to it. The group's own row is the one whose two claim ids are equal.
--
-- Each statement that changes something of a group runs after lock-group in the same transaction: the lock comes first
-- and the values are read by a later statement, for a statement that had to wait for a lock still sees the other rows
-- as they were before it waited.

-- name: find-veteran
-- $1: the look-up value under every known key, the current one first.
select id, lookup from veterans where lookup = any ($1) order by array_position ($1, lookup) limit 1

-- name: recompute-lookup
update veterans set lookup = $2 where id = $1 and lookup = $3

-- name: add-veteran
-- Waits for another transaction that adds the same Veteran, and then does nothing.
insert into veterans (id, lookup) values ($1, $2) on conflict (lookup) do nothing

-- name: take-ids
select nextval ('claim_ids') as claim_id, nextval ('group_row_ids') as row_id from generate_series (1, $1::integer)

-- name: add-claims
insert into saved_claims (id, guid, form_id, parent_claim_id, form_ciphertext, encrypted_kms_key)
select id, guid::uuid, form_id, nullif ($6, id), sealed, wrapped_key
from unnest ($1, $2, $3, $4, $5) as claim (id, guid, form_id, sealed, wrapped_key)

-- name: add-group
insert into saved_claim_groups (id, claim_group_guid, parent_claim_id, saved_claim_id, status, veteran_id, submitted_at,
  submission_day, user_data_ciphertext, encrypted_kms_key)
select row_id, $3, $4, claim_id, 'pending', $5,
  case when claim_id = $4 then timestamptz 'epoch' + $6 * interval '1 millisecond' end,
  case when claim_id = $4 then $7::date end,
  case when claim_id = $4 then $8 end,
  case when claim_id = $4 then $9::text end
from unnest ($1, $2) as claim (row_id, claim_id)

-- name: load-group
select c.id as claim_id, c.form_id, g.id as row_id, g.parent_claim_id, g.status, g.veteran_id, g.proc_id, g.review_reasons,
  (extract (epoch from g.submitted_at) * 1000)::bigint as submitted_at_ms, g.submission_day, g.replay, g.closer,
  g.bgs_claim_id, case when $2 then g.user_data_ciphertext end as user_data_ciphertext, g.encrypted_kms_key
from saved_claim_groups g join saved_claims c on c.id = g.saved_claim_id
where g.claim_group_guid = $1
order by c.id

-- name: load-form
select form_ciphertext, encrypted_kms_key from saved_claims where id = $1

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
