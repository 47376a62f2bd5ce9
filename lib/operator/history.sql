Queries of a claim group's history, see history.c. Each is by index, and of one group.

-- name: groups-of-number
-- Whose number it is: a claim's id, a proc's, a benefit claim's.
select 'claim id' as what, claim_group_guid as guid from saved_claim_groups where saved_claim_id = $1::bigint
union select 'proc id', claim_group_guid from saved_claim_groups where proc_id = $1::bigint::text
union select 'benefit claim id', claim_group_guid from saved_claim_groups where bgs_claim_id = $1::bigint::text
union select 'benefit claim id', g.claim_group_guid from bgs_submissions s
  join saved_claim_groups g on g.saved_claim_id = s.saved_claim_id where s.bgs_claim_id = $1::bigint::text

-- name: groups-of-uuid
-- A group's guid, a child claim's (which no one is told), a package's.
select 'claim group' as what, claim_group_guid as guid from saved_claim_groups
  where claim_group_guid = $1::uuid and parent_claim_id = saved_claim_id
union select 'claim', g.claim_group_guid from saved_claims c join saved_claim_groups g on g.saved_claim_id = c.id
  where c.guid = $1::uuid and c.parent_claim_id is not null
union select 'package', g.claim_group_guid from lighthouse_submissions s join saved_claim_groups g on g.id = s.claim_group_id
  where s.benefits_intake_uuid = $1::uuid::text
union select 'package', g.claim_group_guid from lighthouse_submission_attempts a
  join lighthouse_submissions s on s.id = a.lighthouse_submission_id join saved_claim_groups g on g.id = s.claim_group_id
  where a.benefits_intake_uuid = $1::uuid::text
union select 'paper', g.claim_group_guid from claims_evidence_api_submissions s join saved_claim_groups g on g.id = s.claim_group_id
  where s.va_claim_id = $1::uuid::text

-- name: history-group
select g.claim_group_guid as guid, g.parent_claim_id, g.status as state, g.submitted_by, g.proc_id, g.review_reasons, g.replay,
  g.closer, (extract (epoch from g.submitted_at) * 1000)::bigint as submitted_ms,
  (extract (epoch from g.backup_begun_at) * 1000)::bigint as backup_begun_ms,
  (extract (epoch from clock_timestamp ()) * 1000)::bigint as now_ms
from saved_claim_groups g where g.claim_group_guid = $1 and g.parent_claim_id = g.saved_claim_id

-- name: history-scopes
-- The group and each child as somebody's work: where its record lies, what it waits for, who has it in hand. The group's own
-- row comes first.
select c.id as claim_id, c.form_id, own.status as state, own.bgs_claim_id, s.scope, p.topic, p.partition, p.record_offset,
  p.headers, (extract (epoch from p.written_at) * 1000)::bigint as written_ms,
  coalesce (p.is_in_hand, false) as is_in_hand,
  exists (select from outbox o where o.scope = s.scope) as is_in_outbox,
  w.consumer as wait_consumer, w.topic as wait_topic, w.error_class as wait_class, w.error_message as wait_message,
  w.attempt as wait_attempt, w.is_look, (extract (epoch from w.due_at) * 1000)::bigint as due_ms,
  (select (extract (epoch from min (r.waiting_since)) * 1000)::bigint from delivery_records r
   where r.topic = p.topic and r.partition = p.partition and r.record_offset = p.record_offset) as snoozing_ms,
  h.reason as hold_reason, h.behind_claim_id, h.candidates::text as candidates,
  (extract (epoch from h.opened_at) * 1000)::bigint as held_ms,
  j.step as open_step, (extract (epoch from j.started_at) * 1000)::bigint as step_ms
from saved_claim_groups own
join saved_claims c on c.id = own.saved_claim_id
cross join lateral (select case when own.parent_claim_id = own.saved_claim_id then own.claim_group_guid::text
                                else own.saved_claim_id::text end as scope) s
-- offset 0: the view is asked for these scopes, and not made for all records first
left join lateral (select * from watched_places watched where watched.scope = s.scope offset 0) p on true
left join waiting_in_tiers w on w.scope = s.scope
  and w.replay >= (select replay from saved_claim_groups where saved_claim_id = own.parent_claim_id)
