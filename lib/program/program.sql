Queries of every program, see program.c.

-- name: record-secret
-- The first one stays; the update changes nothing and gives the row to all who start at the same moment.
insert into shared_secrets (name, fingerprint) values ($1, $2)
on conflict (name) do update set fingerprint = shared_secrets.fingerprint
returning fingerprint
