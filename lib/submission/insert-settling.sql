Queries of insert-settling.c.

-- name: newest-insert
select ordinal, token, state from step_journal
where scope = $1::bigint::text and step = $2 order by ordinal desc limit 1

-- name: recorded-elsewhere
-- Benefit claims that other children have as theirs.
select bgs_claim_id from bgs_submissions where bgs_claim_id = any ($1) and saved_claim_id <> $2
union select bgs_claim_id from saved_claim_groups where bgs_claim_id = any ($1) and saved_claim_id <> $2

-- name: attempt-in-doubt
-- Recorded already, or the one after those that failed: a lost answer is no attempt until it is known what came of it.
select coalesce (max (a.attempt_no) filter (where a.status = 'submitted'), max (a.attempt_no) + 1, 1) as attempt_no
from bgs_submissions s join bgs_submission_attempts a on a.bgs_submission_id = s.id
where s.saved_claim_id = $1
