Queries of lists of claim groups, see groups.c. A page of a list is found by index, then told; the last row's time and id are where
the next page begins. A group's own row is the one with the time of submission (0021-groups-by-index).

-- name: groups-newest
select id from saved_claim_groups
where submitted_at is not null and (submitted_at, id) < ($1::timestamptz, $2::bigint)
order by submitted_at desc, id desc limit $3::bigint

-- name: groups-in-state
select id from saved_claim_groups
where submitted_at is not null and status = $4 and (submitted_at, id) < ($1::timestamptz, $2::bigint)
order by submitted_at desc, id desc limit $3::bigint

-- name: groups-with-reason
-- Those that wait for a person with this reason, or in a tier after this error; $4: in that state, or all. They are found first, then
-- their groups by id: they are few. As waiting_in_tiers, but the inbox is looked into by key, and not read through.
with waits as materialized (
  select w.claim_group_guid, w.replay from tier_waits w
  where w.error_class = $5
    and (select count (*) from inbox i where i.consumer = w.consumer and i.message_id = w.message_id and i.hop = w.hop
         and i.replay = w.replay) = 0),
found as materialized (
  select claim_group_id as id from holds where resolved_at is null and reason = $5
  union
  select own.id from waits cross join lateral (
    select g.id, g.replay from saved_claim_groups g
    where g.claim_group_guid = waits.claim_group_guid and g.parent_claim_id = g.saved_claim_id offset 0) own
  where waits.replay >= own.replay)
select g.id from found cross join lateral (
  select whole.id, whole.status, whole.submitted_at from saved_claim_groups whole where whole.id = found.id offset 0) g
where ($4::text is null or g.status = $4) and (g.submitted_at, g.id) < ($1::timestamptz, $2::bigint)
order by g.submitted_at desc, g.id desc limit $3::bigint

-- name: groups-told
select g.id, g.claim_group_guid as group, to_char (g.submitted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as submitted_at,
  floor (extract (epoch from clock_timestamp () - g.submitted_at))::bigint as age_s, g.status as state,
  children.count as children, children.done as children_done, coalesce (hold.reason, wait.error_class) as waits_for,
  case when hold.reason is not null then 'person' when wait.is_look then 'look' when wait.topic is not null then 'retry' end as waits,
  case when hold.reason is null then to_char (wait.due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end as due_at
from unnest ($1::bigint[]) with ordinality as page (id, n)
join saved_claim_groups g on g.id = page.id
cross join lateral (select count (*) as count, count (*) filter (where c.status = 'submitted') as done from saved_claim_groups c
                    where c.parent_claim_id = g.parent_claim_id and c.saved_claim_id <> c.parent_claim_id) children
left join lateral (select h.reason from holds h where h.claim_group_id = g.id and h.resolved_at is null order by h.id limit 1) hold on true
left join lateral (select w.error_class, w.due_at, w.is_look, w.topic from waiting_in_tiers w
                   where w.claim_group_guid = g.claim_group_guid and w.replay >= g.replay order by w.due_at limit 1) wait on true
order by page.n
