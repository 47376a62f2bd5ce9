-- The history of the schema.

-- One migrator at a time; freed by the end of the transaction, and so by the end of a dead migrator.
-- name: take-migration-lock
select pg_advisory_xact_lock (7210686674)

-- name: make-migration-table
create table if not exists schema_migrations (
  version integer primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default clock_timestamp ()
)

-- name: has-migration-table
select to_regclass ('schema_migrations') is not null as is_there

-- name: list-migrations
select version, name, checksum from schema_migrations order by version

-- name: add-migration
insert into schema_migrations (version, name, checksum) values ($1, $2, $3)

-- name: remove-migration
delete from schema_migrations where version = $1

-- name: drop-empty-migration-table
drop table schema_migrations
