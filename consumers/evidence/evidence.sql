Queries of evidence.c.

-- name: uploads-in-doubt
-- Those that had no answer; $2: what their names begin with, the paper's number stands behind it.
select scope, step, ordinal, token, state = 'started' as is_started, substr (step, length ($2) + 1)::bigint as paper_no
from step_journal
where scope = $1 and starts_with (step, $2) and state in ('started', 'unknown', 'not there')
order by step, ordinal for update
