Queries of the watch, see watch.h. What is open, held and in hand says the view watched_places (schemas/sql).

-- name: watch-forget
-- Places of what is over. A claim only goes on again by a new record, which renews its place; one that was renewed
-- since this statement began is younger than the last condition allows, and stays.
delete from record_places using watched_places
where record_places.scope = watched_places.scope and watched_places.is_over
  and record_places.written_at < clock_timestamp () - $1::bigint * interval '1 millisecond'

-- name: watch-partitions
select distinct topic, partition from record_places order by topic, partition

-- name: watch-witnesses
-- Of each partition the record that was made first among those that should lie there. While it does, the partition's
-- log is the one that all later ones were written to.
select distinct on (topic, partition) topic, partition, coalesce (record_offset, -1) as record_offset, headers
from watched_places
where is_open and not is_held and not is_in_outbox and not is_in_hand and headers is not null
  and written_at < clock_timestamp () - $1::bigint * interval '1 millisecond'
order by topic, partition, made_at

-- name: watch-places
select scope, topic, partition, coalesce (record_offset, -1) as record_offset, replay, headers, resends,
  claim_group_guid, claim_id, is_open, is_held, is_in_outbox, is_in_hand,
  (extract (epoch from clock_timestamp () - written_at) * 1000)::bigint as age_ms,
  (extract (epoch from clock_timestamp () - submitted_at) * 1000)::bigint as open_ms,
  (extract (epoch from clock_timestamp () - missed_at) * 1000)::bigint as missed_ms
from watched_places where scope > $1 order by scope limit $2

-- name: watch-mark
-- Missed for the first time; only as read.
update record_places set missed_at = clock_timestamp ()
from unnest ($1::text[], $2::text[], $3::bigint[], $4::bigint[]) as given (scope, topic, partition, record_offset)
where record_places.scope = given.scope and record_places.topic = given.topic
  and record_places.partition = given.partition and record_places.record_offset = given.record_offset
  and missed_at is null

-- name: watch-clear
update record_places set missed_at = null where scope = any ($1::text[]) and missed_at is not null

-- name: watch-same
-- Still the place that was missed. Whoever publishes a record of it, or sends it again, waits for us.
select from record_places
where scope = $1 and topic = $2 and partition = $3 and record_offset = $4 and missed_at is not null for update

-- name: watch-facts
select is_open, is_held, is_in_outbox, is_in_hand from watched_places where scope = $1

-- name: watch-sent
update record_places set resends = resends + 1, missed_at = null where scope = $1

-- name: watch-newest-group
select coalesce (max (id), 0) as id from saved_claim_groups

-- name: watch-oldest-open-group
-- A part of the key's range; the caller remembers how far all is over.
select id, (extract (epoch from clock_timestamp () - submitted_at) * 1000)::bigint as open_ms from saved_claim_groups
where id >= $1 and id < $1::bigint + $2::bigint and parent_claim_id = saved_claim_id and status = 'accepted'
order by id limit 1

-- name: watch-oldest-that-counts
-- The same for groups that are not settled, or that are of the last two days.
select id from saved_claim_groups
where id >= $1 and id < $1::bigint + $2::bigint and parent_claim_id = saved_claim_id
  and (status in ('pending', 'accepted', 'failure', 'processing') or created_at > clock_timestamp () - interval '2 days')
order by id limit 1

-- name: watch-standing
-- What stands open, for operators. A set-up has failed where a group has failed and no proc was handed on.
select
  count (*) filter (where status = 'pending') as pending,
  count (*) filter (where status = 'accepted') as accepted,
  count (*) filter (where status = 'failure') as failure,
  count (*) filter (where status = 'processing') as processing,
  count (*) filter (where proc_id is null and status in ('failure', 'processing', 'failed')
                      and updated_at > clock_timestamp () - interval '1 hour') as setups_failed
from saved_claim_groups where id >= $1 and parent_claim_id = saved_claim_id

-- name: watch-needs
select count (*) as count,
  coalesce (extract (epoch from clock_timestamp () - min (opened_at)) * 1000, 0)::bigint as oldest_ms,
  (select count (*) from step_journal
   where state = 'started' and started_at < clock_timestamp () - interval '5 minutes') as unknown,
  count (*) filter (where reason = 'silent-failure') as silent
from holds where resolved_at is null

-- name: watch-papers
-- Not in the folder: to be stored, refused and not by paper either yet, or, of the last day, not asked for though they were attached.
select count (*) filter (where latest_status = 'pending') as pending,
  count (*) filter (where latest_status = 'refused' and settled_at is null) as refused,
  count (*) filter (where latest_status = 'off') as off,
  coalesce (extract (epoch from clock_timestamp () - min (created_at) filter (where latest_status = 'pending')) * 1000, 0)::bigint
    as oldest_ms
from claims_evidence_api_submissions
where latest_status = 'pending' or (latest_status = 'refused' and settled_at is null)
  or (latest_status = 'off' and created_at > clock_timestamp () - interval '1 day')
