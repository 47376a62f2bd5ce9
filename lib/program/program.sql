Queries of every program, see program.c.

-- name: secrets-in-use
select name, fingerprint from shared_secrets where name like 'master-key:%' or name like 'hmac-key:%' order by name

-- name: may-take-leases
-- A role that is given none does its own work alone.
select has_table_privilege ('leases', 'insert') as is_given

-- name: record-secrets
-- The first one stays. Of two that start at the same moment the later one is refused at its next start, if they differ.
insert into shared_secrets (name, fingerprint) select * from unnest ($1::text[], $2::text[])
on conflict (name) do nothing
