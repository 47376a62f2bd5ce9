Queries of papers that are sent on their way again, see revive-papers.c.

-- name: revive-papers-facts
-- One row a paper; of a group without any one row. $2: what the names of uploads begin with. The replay number of a record of papers
-- begins with the group's own. The fingerprint covers states, journal, holds and the record that stands for them now.
select g.claim_group_guid as guid, g.status as group_state, g.parent_claim_id, greatest (coalesce (p.replay, 0) - g.replay, 0) as replay,
  greatest (coalesce (p.replay, 0), g.replay) + 1 as next, s.paper_no, s.latest_status as state, s.settled_at is not null as is_settled,
  exists (select from lighthouse_submissions k where k.id = s.lighthouse_submission_id and k.latest_status = 'sent') as is_on_its_way,
  (select j.state from step_journal j where j.scope = own.scope and j.step = $2 || s.paper_no order by j.ordinal desc limit 1) as upload,
  exists (select from holds h where h.claim_id = g.parent_claim_id and h.resolved_at is null
          and (h.of_papers or h.reason = 'record-lost')) as is_held,
  md5 (concat_ws ('|', s.paper_no, s.latest_status, s.settled_at, s.lighthouse_submission_id, p.replay,
    (select string_agg (concat_ws (',', j.step, j.ordinal, j.state, j.token), ';' order by j.step, j.ordinal)
     from step_journal j where j.scope = own.scope),
    (select string_agg (h.id::text, ',' order by h.id) from holds h
     where h.claim_id = g.parent_claim_id and h.resolved_at is null))) as fingerprint
from saved_claim_groups g
cross join lateral (select g.claim_group_guid || '/papers' as scope) own
left join record_places p on p.scope = own.scope
left join claims_evidence_api_submissions s on s.claim_group_id = g.id
where g.claim_group_guid = any ($1::uuid[]) and g.parent_claim_id = g.saved_claim_id
order by g.claim_group_guid, s.paper_no

-- name: revive-papers-token
-- Whoever works on them now can record the answer he waits for, and no more.
update runs set token = nextval ('tokens') where scope = $1

-- name: revive-papers-dead-ends
update dead_ends set redriven_at = clock_timestamp (), redriven_by = $2 where scope = $1 and redriven_at is null
