Queries of replays, see replay-plan.c and replay-apply.c.

-- name: replay-done
-- Of many records those whose group is done, by the least that says so: nothing more is read of these. One letter a guid, in
-- their order: s success, p processing, a dash for all others.
-- Each is looked up by itself, however many there are: a join of thousands reads all groups through.
select string_agg (coalesce ((
    select case g.status when 'success' then 's' when 'processing' then 'p' else '-' end from saved_claim_groups g
    where g.claim_group_guid = given.guid and g.parent_claim_id = g.saved_claim_id), '-'), '' order by given.place) as states
from unnest ($1::uuid[]) with ordinality as given (guid, place)

-- name: replay-lock
-- One apply of a plan at a time; goes with the connection, however that ends.
select pg_try_advisory_lock (hashtextextended ($1, 0)) as is_mine
