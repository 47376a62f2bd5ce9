Queries of inserts.c.

-- name: inserts-of-claim
select ordinal, token, state, note, digest,
       (extract (epoch from clock_timestamp () - started_at) * 1000)::bigint as age_ms
from step_journal where scope = $1::bigint::text and step = $2 order by ordinal

-- name: attempt-in-doubt
-- Recorded already, or the one after those that failed: a lost answer is no attempt until it is known what came of it.
select coalesce (max (a.attempt_no) filter (where a.status = 'submitted'), max (a.attempt_no) + 1, 1) as attempt_no
from bgs_submissions s join bgs_submission_attempts a on a.bgs_submission_id = s.id
where s.saved_claim_id = $1
