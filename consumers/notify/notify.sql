Queries of notify.c and overdue.c.

-- name: send-stands-started
select scope, step, ordinal, token from step_journal where scope = $1 and step = $2 and state = 'started'

-- name: overdue-mails
-- Error e-mails that were not delivered for that long, and of which no word has come since.
select saved_claim_id, kind from claim_notifications
where state = 'deferred' and kind in ('error', 'error_again')
  and greatest (state_at, updated_at) < clock_timestamp () - $1::bigint * interval '1 millisecond' order by state_at limit $2

-- name: open-mails
-- Of unknown ones those of the last day: an error e-mail's is a person's by then (holds).
select count (*) filter (where state = 'requested') as requested, count (*) filter (where state = 'deferred') as deferred,
  count (*) filter (where state = 'unknown' and state_at > clock_timestamp () - interval '1 day') as unknown,
  coalesce (extract (epoch from clock_timestamp () - min (created_at) filter (where state = 'requested')), 0)::bigint as oldest_s
from claim_notifications where state in ('requested', 'deferred', 'unknown')
