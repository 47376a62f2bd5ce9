Queries of replays, see replay-plan.c and replay-apply.c.

-- name: replay-done
-- Of many records those whose group is done, by the least that says so: nothing more is read of these. One letter a guid, in
-- their order: s success, p processing, a dash for all others.
select string_agg (case g.status when 'success' then 's' when 'processing' then 'p' else '-' end, '' order by given.place) as states
from unnest ($1::uuid[]) with ordinality as given (guid, place)
left join saved_claim_groups g on g.claim_group_guid = given.guid and g.parent_claim_id = g.saved_claim_id

-- name: replay-lock
-- One apply of a plan at a time; goes with the connection, however that ends.
select pg_try_advisory_lock (hashtextextended ($1, 0)) as is_mine

-- name: replay-begin
insert into replays (plan, who, reason, records, to_send) values ($1, session_user, $2, $3, $4) on conflict (plan) do nothing

-- name: replay-recorded
select n from replay_records where plan = $1 order by n

-- name: replay-record
insert into replay_records (plan, n, claim_group_guid, outcome, why) values ($1, $2, $3::uuid, $4, $5) on conflict do nothing

-- name: replay-end
update replays set ended_at = clock_timestamp () where plan = $1 and ended_at is null
