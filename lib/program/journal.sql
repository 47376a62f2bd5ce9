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
from unnest ($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::text[],
  $9::bigint[]) as given (scope, step, ordinal, token, state, note, result, key, n)
where step_journal.scope = any ($1::text[])
  and step_journal.scope = given.scope and step_journal.step = given.step and step_journal.ordinal = given.ordinal
  and step_journal.token = given.token and step_journal.state = 'started'
returning given.n

-- name: journal-read-ended
-- A read is journalled when it has finished, and only if it has not been before.
insert into step_journal (scope, step, ordinal, token, state, note, result_ciphertext, encrypted_kms_key, started_at, finished_at)
select given.scope, given.step, given.ordinal, given.token, given.state, given.note, given.result, given.key,
       to_timestamp (given.started / 1000.0), clock_timestamp ()
from unnest ($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::bigint[])
  as given (scope, step, ordinal, token, state, note, result, key, started)
join runs on runs.scope = given.scope and runs.token = given.token
on conflict (scope, step, ordinal) do nothing

-- name: journal-take
update step_journal set token = $5
where scope = $1 and step = $2 and ordinal = $3 and token = $4 and state = 'started'

-- name: journal-end-one
update step_journal set state = $6, finished_at = clock_timestamp (), note = coalesce ($7, note),
  result_ciphertext = $8, encrypted_kms_key = $9
where scope = $1 and step = $2 and ordinal = $3 and token = $4 and state = $5
