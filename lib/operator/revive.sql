Queries of groups that are sent on their way again, see revive.c.

-- name: revive-facts
-- All that decides about a group, one row a claim of it, the group's own first. The fingerprint covers states, journal and holds.
select g.claim_group_guid as guid, g.status as state, g.proc_id, g.review_reasons, g.parent_claim_id, g.closer, g.replay,
  g.backup_begun_at is not null as has_backup, own.saved_claim_id as claim_id, c.form_id, own.status as child_state,
  own.bgs_claim_id, exists (select from holds h where h.claim_id = own.saved_claim_id and h.resolved_at is null) as is_held,
  exists (select from step_journal j where j.scope = own.saved_claim_id::text and j.step = $2 and j.state = 'started') as is_unknown,
  (select string_agg (n.kind, ',' order by n.id) from claim_notifications n where n.saved_claim_id = g.parent_claim_id) as emails,
  md5 (concat_ws ('|', g.status, g.replay, g.closer, g.proc_id, g.backup_begun_at, own.status, own.bgs_claim_id,
    (select string_agg (concat_ws (',', j.step, j.ordinal, j.state, j.token), ';' order by j.step, j.ordinal)
     from step_journal j where j.scope = case when own.parent_claim_id = own.saved_claim_id then g.claim_group_guid::text
                                              else own.saved_claim_id::text end),
    (select string_agg (h.id::text, ',' order by h.id) from holds h
     where h.claim_id = own.saved_claim_id and h.resolved_at is null))) as fingerprint
from saved_claim_groups g
join saved_claim_groups own on own.parent_claim_id = g.parent_claim_id
join saved_claims c on c.id = own.saved_claim_id
where g.claim_group_guid = any ($1::uuid[]) and g.parent_claim_id = g.saved_claim_id
order by g.claim_group_guid, own.saved_claim_id <> own.parent_claim_id, own.saved_claim_id

-- name: revive-count
-- A group that stands: records of before settle nothing from now on, as after a redrive.
update saved_claim_groups set replay = replay + 1, updated_at = clock_timestamp ()
where claim_group_guid = $1 and parent_claim_id = saved_claim_id

-- name: revive-tokens
-- Whoever works on it now can record the answer he waits for, and no more.
update runs set token = nextval ('tokens') where scope = any ($1::text[])

-- name: revive-dead-ends
-- Those of its papers are another matter.
update dead_ends set redriven_at = clock_timestamp (), redriven_by = $2
where claim_group_guid = $1::uuid and redriven_at is null and coalesce (scope, '') not like '%/papers'
