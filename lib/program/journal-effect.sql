Query of what had taken effect, see journal-effect.c.

-- name: steps-in-effect
-- What has taken effect, for the readers of a dead letter. The newest insert ($2) tells whether nobody knows of it: one that
-- stands started, or that was looked for and not found, for it may act late all the same.
select (select string_agg (distinct step, ',' order by step) from step_journal
        where scope = $1 and state = 'finished') as finished,
       coalesce ((select state in ('started', 'not there') from step_journal
                  where scope = $1 and step = $2 order by ordinal desc limit 1), false) as is_in_doubt
