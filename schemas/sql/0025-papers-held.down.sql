create or replace view watched_places as
select p.scope, p.topic, p.partition, p.record_offset, p.replay, p.headers, p.made_at, p.written_at, p.missed_at, p.resends,
  g.claim_group_guid, g.submitted_at,
  coalesce (own.saved_claim_id, g.parent_claim_id) as claim_id,
  own.saved_claim_id is null as is_group,
  case when paper.is_theirs then coalesce (paper.are_open, false)
  else coalesce (p.replay >= g.replay and case g.status when 'failure' then own.saved_claim_id is null
    when 'accepted' then case when own.saved_claim_id is not null
      -- the closer's record goes on after its claim is submitted, until the group is a success
      then g.proc_id is not null and (own.status = 'pending' or g.closer = own.saved_claim_id)
      -- after its set-up only a later replay's record has work left: children that it has not handed on yet
      else g.proc_id is null or (p.replay > 0 and exists (
        select from saved_claim_groups c where c.parent_claim_id = g.parent_claim_id and c.saved_claim_id <> c.parent_claim_id
          and c.status = 'pending'
          and not exists (select from record_places q where q.scope = c.saved_claim_id::text and q.replay >= p.replay)
          and not exists (select from outbox o where o.scope = c.saved_claim_id::text))) end end, false) end as is_open,
  case when paper.is_theirs then not coalesce (paper.are_open, false)
  else coalesce (case g.status when 'failure' then own.saved_claim_id is not null
    when 'accepted' then case when own.saved_claim_id is not null
      then own.status not in ('pending', 'held') and g.closer is distinct from own.saved_claim_id
      else g.proc_id is not null and p.replay = 0 end else true end, true) end as is_over,
  exists (select from holds h where h.resolved_at is null
    and h.claim_id = coalesce (own.saved_claim_id, g.parent_claim_id)
    and (not paper.is_theirs or h.reason = 'record-lost' or h.reason like 'papers-%')) as is_held,
  exists (select from outbox o where o.scope = p.scope) as is_in_outbox,
  -- by a process that lives: the record counted as open, or a step of its that may still be in a call
  exists (select from deliveries d join instances i on i.id = d.instance_id
    where d.topic = p.topic and d.partition = p.partition and p.record_offset = any (d.open_offsets)
      and i.ended_at is null and i.heartbeat_at > clock_timestamp () - interval '1 minute')
  or exists (select from step_journal j join runs r on r.scope = j.scope and r.token = j.token
    join instances i on i.id = r.instance_id
    where j.scope = p.scope and j.state = 'started' and j.started_at > clock_timestamp () - interval '15 minutes'
      and i.ended_at is null and i.heartbeat_at > clock_timestamp () - interval '1 minute') as is_in_hand
from record_places p
left join saved_claim_groups own on own.saved_claim_id = case when p.scope ~ '^[0-9]{1,18}$' then p.scope::bigint end
left join saved_claim_groups g on g.parent_claim_id = g.saved_claim_id and g.claim_group_guid =
  coalesce (own.claim_group_guid, case when p.scope ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(/papers)?$' then left (p.scope, 36)::uuid end)
cross join lateral (select p.scope like '%/papers' as is_theirs,
  case when p.scope like '%/papers' then exists (
    select from claims_evidence_api_submissions s where s.claim_group_id = g.id and s.settled_at is null) end as are_open) paper;

alter table holds drop column of_papers;
