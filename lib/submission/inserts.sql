Queries of inserts.c.

-- name: inserts-of-claim
select ordinal, token, state, note, digest,
       (extract (epoch from clock_timestamp () - started_at) * 1000)::bigint as age_ms
from step_journal where scope = $1::bigint::text and step = $2 order by ordinal
