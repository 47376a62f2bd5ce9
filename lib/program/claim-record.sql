Queries of records made anew, see claim-record.h.

-- name: claim-record-find
-- A claim and its group's own row.
select c.form_id, own.status, own.bgs_claim_id, g.claim_group_guid, g.parent_claim_id, g.status as group_status,
  g.veteran_id, g.proc_id, g.replay, exists (select from claims_evidence_api_submissions s
    where s.claim_group_id = g.id and s.latest_status = 'pending') as has_pending_papers, (extract (epoch from g.submitted_at) * 1000)::bigint as submitted_at_ms
from saved_claims c
join saved_claim_groups own on own.saved_claim_id = c.id
join saved_claim_groups g on g.saved_claim_id = own.parent_claim_id
where c.id = $1
