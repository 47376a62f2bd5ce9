Queries of housekeeping, see housekeeping.c.

-- name: heartbeat
insert into instances (id, program) values ($1::uuid, $2)
on conflict (id) do update set heartbeat_at = clock_timestamp ()

-- name: clock
-- Apart from the heartbeat, whose answer waits for its commit.
select floor (extract (epoch from clock_timestamp ()) * 1000)::bigint as now_ms

-- name: instance-ended
update instances set ended_at = clock_timestamp () where id = $1::uuid
