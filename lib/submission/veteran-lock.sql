Queries of veteran-lock.c. Lock rows are taken before the group's row, journal rows after the lock row.

-- name: lock-take
-- A row of this claim's own earlier delivery is taken on; another claim's stays as it is.
insert into veteran_locks (veteran_id, claim_id, token) values ($1::uuid, $2, $3)
on conflict (veteran_id) do update set token = excluded.token, since = clock_timestamp ()
where veteran_locks.claim_id = excluded.claim_id

-- name: lock-of-finished
-- A delivery that has been outlived may have ended the insert, and freed the row, since this one has looked: nobody would free it
-- again. Seen after the row is ours, so that whoever ends the insert later frees this one.
delete from veteran_locks l where l.veteran_id = $1::uuid and l.claim_id = $2 and l.token = $3
  and (select state from step_journal where scope = $2::bigint::text and step = $4 order by ordinal desc limit 1) = 'finished'

-- name: lock-read
-- The row and its holder, as of one moment.
select l.claim_id, l.token, c.form_id,
       (extract (epoch from clock_timestamp () - l.since) * 1000)::bigint as age_ms,
       exists (select from holds h where h.claim_id = l.claim_id and h.resolved_at is null) as is_held
from veteran_locks l
join saved_claims c on c.id = l.claim_id
where l.veteran_id = $1::uuid

-- name: lock-take-over
update veteran_locks set claim_id = $4, token = $5, increment = null, since = clock_timestamp ()
where veteran_id = $1::uuid and claim_id = $2 and token = $3

-- name: lock-mark
-- In the transaction that journals the insert as started: no row, no start.
update veteran_locks set increment = $4 where veteran_id = $1::uuid and claim_id = $2 and token = $3

-- name: lock-free
-- Never while an insert of the claim stands started.
delete from veteran_locks
where veteran_id = $1::uuid and claim_id = $2 and token = $3
  and not exists (select from step_journal where scope = $2::bigint::text and step = $4 and state = 'started')

-- name: lock-end
-- The insert has ended: no delivery of this claim needs the row.
delete from veteran_locks where veteran_id = $1::uuid and claim_id = $2

-- name: free-locks-of-claim
delete from veteran_locks where claim_id = $1
