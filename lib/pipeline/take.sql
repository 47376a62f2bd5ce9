Queries of the take desk, see take.c.

-- name: look
-- In the inbox already, and whose row is it? Scalar sub-select by key on purpose: a join or an exists may be planned as a scan of
-- all a consumer's rows while the inbox is small, and the plan stays when it no longer is (measured). The scope is read of those
-- alone that are there.
select given.n, (select scope from inbox where inbox.consumer = $1 and inbox.message_id = given.message_id
                 and inbox.hop = given.hop::integer and inbox.replay = given.replay::integer) as scope
from unnest ($2::bigint[], $3::text[], $4::bigint[], $5::bigint[]) as given (n, message_id, hop, replay)
where (select true from inbox where inbox.consumer = $1 and inbox.message_id = given.message_id
         and inbox.hop = given.hop::integer and inbox.replay = given.replay::integer)

-- name: own
-- A record of an older replay than its group's takes nothing away from who works on the newer one ($2: whether that is looked
-- at). The group's row is only read: whoever starts a step looks at it again.
insert into runs (scope, instance_id, token)
select given.scope, $1::uuid, nextval ('tokens')
from unnest ($3::text[], $4::text[], $5::bigint[]) as given (scope, guid, replay)
where not $2::boolean or given.guid = '' or given.replay >= coalesce ((
  select saved_claim_groups.replay from saved_claim_groups
  where claim_group_guid = nullif (given.guid, '')::uuid and parent_claim_id = saved_claim_id limit 1), 0)
order by scope
on conflict (scope) do update set instance_id = excluded.instance_id, token = excluded.token, taken_at = clock_timestamp ()
returning scope, token

-- name: look-again
-- In the transaction that has just taken the run rows: whoever settled before we got them is seen here. And what the group
-- says of itself: a settled one ends here, unless its consumer works in that state ($2). A record that names a group and the
-- child of another one is no record of ours.
select given.n,
       coalesce ((select true from inbox where inbox.consumer = $1 and inbox.message_id = given.message_id
                  and inbox.hop = given.hop::integer and inbox.replay = given.replay::integer
                  and inbox.scope in ('', given.scope) limit 1), false) as is_seen,
       groups.id as group_row_id, groups.replay,
       groups.status in ('success', 'failed') and not groups.status = any ($2::text[]) as is_over,
       coalesce ((select children.parent_claim_id <> groups.parent_claim_id from saved_claim_groups children
                  where children.saved_claim_id = given.claim_id limit 1), false) as is_of_another_group
from unnest ($3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::bigint[])
  as given (n, message_id, hop, replay, scope, guid, claim_id)
left join lateral (
  select id, parent_claim_id, saved_claim_groups.replay, saved_claim_groups.status from saved_claim_groups
  where claim_group_guid = nullif (given.guid, '')::uuid and parent_claim_id = saved_claim_id limit 1) groups on true
