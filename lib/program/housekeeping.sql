Queries of housekeeping, see housekeeping.c.

-- name: heartbeat
-- $3: records that wait in memory; -1: it has none that could.
insert into instances (id, program, snoozing) values ($1::uuid, $2, nullif ($3::integer, -1))
on conflict (id) do update set heartbeat_at = clock_timestamp (), snoozing = excluded.snoozing
returning exists (select from consumer_pauses where consumer = $2) as is_paused

-- name: clock
-- Apart from the heartbeat, whose answer waits for its commit.
select floor (extract (epoch from clock_timestamp ()) * 1000)::bigint as now_ms

-- name: table-locks
-- Somebody's lock on a whole table of ours, held or waited for, that keeps writers waiting; a prepared transaction has no process.
select relname as name, mode, coalesce (pid, 0) as pid
from pg_locks join pg_class on pg_class.oid = relation
where locktype = 'relation' and database = (select oid from pg_database where datname = current_database ())
  and relnamespace = current_schema ()::regnamespace and relkind in ('r', 'p') and pid is distinct from pg_backend_pid ()
  and mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
order by granted desc limit 1

-- name: instance-ended
update instances set ended_at = clock_timestamp () where id = $1::uuid
