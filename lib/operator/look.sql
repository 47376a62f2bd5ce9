Queries of what an operator looks at, see look.c. Times are ISO texts in UTC.

-- name: look-waiting
-- As the view waiting_in_tiers, but each is looked up in the inbox, which has a month's messages and is not read through. And
-- e-mails in no tier whose downstream is away for everyone: they are due when one call asks whether it is back.
select consumer, topic, null as downstream, count (*) as count, count (*) filter (where due_at <= clock_timestamp ()) as overdue,
  to_char (min (due_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as next_due,
  to_char (max (due_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as last_due
from tier_waits w
where (select count (*) from inbox i where i.consumer = w.consumer and i.message_id = w.message_id and i.hop = w.hop
       and i.replay = w.replay) = 0
group by consumer, topic
union all
select 'notify', null, b.downstream, count (*), 0, to_char (b.probe_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
  to_char (b.probe_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
from breakers b join claim_notifications n on n.state = 'requested'
where b.downstream = 'notify' and b.state <> 'closed'
  and not exists (select from tier_waits w where w.scope = n.saved_claim_id || '/' || n.kind)
group by b.downstream, b.probe_at
order by consumer, next_due

-- name: look-consumers
-- Who does not tell how many records wait in its memory is of an older release: those that wait for a downstream have rows.
select i.program, i.id as instance, to_char (i.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as started_at,
  floor (extract (epoch from clock_timestamp () - i.heartbeat_at))::bigint as heartbeat_age_s,
  coalesce ((select sum (cardinality (d.open_offsets)) from deliveries d where d.instance_id = i.id), 0)::bigint as in_flight,
  coalesce (i.snoozing, (select count (*) from delivery_records r where r.consumer = i.program
                         and r.waiting_since is not null)) as snoozing,
  p.consumer is not null as is_paused, to_char (p.since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as paused_since
from instances i left join consumer_pauses p on p.consumer = i.program
where i.ended_at is null and i.heartbeat_at > clock_timestamp () - interval '1 hour' and i.program <> 'pipelinectl'
order by i.program, i.started_at

-- name: look-breakers
select downstream, state, to_char (opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as opened_at,
  to_char (probe_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as next_probe,
  to_char (closed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as closed_at,
  (select count (*) from breaker_failures f where f.downstream = b.downstream) as failures
from breakers b order by downstream

-- name: look-stuck
-- Open for longer than $1 s, and nothing of it waits, is decided by a person, is on its way, or is in anybody's hand.
select g.claim_group_guid as group, g.status as state, floor (extract (epoch from clock_timestamp () - g.submitted_at))::bigint as age_s
from saved_claim_groups g
where g.parent_claim_id = g.saved_claim_id and g.status in ('pending', 'accepted', 'failure')
  and g.submitted_at < clock_timestamp () - $1::bigint * interval '1 second'
  and not exists (select from holds h where h.claim_group_id = g.id and h.resolved_at is null)
  and not exists (select from waiting_in_tiers w where w.claim_group_guid = g.claim_group_guid and w.due_at > clock_timestamp ())
  and not exists (select from saved_claim_groups own cross join lateral (
      select case when own.parent_claim_id = own.saved_claim_id then own.claim_group_guid::text
                  else own.saved_claim_id::text end as scope) s
    where own.parent_claim_id = g.parent_claim_id
      -- what a process has handled last may stand among its open counts until it takes the next: the set-up is over
      and (own.id <> g.id or g.proc_id is null or g.status <> 'accepted')
      and (exists (select from outbox o where o.scope = s.scope)
           or exists (select from watched_places p where p.scope = s.scope and p.is_in_hand)))
order by g.submitted_at limit 100

-- name: look-overview
select
  (select count (*) from holds where resolved_at is null) as holds,
  (select count (*) from dead_ends where redriven_at is null and at > clock_timestamp () - interval '24 hours') as dead_ends_of_24_h,
  (select count (*) from dead_ends where redriven_at is null and topic like '%quarantine') as quarantined,
  (select count (*) from breakers where state <> 'closed') as breakers_open,
  (select count (*) from consumer_pauses) as paused,
  (select count (*) from instances where ended_at is null and heartbeat_at > clock_timestamp () - interval '30 seconds'
   and program <> 'pipelinectl') as instances,
  (select count (*) from outbox) as to_publish,
  coalesce (floor (extract (epoch from clock_timestamp () - oldest.submitted_at)), 0)::bigint as oldest_open_group_s,
  oldest.claim_group_guid as oldest_open_group
from (select) as nothing
left join (select submitted_at, claim_group_guid from saved_claim_groups
           where submitted_at is not null and status = 'accepted' order by submitted_at limit 1) as oldest on true

-- name: look-groups
-- The groups' own rows are those with a time of submission: counted in the index alone.
select status as state, count (*) as count from saved_claim_groups where submitted_at is not null group by status order by 1

-- name: look-holds
select h.id, to_char (h.opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as opened_at, g.claim_group_guid as group,
  g.status as group_state, h.claim_id, c.form_id as form_type, h.reason, h.behind_claim_id, h.candidates::text as candidates
from holds h join saved_claim_groups g on g.id = h.claim_group_id join saved_claims c on c.id = h.claim_id
where h.resolved_at is null and h.id < $1::bigint order by h.id desc limit $2::bigint

-- name: look-replays
-- Plans that were applied, and those that are offered to the page: what somebody may still do something about comes first.
select plan, coalesce (r.records, o.records) as records, coalesce (r.to_send, o.to_send) as to_send,
  to_char (o.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as offered_at, o.who as offered_by,
  to_char (r.began_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as began_at,
  to_char (r.ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as ended_at,
  (select count (*) from replay_records d where d.plan = r.plan and d.outcome = 'sent') as sent,
  (select count (*) from replay_records d where d.plan = r.plan and d.outcome = 'refused') as refused
from replays r full join offered_plans o using (plan)
order by r.ended_at is not null, coalesce (r.began_at, o.at) desc limit 50

-- name: look-minutes
-- What became of messages, by the minute, $1 s back; minutes without any have no row.
select to_char (date_trunc ('minute', handled_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at,
  count (*) filter (where verdict = 'DONE') as settled, count (*) filter (where verdict = 'RETRY') as retried,
  count (*) filter (where verdict in ('DEAD', 'QUARANTINE')) as dead
from inbox where handled_at >= date_trunc ('minute', clock_timestamp () - $1::bigint * interval '1 second')
group by date_trunc ('minute', handled_at) order by 1

-- name: look-pauses
select consumer, to_char (since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since from consumer_pauses order by consumer
