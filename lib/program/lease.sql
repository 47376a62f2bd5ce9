Queries of leases, see lease.c.

-- name: take-lease
-- Renews one's own ($4 is its token, 0 for none), takes a free one or one that has run out; no row: somebody has it.
insert into leases (name, instance_id, token, until)
values ($1, $2::uuid, nextval ('tokens'), clock_timestamp () + $3::bigint * interval '1 millisecond')
on conflict (name) do update set
  instance_id = excluded.instance_id, until = excluded.until,
  token = case when leases.token = $4::bigint then leases.token else excluded.token end
where leases.until < clock_timestamp () or leases.token = $4::bigint
returning token

-- name: give-lease
delete from leases where name = $1 and token = $2

-- name: guard-lease
-- A lock on the row, so that taking it over waits for the end of the transaction.
select from leases where name = $1 and token = $2 for share
