Queries of a replay, see replay.c.

-- name: replay-begin
insert into replays (plan, who, reason, records, to_send) values ($1, $2, $3, $4, $5) on conflict (plan) do nothing

-- name: replay-recorded
select n from replay_records where plan = $1 order by n

-- name: replay-record
-- Whoever comes second to a record finds its outcome, and waits for the first one's transaction to know it.
insert into replay_records (plan, n, claim_group_guid, outcome, why) values ($1, $2, $3::uuid, $4, $5) on conflict do nothing

-- name: replay-end
update replays set ended_at = clock_timestamp () where plan = $1 and ended_at is null

-- name: replay-forget-offer
delete from offered_records where plan = $1

-- name: replay-offer
insert into offered_plans (plan, who, reason, records, to_send, calls, looks, replays_max) values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (plan) do nothing

-- name: replay-offer-records
insert into offered_records (plan, n, claim_group_guid, claim_id, source, fingerprint, is_of_papers)
select $1, given.n, given.guid, nullif (given.claim_id, 0), given.source, given.fingerprint, given.is_of_papers
from unnest ($2::bigint[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::boolean[])
  as given (n, guid, claim_id, source, fingerprint, is_of_papers)

-- name: replay-offered
select to_char (o.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at, o.who, o.records, o.to_send, o.calls, o.looks, o.replays_max,
  (select count (*) from offered_records r where r.plan = o.plan
   and not exists (select from replay_records d where d.plan = r.plan and d.n = r.n)) as rest
from offered_plans o where o.plan = $1

-- name: replay-next
select n, claim_group_guid as guid, claim_id, source, fingerprint, is_of_papers from offered_records r
where plan = $1 and not exists (select from replay_records d where d.plan = r.plan and d.n = r.n)
order by n limit $2::bigint
