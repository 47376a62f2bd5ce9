Queries of the outbox, see outbox.h.

-- name: outbox-insert
-- In the order given; the rows come back in that order.
insert into outbox (instance_id, topic, partition, key, value, headers)
select $1::uuid, topic, nullif (partition, -1)::integer, key, value, headers
from unnest ($2::text[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[])
  with ordinality as given (topic, partition, key, value, headers, position)
order by position
returning id

-- name: outbox-delete
delete from outbox where id = any ($1::bigint[])

-- name: outbox-own
-- Rows of this process; the caller leaves out those it knows.
select id, topic, partition, key, value, headers from outbox
where instance_id = $1::uuid
  and transaction_id < pg_snapshot_xmin (pg_current_snapshot ())
order by id limit 1000

-- name: outbox-of-the-dead
-- Ids are given out before the commit, so only rows below the oldest running transaction are final.
select outbox.id, topic, partition, key, value, headers from outbox
left join instances on instances.id = outbox.instance_id
where (instances.id is null or instances.ended_at is not null
       or instances.heartbeat_at < clock_timestamp () - $1::bigint * interval '1 millisecond')
  and transaction_id < pg_snapshot_xmin (pg_current_snapshot ())
order by outbox.id limit 1000

-- name: outbox-asynchronous
-- A deletion that is lost in a crash only means that a row is published twice.
set synchronous_commit = off
