Queries of next-record.c.

-- name: steps-in-effect
-- What had taken effect when it failed for good: for the dead letter's reader.
select string_agg (distinct step, ',' order by step) filter (where state = 'finished') as finished,
       bool_or (step = $2 and state = 'started') as insert_is_unknown
from step_journal where scope = $1
