Queries of dead letters and quarantine, see dead-ends.c. One that an operator has done something about has redriven_at, and which
of the two he did says his action (redriven_by): sent on its way again, or closed.

-- name: dead-ends-list
-- $1: topics; $2: a cause, or all; $3: also those that were sent on their way again; $5: one alone, or 0; $6: those before it;
-- newest first.
select d.id, d.consumer, d.topic, d.partition, d.record_offset, d.source, d.claim_group_guid as guid, d.claim_id, d.message_id,
  d.hop, d.replay, d.attempt, d.error_class, d.error_message, g.status as group_state,
  to_char (d.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at,
  to_char (d.first_failed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as first_failed_at,
  case when a.action is distinct from 'quarantine close'
    then to_char (d.redriven_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end as redriven_at,
  case when a.action = 'quarantine close'
    then to_char (d.redriven_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end as closed_at
from dead_ends d left join operator_actions a on a.id = d.redriven_by
left join saved_claim_groups g on g.claim_group_guid = d.claim_group_guid and g.parent_claim_id = g.saved_claim_id
where d.topic = any ($1::text[]) and ($2::text is null or d.error_class = $2) and ($3::boolean or d.redriven_at is null)
  and ($5::bigint = 0 or d.id = $5) and d.id < $6::bigint
order by d.id desc limit $4::bigint

-- name: dead-ends-group
select topic, error_class, count (*) as count, count (distinct claim_group_guid) as groups,
  to_char (min (at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as first_at,
  to_char (max (at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_at
from dead_ends where topic = any ($1::text[]) and redriven_at is null group by topic, error_class order by count (*) desc, 1, 2

-- name: dead-end-close
-- No row: it is over already, or its claim's group may still be sent on its way again.
update dead_ends d set redriven_at = clock_timestamp ()
where id = $1 and topic = any ($2::text[]) and redriven_at is null
  and not exists (select from saved_claim_groups g where g.claim_group_guid = d.claim_group_guid
                  and g.parent_claim_id = g.saved_claim_id and g.status in ('pending', 'accepted', 'failure'))

-- name: dead-end-closed-by
update dead_ends set redriven_by = $2 where id = $1

-- name: dead-ends-to-redrive
-- $1: topics; $2: ids, or all; $3: a cause, or all. Oldest first, each group once, and its papers.
select distinct on (coalesce (claim_group_guid::text, id::text), coalesce (scope like '%/papers', false)) id, topic,
  claim_group_guid as guid, coalesce (claim_id, 0) as claim_id, error_class, coalesce (scope like '%/papers', false) as is_of_papers
from dead_ends
where topic = any ($1::text[]) and redriven_at is null and (cardinality ($2::bigint[]) = 0 or id = any ($2))
  and ($3::text is null or error_class = $3)
order by coalesce (claim_group_guid::text, id::text), coalesce (scope like '%/papers', false), id