left join lateral (select reason, behind_claim_id, candidates, opened_at from holds
                   where holds.claim_id = c.id and holds.claim_group_id = $2::bigint and resolved_at is null
                   order by holds.id limit 1) h on true
left join lateral (select step, started_at from step_journal where step_journal.scope = s.scope and state = 'started'
                   order by started_at desc limit 1) j on true
where own.claim_group_guid = $1::uuid
order by own.parent_claim_id <> own.saved_claim_id, c.id

-- name: history-row-of-group
select id from saved_claim_groups where claim_group_guid = $1 and parent_claim_id = saved_claim_id

-- name: history-packages
select s.package_no, s.latest_status, s.benefits_intake_uuid as uuid, s.intake_status, s.intake_code, s.is_final,
  (extract (epoch from s.sent_at) * 1000)::bigint as sent_ms, (extract (epoch from s.ask_at) * 1000)::bigint as ask_ms,
  s.stopped_at is not null and s.ask_at is null as is_stopped,
  exists (select from packages_of_papers o where o.id = s.id) as is_of_papers
from lighthouse_submissions s where s.claim_group_id = $1 order by s.package_no

-- name: history-papers
select s.paper_no as number, s.saved_claim_id as claim_id, case when s.attachment_no is null then s.form_id end as form_type,
  s.attachment_no as attachment, s.latest_status as state, s.error_class, s.va_claim_id as uuid, s.settled_at is not null as is_settled,
  s.latest_status = 'by-intake' and exists (select from lighthouse_submissions p
    where p.id = s.lighthouse_submission_id and p.latest_status = 'sent') as is_in_package,
  w.consumer as wait_consumer, w.topic as wait_topic, w.error_class as wait_class, w.attempt as wait_attempt,
  (extract (epoch from w.due_at) * 1000)::bigint as due_ms
from claims_evidence_api_submissions s
left join waiting_in_tiers w on w.scope = $2::uuid || '/papers'
where s.claim_group_id = $1 order by s.paper_no

-- name: history-emails
-- E-mails that were asked for and have not gone out. $1: the group's parent claim. An e-mail's scope is its claim and kind.
select n.saved_claim_id as claim_id, n.kind, (extract (epoch from n.created_at) * 1000)::bigint as asked_ms,
  w.topic as wait_topic, w.error_class as wait_class, w.attempt as wait_attempt, w.is_look,
  (extract (epoch from w.due_at) * 1000)::bigint as due_ms,
  j.step as open_step, (extract (epoch from j.started_at) * 1000)::bigint as step_ms
from claim_notifications n
left join waiting_in_tiers w on w.scope = n.saved_claim_id || '/' || n.kind
left join lateral (select step, started_at from step_journal where step_journal.scope = n.saved_claim_id || '/' || n.kind
                   and state = 'started' order by started_at desc limit 1) j on true
where n.state = 'requested'
  and n.saved_claim_id in (select saved_claim_id from saved_claim_groups where parent_claim_id = $1::bigint)
order by n.id

-- name: history-breakers
select downstream, state, (extract (epoch from opened_at) * 1000)::bigint as opened_ms,
  (extract (epoch from probe_at) * 1000)::bigint as probe_ms
from breakers order by downstream

-- name: history-paused
select consumer as program from consumer_pauses

-- name: history-alive
-- Programs with a heartbeat. $1: ms after which an instance counts as dead.
select distinct program from instances
where ended_at is null and heartbeat_at > clock_timestamp () - $1::bigint * interval '1 millisecond'

-- name: history-timeline
-- All that is written down of a group, by time. $1: its guid, $2: its own row, $3: its parent claim. What a person has written
-- freely is in "free", and shown to who may read personal data.
with children as (
  select c.id, g.saved_claim_id::text as scope from saved_claim_groups g join saved_claims c on c.id = g.saved_claim_id
  where g.parent_claim_id = $3 and g.saved_claim_id <> g.parent_claim_id),
scopes as (select null::bigint as id, $1::uuid::text as scope union all select null, $1::uuid || '/papers'
  union all select id, scope from children),
