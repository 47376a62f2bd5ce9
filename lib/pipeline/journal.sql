Queries of the step journal, see journal.c.

-- name: journal-read
select step, ordinal, token, state, digest, note, result_ciphertext, encrypted_kms_key,
       (extract (epoch from started_at) * 1000)::bigint as started_at_ms,
       (extract (epoch from finished_at) * 1000)::bigint as finished_at_ms
from step_journal where scope = $1 order by step, ordinal

-- name: journal-end
-- Ending a step depends on its own row only: a slow process can still record the answer it was waiting for.
update step_journal set state = given.state, finished_at = clock_timestamp (),
  note = coalesce (given.note, step_journal.note),
  result_ciphertext = given.result, encrypted_kms_key = given.key
from unnest ($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::text[])
  as given (scope, step, ordinal, token, state, note, result, key)
where step_journal.scope = any ($1::text[])
  and step_journal.scope = given.scope and step_journal.step = given.step and step_journal.ordinal = given.ordinal
  and step_journal.token = given.token and step_journal.state = 'started'
returning step_journal.scope, step_journal.step, step_journal.ordinal

-- name: journal-read-ended
-- A read is journalled when it has finished, and only if it has not been before.
insert into step_journal (scope, step, ordinal, token, state, note, result_ciphertext, encrypted_kms_key, started_at, finished_at)
select given.scope, given.step, given.ordinal, given.token, given.state, given.note, given.result, given.key,
       to_timestamp (given.started / 1000.0), clock_timestamp ()
from unnest ($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::bigint[])
  as given (scope, step, ordinal, token, state, note, result, key, started)
join runs on runs.scope = given.scope and runs.token = given.token
on conflict (scope, step, ordinal) do nothing
returning scope, step, ordinal

-- name: journal-start
-- Conditional on the run row still holding the token, and on the group's: one in failure or later starts no step.
-- Both rows are locked until the commit, the group's in ascending id order.
with given as (
  select * from unnest ($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::bigint[])
    as given (n, scope, step, ordinal, token, digest, note, group_row)),
groups as materialized (
  select id, status from saved_claim_groups where id = any ($8::bigint[]) order by id for share),
owned as materialized (
  select scope, token from runs where scope = any ($2::text[]) order by scope for share),
started as (
  insert into step_journal (scope, step, ordinal, token, state, digest, note)
  select given.scope, given.step, given.ordinal, given.token, 'started', given.digest, given.note
  from given join owned using (scope, token) left join groups on groups.id = given.group_row
  where given.group_row = 0 or groups.status = 'accepted'
  returning scope, step, ordinal, started_at)
select given.n, started.scope is not null as is_started,
       (extract (epoch from started.started_at) * 1000)::bigint as started_at_ms,
       given.group_row <> 0 and coalesce (groups.status, '') <> 'accepted' as group_is_over
from given left join started using (scope, step, ordinal) left join groups on groups.id = given.group_row

-- name: journal-take
update step_journal set token = $5
where scope = $1 and step = $2 and ordinal = $3 and token = $4 and state = 'started'

-- name: journal-end-one
update step_journal set state = $6, finished_at = clock_timestamp (), note = coalesce ($7, note),
  result_ciphertext = $8, encrypted_kms_key = $9
where scope = $1 and step = $2 and ordinal = $3 and token = $4 and state = $5

-- name: run-take-back
-- Test builds without the guard TOKEN only: who starts a step has the run row, whosever it is.
update runs set token = $2 where scope = $1

-- name: run-token
select from runs where scope = $1 and token = $2 for share
