-- The history of the schema.

-- One migrator at a time; freed by the end of the transaction, and so by the end of a dead migrator.
-- name: take-migration-lock
select pg_advisory_xact_lock (7210686674)

-- name: make-migration-table
create table if not exists schema_migrations (
  version integer primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default clock_timestamp (),
  admits integer
)

-- name: complete-migration-table
-- Of a release that had no such column; what it applied admits nobody older.
alter table schema_migrations add column if not exists admits integer

-- name: limit-lock-wait
-- For the rest of the transaction, in ms: of the tables that a migration changes, not of another migrator's turn.
select set_config ('lock_timeout', $1::bigint::text, true)

-- name: has-migration-table
-- Roles get their rights in a transaction of their own, after all migrations; who may only look gets them column by column.
select to_regclass ('schema_migrations') is not null as is_there,
  coalesce (has_any_column_privilege (to_regclass ('schema_migrations')::oid, 'select'), false) as may_be_read

-- name: list-migrations
-- As JSON, for the table may still be one without the column.
select version, name, checksum, coalesce ((to_jsonb (schema_migrations) ->> 'admits')::integer, version) as admits
from schema_migrations order by version

-- name: add-migration
insert into schema_migrations (version, name, checksum, admits) values ($1, $2, $3, $4)

-- name: remove-migration
delete from schema_migrations where version = $1

-- name: drop-empty-migration-table
drop table schema_migrations

-- name: grant-part
select grant_part ($1, $2)

-- name: remember-columns
create temporary table columns_before on commit drop as
select c.relname::text as tab, a.attname::text as col from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relkind = 'r' and c.relname not in ('schema_migrations', 'privileges') and c.relnamespace = current_schema ()::regnamespace and a.attnum > 0 and not a.attisdropped

-- name: mark-the-way-back
savepoint before_the_way_back

-- name: return-from-the-way-back
rollback to savepoint before_the_way_back

-- name: list-lost
-- After the way back: tables and columns that have gone, and rows that it has deleted from what stays; not what migrations have
-- written themselves.
select distinct b.tab, case when c.oid is null then '' else b.col end as col, 0::bigint as deleted
from columns_before b
left join pg_class c on c.relname = b.tab and c.relkind = 'r' and c.relnamespace = current_schema ()::regnamespace
left join pg_attribute a on a.attrelid = c.oid and a.attname = b.col and not a.attisdropped
where a.attnum is null
union all
select relname, '', n_tup_del from pg_stat_xact_user_tables
where n_tup_del > 0 and schemaname = current_schema () and relname in (select tab from columns_before)
order by 1, 2

-- name: count-lost
-- $1, $2: tables and columns; a column that is empty: all rows of the table.
select given.tab, given.col, substring (query_to_xml (format (case when given.col = '' then 'select count (*) as n from %1$I'
  else 'select count (%2$I) as n from %1$I' end, given.tab, given.col), false, true, '')::text from '<n>([0-9]+)</n>')::bigint as count
from unnest ($1::text[], $2::text[]) with ordinality as given (tab, col, place) order by place
