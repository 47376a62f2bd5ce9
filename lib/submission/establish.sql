Queries of establish.c. Lock rows are taken before the group's row, journal rows after the lock row.

-- name: lock-take
-- A row of this claim's own earlier delivery is taken on; another claim's stays as it is.
insert into veteran_locks (veteran_id, claim_id, token) values ($1::uuid, $2, $3)
on conflict (veteran_id) do update set token = excluded.token, since = clock_timestamp ()
where veteran_locks.claim_id = excluded.claim_id

-- name: lock-read
-- The row and its holder's newest insert, as of one moment.
select l.claim_id, l.token, c.form_id,
       (extract (epoch from clock_timestamp () - l.since) * 1000)::bigint as age_ms,
       exists (select from holds h where h.claim_id = l.claim_id and h.resolved_at is null) as is_held,
       coalesce (j.ordinal, 0) as ordinal, j.token as insert_token, j.state, j.note,
       (extract (epoch from clock_timestamp () - j.started_at) * 1000)::bigint as insert_age_ms
from veteran_locks l
join saved_claims c on c.id = l.claim_id
left join lateral (
  select ordinal, token, state, note, started_at from step_journal
  where scope = l.claim_id::text and step = $2 order by ordinal desc limit 1) j on true
where l.veteran_id = $1::uuid

-- name: lock-take-over
update veteran_locks set claim_id = $4, token = $5, increment = null, since = clock_timestamp ()
where veteran_id = $1::uuid and claim_id = $2 and token = $3

-- name: lock-mark
-- In the transaction that journals the insert as started: no row, no start.
update veteran_locks set increment = $4 where veteran_id = $1::uuid and claim_id = $2 and token = $3

-- name: lock-free
-- Never while an insert of the claim stands started.
delete from veteran_locks
where veteran_id = $1::uuid and claim_id = $2 and token = $3
  and not exists (select from step_journal where scope = $2::bigint::text and step = $4 and state = 'started')

-- name: lock-end
-- The insert has ended: no delivery of this claim needs the row.
delete from veteran_locks where veteran_id = $1::uuid and claim_id = $2

-- name: inserts-of-claim
select ordinal, token, state, note, digest,
       (extract (epoch from clock_timestamp () - started_at) * 1000)::bigint as age_ms
from step_journal where scope = $1::bigint::text and step = $2 order by ordinal

-- name: newest-insert
select ordinal, token, state from step_journal
where scope = $1::bigint::text and step = $2 order by ordinal desc limit 1

-- name: reserved-increments
-- Sent for another child of the Veteran and not recorded.
select j.note from saved_claim_groups g
join step_journal j on j.scope = g.saved_claim_id::text and j.step = $3 and j.state in ('started', 'not there')
where g.veteran_id = $1::uuid and g.saved_claim_id <> $2
  and not exists (select from step_journal f where f.scope = j.scope and f.step = j.step and f.state = 'finished')

-- name: recorded-elsewhere
-- Benefit claims that other children have as theirs.
select bgs_claim_id from bgs_submissions where bgs_claim_id = any ($1) and saved_claim_id <> $2
union select bgs_claim_id from saved_claim_groups where bgs_claim_id = any ($1) and saved_claim_id <> $2

-- name: attempt-in-doubt
-- Recorded already, or the one after those that failed: a lost answer is no attempt until it is known what came of it.
select coalesce (max (a.attempt_no) filter (where a.status = 'submitted'), max (a.attempt_no) + 1, 1) as attempt_no
from bgs_submissions s join bgs_submission_attempts a on a.bgs_submission_id = s.id
where s.saved_claim_id = $1
