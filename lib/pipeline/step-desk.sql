Queries of the step desk, see step-desk.c.

-- name: journal-start
-- Conditional on the run row still holding the token, and on the group being in a state in which its consumer works ($9).
-- Both rows are locked until the commit, the group's in ascending id order. Two owners can wait with one step at the same
-- moment: only the one whose token it was has started it.
with given as (
  select * from unnest ($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::bigint[])
    as given (n, scope, step, ordinal, token, digest, note, group_row)),
groups as materialized (
  select id, status from saved_claim_groups where id = any ($8::bigint[]) order by id for share),
owned as materialized (
  select scope, token from runs where scope = any ($2::text[]) order by scope for share),
started as (
  insert into step_journal (scope, step, ordinal, token, state, digest, note)
  select given.scope, given.step, given.ordinal, given.token, 'started', given.digest, given.note
  from given join owned using (scope, token) left join groups on groups.id = given.group_row
  where given.group_row = 0 or groups.status = any ($9::text[])
  returning scope, step, ordinal, token, started_at)
select given.n, started.scope is not null as is_started,
       (extract (epoch from started.started_at) * 1000)::bigint as started_at_ms,
       given.group_row <> 0 and not coalesce (groups.status = any ($9::text[]), false) as group_is_over
from given left join started using (scope, step, ordinal, token) left join groups on groups.id = given.group_row

-- name: run-take-back
-- Test builds without the guard TOKEN only: who starts a step has the run row, whosever it is.
update runs set token = $2 where scope = $1

-- name: run-token
select from runs where scope = $1 and token = $2 for share
