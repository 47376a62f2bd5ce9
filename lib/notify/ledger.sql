Rows of the ledger of e-mails, see ledger.c.

-- name: mail-of-kind
select n.id, n.saved_claim_id, g.claim_group_guid, n.kind, n.state, n.reference, n.notification_id
from claim_notifications n join saved_claim_groups g on g.saved_claim_id = n.saved_claim_id
where n.saved_claim_id = $1 and n.kind = $2

-- name: mail-told
-- Where both are known the reference counts: it is ours.
select n.id, n.saved_claim_id, g.claim_group_guid, n.kind, n.state, n.reference, n.notification_id
from claim_notifications n join saved_claim_groups g on g.saved_claim_id = n.saved_claim_id
where n.reference = $1::uuid or n.notification_id = $2
order by n.reference = $1::uuid desc nulls last limit 1

-- name: lock-mail
select state from claim_notifications where id = $1 for update

-- name: mail-moved
update claim_notifications set state = $2, state_at = clock_timestamp (), updated_at = clock_timestamp (),
  notification_id = coalesce (notification_id, $3), told = coalesce ($4, told), failure = coalesce ($5, failure),
  on_its_way_at = coalesce (on_its_way_at, case when $2 in ('sent', 'deferred', 'delivered') then clock_timestamp () end)
where id = $1

-- name: mail-noted
update claim_notifications set notification_id = coalesce (notification_id, $2::text), told = coalesce ($3::text, told),
  updated_at = clock_timestamp ()
where id = $1 and (notification_id is null and $2::text is not null or told is distinct from coalesce ($3::text, told))

-- name: other-error-mail-was-on-its-way
select exists (select from claim_notifications where saved_claim_id = $1 and id <> $2 and kind in ('error', 'error_again')
  and on_its_way_at is not null) as was_on_its_way

-- name: close-unknown
-- Nobody has to look any more, once nothing is unknown.
update holds set resolved_at = clock_timestamp (), resolution = 'a callback came'
where claim_id = $1 and reason = $2 and resolved_at is null
  and not exists (select from claim_notifications where saved_claim_id = $1 and kind in ('error', 'error_again')
    and state = 'unknown')
