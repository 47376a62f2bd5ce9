Queries of the breaker, see breaker.c. Every change is conditional on change_no as read: who comes second changes nothing.

-- name: make-breaker
insert into breakers (downstream) values ($1) on conflict (downstream) do nothing

-- name: look-at-breaker
-- Times as distances from the database's now, so that no other clock has a say. Rounded so that nothing is early.
select state, change_no, coalesce (prober = $2::uuid, false) as is_mine,
       (extract (epoch from clock.now) * 1000)::bigint as now_ms,
       (extract (epoch from opened_at) * 1000)::bigint as opened_at_ms,
       ceil (extract (epoch from probe_at - clock.now) * 1000)::bigint as probe_in_ms,
       ceil (extract (epoch from probe_until - clock.now) * 1000)::bigint as probe_until_in_ms,
       floor (extract (epoch from clock.now - closed_at) * 1000)::bigint as closed_for_ms,
       (select count (*) from breaker_failures where breaker_failures.downstream = $1) as failures
from breakers, clock_timestamp () as clock (now) where downstream = $1

-- name: lock-breaker
-- Whoever writes failures holds it: else two that bring the deciding one together both miss it.
select 1 from breakers where downstream = $1 and change_no = $2 and state = 'closed' for no key update

-- name: forget-failures
-- Those before a success.
delete from breaker_failures where downstream = $1 and at <= to_timestamp ($2::bigint / 1000.0)

-- name: purge-failures
-- Out of the window.
delete from breaker_failures where downstream = $1 and at <= clock_timestamp () - $2::bigint * interval '1 millisecond'

-- name: record-failures
insert into breaker_failures (downstream, scope, at)
select $1, given.scope, to_timestamp (given.at_ms / 1000.0) from unnest ($2::text[], $3::bigint[]) as given (scope, at_ms)
order by given.scope
on conflict (downstream, scope) do update set at = greatest (breaker_failures.at, excluded.at)

-- name: count-failures
-- What everybody would meet (scope *) is as many as are wanted ($2).
select count (*) + coalesce (max ($2::bigint) filter (where scope = '*'), 0) as failures
from breaker_failures where downstream = $1

-- name: forget-all-failures
delete from breaker_failures where downstream = $1

-- name: open-breaker
update breakers set state = 'open', opened_at = clock_timestamp (), wait_ms = $3::bigint,
  probe_at = clock_timestamp () + $3::bigint * interval '1 millisecond', change_no = change_no + 1
where downstream = $1 and change_no = $2 and state = 'closed'

-- name: take-probe
-- One that is due, or one whose holder is late or has given it back.
update breakers set state = 'half-open', prober = $3::uuid,
  probe_until = clock_timestamp () + $4::bigint * interval '1 millisecond', change_no = change_no + 1
where downstream = $1 and change_no = $2
  and case state when 'open' then probe_at <= clock_timestamp () when 'half-open' then probe_until <= clock_timestamp () end

-- name: give-probe
-- No change of state: whoever waits takes it over.
update breakers set prober = null, probe_until = clock_timestamp ()
where downstream = $1 and change_no = $2 and state = 'half-open'

-- name: reopen-breaker
update breakers set state = 'open', wait_ms = least (wait_ms * 2, $3::bigint),
  probe_at = clock_timestamp () + least (wait_ms * 2, $3::bigint) * interval '1 millisecond',
  prober = null, probe_until = null, change_no = change_no + 1
where downstream = $1 and change_no = $2 and state = 'half-open'

-- name: close-breaker
update breakers set state = 'closed', closed_at = clock_timestamp (), probe_at = null, wait_ms = null, prober = null,
  probe_until = null, change_no = change_no + 1
where downstream = $1 and change_no = $2 and state = 'half-open'
