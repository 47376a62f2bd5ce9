-- name: foreign-transactions
-- xact_start and state are hidden from a role that is neither the other's nor in pg_read_all_stats; its transaction id is not.
select pid, coalesce (datname, '-') as database, coalesce (backend_xid::text, '-') as xid,
       (extract (epoch from clock_timestamp () - xact_start) * 1000)::bigint as age_ms
from pg_stat_activity
where pid <> pg_backend_pid () and backend_type is distinct from 'autovacuum worker'
  and (backend_xid is not null or state like 'idle in transaction%')
union all
select 0, database, transaction::text, (extract (epoch from clock_timestamp () - prepared) * 1000)::bigint
from pg_prepared_xacts
order by age_ms desc nulls first limit 1000
