Queries of a run, see run-journal.c.

-- name: take-scope
insert into runs (scope, instance_id, token) values ($1, $2::uuid, nextval ('tokens'))
on conflict (scope) do update set instance_id = excluded.instance_id, token = excluded.token, taken_at = clock_timestamp ()
returning token
