Papers of a group and their tries, see paper.h. Callers hold the group's row.

-- name: add-papers
-- Forms by claim, the 686c first, then attachments as uploaded. Where evidence is off ($2) nobody asked for the forms, but what the
-- Veteran has attached goes nowhere, and somebody is to know.
with own as (select id, parent_claim_id, claim_group_guid from saved_claim_groups
  where claim_group_guid = $1::uuid and parent_claim_id = saved_claim_id),
papers as (
  select c.id as claim_id, c.form_id, null::bigint as attachment_id, case c.form_id when '21-686C' then 148 else 142 end as type,
    0 as rank, c.id as place, c.form_id || '-' || own.claim_group_guid || '-' || row_number () over (order by c.id) || '.pdf' as name
  from own join saved_claim_groups g on g.parent_claim_id = own.parent_claim_id and g.saved_claim_id <> g.parent_claim_id
  join saved_claims c on c.id = g.saved_claim_id where $2::boolean
  union all
  select own.parent_claim_id, c.form_id, a.id, coalesce (a.document_type_id, 10), 1, a.position,
    'attachment-' || own.claim_group_guid || '-' || a.position + 1 || '.pdf'
  from own join saved_claims c on c.id = own.parent_claim_id join persistent_attachments a on a.saved_claim_id = own.parent_claim_id)
insert into claims_evidence_api_submissions (claim_group_id, saved_claim_id, paper_no, form_id, persistent_attachment_id,
  attachment_no, document_type_id, content_name, latest_status, settled_at)
select own.id, claim_id, row_number () over (order by rank, place), form_id, attachment_id,
  case when attachment_id is not null then place + 1 end, type, name,
  case when $2::boolean then 'pending' else 'off' end, case when not $2::boolean then clock_timestamp () end
from papers cross join own
on conflict do nothing

-- name: list-papers
select s.id, s.paper_no, s.saved_claim_id, case when s.persistent_attachment_id is null then s.form_id end as form_type,
  coalesce (s.persistent_attachment_id, 0) as attachment_id, coalesce (s.attachment_no, 0) as attachment_no, s.document_type_id,
  s.content_name, s.latest_status, s.error_class, s.is_in_doubt,
  coalesce (s.lighthouse_submission_id, 0) as package_id, s.settled_at is not null as is_settled
from saved_claim_groups g join claims_evidence_api_submissions s on s.claim_group_id = g.id
where g.claim_group_guid = $1::uuid and g.parent_claim_id = g.saved_claim_id
order by s.paper_no

-- name: paper-attempt-begin
with ended as (
  update claims_evidence_api_submission_attempts set status = 'failure', error_class = coalesce (error_class, 'not-there'),
    updated_at = clock_timestamp ()
  where claims_evidence_api_submissions_id = $1 and status in ('pending', 'unknown'))
insert into claims_evidence_api_submission_attempts (claims_evidence_api_submissions_id, attempt_no)
select $1, coalesce (max (attempt_no), 0) + 1 from claims_evidence_api_submission_attempts
where claims_evidence_api_submissions_id = $1

-- name: paper-attempt-end
with newest as (
  select attempt_no, status in ('pending', 'unknown') as is_open from claims_evidence_api_submission_attempts
  where claims_evidence_api_submissions_id = $1 order by attempt_no desc limit 1)
insert into claims_evidence_api_submission_attempts as a
  (claims_evidence_api_submissions_id, attempt_no, status, error_class, error_message)
select $1, coalesce ((select attempt_no + case when is_open then 0 else 1 end from newest), 1), $2, $3, $4
on conflict (claims_evidence_api_submissions_id, attempt_no) do update set status = excluded.status,
  error_class = excluded.error_class, error_message = excluded.error_message, updated_at = clock_timestamp ()

-- name: papers-attempts-end
update claims_evidence_api_submission_attempts a set status = $2, error_class = $3, error_message = $4,
  updated_at = clock_timestamp ()
from saved_claim_groups g join claims_evidence_api_submissions s on s.claim_group_id = g.id
where g.claim_group_guid = $1::uuid and g.parent_claim_id = g.saved_claim_id and a.claims_evidence_api_submissions_id = s.id
  and a.status = 'pending'

-- name: lock-paper
select latest_status from claims_evidence_api_submissions where id = $1 for no key update

-- name: change-paper
update claims_evidence_api_submissions s set latest_status = $2, va_claim_id = coalesce ($3, va_claim_id),
  error_class = coalesce ($4, error_class), is_in_doubt = case when $2 = 'refused' then is_in_doubt or $5::boolean
    else is_in_doubt and $2 <> 'stored' end,
  -- one that came to nothing may yet arrive
  lighthouse_submission_id = case $2 when 'by-intake' then (select p.id from lighthouse_submissions p
    where p.claim_group_id = s.claim_group_id and p.package_no = $6::bigint) when 'refused' then lighthouse_submission_id end,
  settled_at = case when $2 in ('stored', 'by-intake') then clock_timestamp () end, updated_at = clock_timestamp ()
where id = $1

-- name: give-up-papers
update claims_evidence_api_submissions s set settled_at = clock_timestamp (), updated_at = clock_timestamp ()
from saved_claim_groups g
where g.claim_group_guid = $1::uuid and g.parent_claim_id = g.saved_claim_id and s.claim_group_id = g.id
  and s.latest_status = 'refused' and s.settled_at is null
