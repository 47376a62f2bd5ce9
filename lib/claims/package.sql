Packages and their attempts, see package.h. Callers hold the group's row.

-- name: package-number
select count (s.id) + 1 as number from saved_claim_groups g
left join lighthouse_submissions s on s.claim_group_id = g.id and s.sent_at is not null
where g.claim_group_guid = $1::uuid and g.parent_claim_id = g.saved_claim_id

-- name: package-attempt-begin
with package as (
  insert into lighthouse_submissions as s (claim_group_id, saved_claim_id, package_no, form_id, latest_status, benefits_intake_uuid)
  select id, parent_claim_id, $2, $3, 'pending', $4 from saved_claim_groups
  where claim_group_guid = $1::uuid and parent_claim_id = saved_claim_id
  on conflict (claim_group_id, package_no) do update set latest_status = 'pending',
    benefits_intake_uuid = excluded.benefits_intake_uuid, updated_at = clock_timestamp ()
  where s.benefits_intake_uuid is distinct from excluded.benefits_intake_uuid
  returning id),
-- The location before it has come to nothing.
ended as (
  update lighthouse_submission_attempts a set status = 'failure', error_class = 'intake-location',
    updated_at = clock_timestamp ()
  from package where a.lighthouse_submission_id = package.id and a.status in ('pending', 'unknown'))
insert into lighthouse_submission_attempts (lighthouse_submission_id, attempt_no, benefits_intake_uuid)
select package.id, coalesce ((select max (attempt_no) from lighthouse_submission_attempts
  where lighthouse_submission_id = package.id), 0) + 1, $4 from package

-- name: package-attempt-end
-- What has been waited for in vain (outage-max-wait) is not known to have failed.
with package as (
  insert into lighthouse_submissions as s (claim_group_id, saved_claim_id, package_no, form_id, latest_status)
  select id, parent_claim_id, $2, $3, $4 from saved_claim_groups
  where claim_group_guid = $1::uuid and parent_claim_id = saved_claim_id
  on conflict (claim_group_id, package_no) do update set updated_at = clock_timestamp (),
    latest_status = case when $5 = 'outage-max-wait' and s.latest_status = 'unknown' then 'unknown' else excluded.latest_status end
  returning id),
newest as (
  select a.attempt_no, a.status in ('pending', 'unknown') as is_open from lighthouse_submission_attempts a
  join lighthouse_submissions s on s.id = a.lighthouse_submission_id
  join saved_claim_groups g on g.id = s.claim_group_id
  where g.claim_group_guid = $1::uuid and s.package_no = $2 order by a.attempt_no desc limit 1)
insert into lighthouse_submission_attempts as a (lighthouse_submission_id, attempt_no, status, error_class, error_message)
select package.id, coalesce ((select attempt_no + case when is_open then 0 else 1 end from newest), 1), $4, $5, $6 from package
on conflict (lighthouse_submission_id, attempt_no) do update set
  status = case when $5 = 'outage-max-wait' and a.status = 'unknown' then 'unknown' else excluded.status end,
  error_class = excluded.error_class, error_message = excluded.error_message, updated_at = clock_timestamp ()

-- name: package-accepted
with package as (
  update lighthouse_submissions s set latest_status = 'sent', sent_at = clock_timestamp (), document_count = $4, page_count = $5,
    ask_at = clock_timestamp () + $6::bigint * interval '1 millisecond', updated_at = clock_timestamp ()
  from saved_claim_groups g
  where g.claim_group_guid = $1::uuid and s.claim_group_id = g.id and s.package_no = $2 and s.benefits_intake_uuid = $3
    and s.sent_at is null
  returning s.id)
update lighthouse_submission_attempts a set status = 'sent', error_class = null, error_message = null,
  updated_at = clock_timestamp ()
from package where a.lighthouse_submission_id = package.id and a.benefits_intake_uuid = $3
