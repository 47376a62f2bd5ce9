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

-- name: has-migration-table
select to_regclass ('schema_migrations') is not null as is_there

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
