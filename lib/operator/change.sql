Changes that an operator makes to consumers and breakers, see change.c.

-- name: breaker-open
update breakers set state = 'open', opened_at = clock_timestamp (), change_no = change_no + 1, wait_ms = $2::bigint, prober = null,
  probe_until = null, probe_at = clock_timestamp () + $2::bigint * interval '1 millisecond'
where downstream = $1 and state <> 'open'

-- name: breaker-close
with forgotten as (delete from breaker_failures where downstream = $1)
update breakers set state = 'closed', closed_at = clock_timestamp (), change_no = change_no + 1, wait_ms = null, prober = null,
  probe_until = null, probe_at = null
where downstream = $1 and state <> 'closed'

-- name: pause
insert into consumer_pauses (consumer, action_id) values ($1, $2) on conflict (consumer) do nothing

-- name: resume
delete from consumer_pauses where consumer = $1