papers as (
  select s.*, case when s.attachment_no is null then s.form_id else 'attachment ' || s.attachment_no end as name
  from claims_evidence_api_submissions s where s.claim_group_id = $2),
-- A breaker is the claim's affair for as long as something of it may meet that downstream: its e-mails and papers outlive its end.
ended as (select case when status in ('success', 'failed') then updated_at else 'infinity' end as at from saved_claim_groups where id = $2),
breakers_met as (
  select b.downstream, b.opened_at, b.closed_at, submitted.at as since, case
    when b.downstream = 'notify' then greatest (ended.at, (
      select max (case when n.state = 'requested' then 'infinity' else n.state_at end) from claim_notifications n
      where n.saved_claim_id = $3 or n.saved_claim_id in (select id from children)))
    when b.downstream in ('evidence', 'intake') then greatest (ended.at, (
      select max (case when p.latest_status in ('pending', 'refused') and p.settled_at is null or s.latest_status = 'sent' then 'infinity'
                  else p.updated_at end)
      from papers p left join lighthouse_submissions s on s.id = p.lighthouse_submission_id))
    else ended.at end as until
  from breakers b cross join ended cross join (select submitted_at as at from saved_claim_groups where id = $2) submitted),
lines (at, rank, kind, claim_id, what, detail, free) as (
  select submitted_at, 0, 'submitted', null::bigint, 'submitted', 'by ' || submitted_by, null::text
  from saved_claim_groups where id = $2
union all
  select backup_begun_at, 3, 'state', null, 'backup has begun', null, null from saved_claim_groups
  where id = $2 and backup_begun_at is not null
union all
  select j.started_at, 2, 'step', scopes.id, j.step || case when j.ordinal > 1 then ' (start ' || j.ordinal || ')' else '' end,
    concat_ws (', ', j.state || case when j.finished_at is not null then ' after '
      || round (extract (epoch from j.finished_at - j.started_at) * 1000) || ' ms' else '' end, j.note), null
  from scopes join step_journal j on j.scope = scopes.scope
union all
  select a.updated_at, 3, 'attempt', s.saved_claim_id, 'attempt ' || a.attempt_no || ' at BGS: ' || a.status,
    concat_ws (': ', a.error_class, a.error_message, 'benefit claim ' || a.bgs_claim_id), null
  from children join bgs_submissions s on s.saved_claim_id = children.id
  join bgs_submission_attempts a on a.bgs_submission_id = s.id
union all
  select p.written_at, 5, 'record', scopes.id, 'record published', p.topic || '/' || p.partition || '/'
    || coalesce (p.record_offset::text, 'unknown'), null
  from scopes join record_places p on p.scope = scopes.scope
union all
  select d.counted_at, 6, 'delivery', scopes.id, 'in hand of ' || i.program || ' ' || d.instance_id, p.topic || '/' || p.partition
    || '/' || p.record_offset, null
  from scopes join record_places p on p.scope = scopes.scope
  join deliveries d on d.topic = p.topic and d.partition = p.partition and p.record_offset = any (d.open_offsets)
  left join instances i on i.id = d.instance_id
union all
  select r.waiting_since, 5, 'delivery', scopes.id, 'waits in memory for a downstream', r.topic || '/' || r.partition || '/'
    || r.record_offset, null
  from scopes join record_places p on p.scope = scopes.scope
  join delivery_records r on r.topic = p.topic and r.partition = p.partition and r.record_offset = p.record_offset
  where r.waiting_since is not null
union all
  select w.written_at, 4, 'retry', scopes.id,
    case when w.is_look then 'looks again' else 'retry after ' || w.attempt || ' attempts' end
    || ', due ' || to_char (w.due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || ', in ' || w.topic,
    w.error_class || ': ' || w.error_message, null
  from scopes join waiting_in_tiers w on w.scope = scopes.scope
union all
  select h.opened_at, 4, 'hold', nullif (h.claim_id, $3), 'a person must decide: ' || h.reason, h.candidates::text, null
  from holds h where h.claim_group_id = $2
union all
  select h.resolved_at, 1, 'hold', nullif (h.claim_id, $3), 'decided: ' || split_part (h.resolution, ':', 1), null, h.resolution
  from holds h where h.claim_group_id = $2 and h.resolved_at is not null
union all
  select e.at, 4, 'dead-end', e.claim_id, case when e.topic like '%quarantine' then 'quarantined' else 'dead letter' end
    || ' of ' || e.consumer || ', in ' || e.topic || coalesce ('/' || e.partition || '/' || e.record_offset, ''),
    concat_ws (': ', e.error_class, e.error_message) || ', from ' || e.source, null
  from dead_ends e where e.claim_group_guid = $1::uuid
union all
  select e.redriven_at, 1, 'dead-end', e.claim_id, case when a.action = 'quarantine close' then 'closed' else 'redriven' end, e.topic,
    null
  from dead_ends e left join operator_actions a on a.id = e.redriven_by
  where e.claim_group_guid = $1::uuid and e.redriven_at is not null
union all
  select a.updated_at, 3, 'package', null, 'package ' || s.package_no || ', attempt ' || a.attempt_no || ': ' || a.status,
    concat_ws (': ', a.benefits_intake_uuid, a.error_class, a.error_message), null
  from lighthouse_submissions s join lighthouse_submission_attempts a on a.lighthouse_submission_id = s.id
  where s.claim_group_id = $2
union all
  select s.sent_at, 3, 'package', null, 'package ' || s.package_no || ' accepted: ' || s.document_count || ' documents, '
    || s.page_count || ' pages', s.benefits_intake_uuid, null
  from lighthouse_submissions s where s.claim_group_id = $2 and s.sent_at is not null
union all
  select s.status_at, 3, 'package', null, 'package ' || s.package_no || ' is ' || s.intake_status,
    concat_ws (', ', s.intake_code, case when s.is_final then 'final' end), null
  from lighthouse_submissions s where s.claim_group_id = $2 and s.status_at is not null
union all
  select a.updated_at, 3, 'paper', nullif (p.saved_claim_id, $3), 'paper ' || p.paper_no || ' (' || p.name || '), attempt '
    || a.attempt_no || ': ' || a.status, concat_ws (': ', a.error_class, a.error_message), null
  from papers p join claims_evidence_api_submission_attempts a on a.claims_evidence_api_submissions_id = p.id
union all
  select case when p.latest_status = 'pending' then p.created_at else p.updated_at end, 4, 'paper', nullif (p.saved_claim_id, $3),
    'paper ' || p.paper_no || ' (' || p.name || '): ' || case when p.latest_status = 'pending' then 'to be stored' else p.latest_status end,
    concat_ws (', ', case when p.latest_status in ('refused', 'by-intake') then p.error_class end,
      case when p.is_in_doubt then 'it may be in the folder all the same' end, p.va_claim_id), null
  from papers p
union all
  select n.created_at, 4, 'e-mail', nullif (n.saved_claim_id, $3), 'e-mail ' || n.kind || ' requested', null, null
  from claim_notifications n where n.saved_claim_id = $3 or n.saved_claim_id in (select id from children)
union all
  select n.state_at, 4, 'e-mail', nullif (n.saved_claim_id, $3), 'e-mail ' || n.kind || ': ' || n.state,
    concat_ws (': ', n.told, n.failure), null
  from claim_notifications n where (n.saved_claim_id = $3 or n.saved_claim_id in (select id from children))
    and n.state <> 'requested'
union all
  select l.since, 4, 'lock', l.claim_id, 'holds the Veteran''s lock', 'increment ' || l.increment, null
  from veteran_locks l where l.claim_id in (select id from children)
union all
  select opened_at, 4, 'breaker', null, 'breaker of ' || downstream || ' opened', null, null from breakers_met
  where opened_at > since and opened_at <= until
union all
  select closed_at, 4, 'breaker', null, 'breaker of ' || downstream || ' closed', null, null from breakers_met
  where closed_at > since and closed_at <= until
union all
  select o.at, 1, 'operator', nullif (o.claim_id, $3), o.action || ' by ' || o.who, o.subject, o.reason
  from operator_actions o where o.claim_group_guid = $1::uuid
)
select (extract (epoch from at) * 1000)::bigint as at_ms, kind, claim_id, what, detail, free from lines
where at is not null order by at, rank, kind, claim_id, what
