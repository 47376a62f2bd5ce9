-- The whole report as one JSON text. needs_person joins the reasons that are open, oldest first; no package exists
-- before the backup way has made one, and the newest counts. One that was not accepted is pending for as long as somebody may still
-- bring it there: until its group has failed, or each of the papers that it holds has its end without it.

-- name: status-report
select json_build_object (
  'group', g.claim_group_guid,
  'state', g.status,
  'needs_person', (
    select string_agg (reason, '; ' order by first_opened, reason)
    from (select reason, min (opened_at) as first_opened from holds
          where claim_group_id = g.id and resolved_at is null group by reason) open_hold),
  'submitted_at', to_char (g.submitted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  'submitted_by', g.submitted_by,
  'claims', (
    select coalesce (json_agg (json_build_object (
        'claim_id', c.id, 'form_type', c.form_id, 'state', child.status, 'bgs_claim_id', child.bgs_claim_id,
        'attempts', (select count (*) from bgs_submissions s join bgs_submission_attempts a on a.bgs_submission_id = s.id
                     where s.saved_claim_id = c.id)) order by c.id), '[]')
    from saved_claim_groups child join saved_claims c on c.id = child.saved_claim_id
    where child.parent_claim_id = g.parent_claim_id and child.saved_claim_id <> child.parent_claim_id),
  'proc_id', g.proc_id,
  'package', (
    select json_build_object ('uuid', s.benefits_intake_uuid, 'state', case
        when s.latest_status = 'vbms' then 'vbms'
        when s.sent_at is null then case
          when g.status = 'failed' or (g.status = 'success'
            and exists (select from claims_evidence_api_submissions p where p.claim_group_id = g.id and p.latest_status = 'refused')
            and not exists (select from claims_evidence_api_submissions p where p.claim_group_id = g.id
                            and p.latest_status in ('pending', 'refused') and p.settled_at is null)) then 'error'
          else 'pending' end
        when s.intake_status in ('error', 'expired') and s.is_final then s.intake_status
        else 'sent' end)
    from lighthouse_submissions s where s.claim_group_id = g.id order by s.package_no desc limit 1),
  'papers', (
    select coalesce (json_agg (json_build_object ('claim_id', s.saved_claim_id, 'form_type',
        case when s.attachment_no is null then s.form_id end, 'attachment', s.attachment_no, 'state', s.latest_status,
        'uuid', s.va_claim_id) order by s.paper_no), '[]')
    from claims_evidence_api_submissions s where s.claim_group_id = g.id),
  'emails', (
    select coalesce (json_agg (json_build_object ('kind', kind, 'state', state) order by id), '[]')
    from claim_notifications where saved_claim_id = g.parent_claim_id)
)::text as report
from saved_claim_groups g
where g.claim_group_guid = $1::uuid and g.parent_claim_id = g.saved_claim_id
