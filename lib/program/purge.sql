Queries of the purge, see purge.c. $2 is where the last batch ended: the index still has what it deleted, and would have to
step over it. statement_timestamp (), for with clock_timestamp (), which is volatile, no index is used.

-- name: purge-inbox
with gone as (
  delete from inbox where ctid = any (array (
    select ctid from inbox
    where handled_at < statement_timestamp () - $1::bigint * interval '1 day' and handled_at >= $2::timestamptz
    order by handled_at limit $3))
  returning handled_at)
select count (*) as seen, count (*) as gone, max (handled_at) as mark from gone

-- name: purge-idempotency-keys
-- $1 is the same for all tables, and not asked here: a key holds for a day.
with gone as (
  delete from idempotency_keys where ctid = any (array (
    select ctid from idempotency_keys
    where created_at < statement_timestamp () - interval '24 hours' and created_at >= $2::timestamptz and $1::bigint > 0
    order by created_at limit $3))
  returning created_at)
select count (*) as seen, count (*) as gone, max (created_at) as mark from gone

-- name: purge-runs
-- Nobody works on a scope for so long: each taking renews the row, and a later one makes it anew with a later token. An index
-- by age would cost each of them; the key is walked instead.
with walked as (select scope from runs where scope > $2 order by scope limit $3),
gone as (
  delete from runs using walked
  where runs.scope = walked.scope and runs.taken_at < statement_timestamp () - $1::bigint * interval '1 day'
  returning 1)
select count (*) as seen, (select count (*) from gone) as gone, max (scope) as mark from walked

-- name: purge-instances
-- Long dead and nothing left to relay.
with walked as (select id from instances where id > $2::uuid and $1::bigint > 0 order by id limit $3),
gone as (
  delete from instances using walked
  where instances.id = walked.id and instances.heartbeat_at < statement_timestamp () - interval '7 days'
    and not exists (select from outbox where outbox.instance_id = instances.id)
  returning 1)
select count (*) as seen, (select count (*) from gone) as gone, (array_agg (id order by id desc))[1] as mark from walked

-- name: purge-dead-ends
-- The topics they point into keep nothing for so long.
with walked as (select id from dead_ends where id > $2::bigint order by id limit $3),
gone as (
  delete from dead_ends using walked
  where dead_ends.id = walked.id and dead_ends.at < statement_timestamp () - $1::bigint * interval '1 day'
  returning 1)
select count (*) as seen, (select count (*) from gone) as gone, max (id) as mark from walked
