Queries of insert-settling.c.

-- name: newest-insert
select ordinal, token, state from step_journal
where scope = $1::bigint::text and step = $2 order by ordinal desc limit 1

-- name: recorded-elsewhere
-- Benefit claims that other children have as theirs.
select bgs_claim_id from bgs_submissions where bgs_claim_id = any ($1) and saved_claim_id <> $2
union select bgs_claim_id from saved_claim_groups where bgs_claim_id = any ($1) and saved_claim_id <> $2
