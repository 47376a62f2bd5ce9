Queries of evidence.c.

-- name: uploads-started
-- $2: what their names begin with; the paper's number stands behind it.
select scope, step, ordinal, token, substr (step, length ($2) + 1)::bigint as paper_no from step_journal
where scope = $1 and starts_with (step, $2) and state = 'started'
