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
select state, told from claim_notifications where id = $1 for update

-- name: mail-moved
update claim_notifications set state = $2, state_at = clock_timestamp (), updated_at = clock_timestamp (),
  notification_id = coalesce (notification_id, $3), told = coalesce ($4, told), failure = coalesce ($5, failure),
  on_its_way_at = coalesce (on_its_way_at, case when $2 in ('sent', 'deferred', 'delivered') then clock_timestamp () end)
where id = $1

-- name: mail-noted
-- updated_at moves with each word of theirs, also with one that repeats the last: overdue-mails counts from there.
update claim_notifications set notification_id = coalesce (notification_id, $2::text), told = coalesce ($3::text, told),
  updated_at = clock_timestamp ()
where id = $1 and (notification_id is null and $2::text is not null or $3::text is not null)

-- name: error-mail-was-on-its-way
-- Before the move that is being made: this one too may have been, and was then given up.
select exists (select from claim_notifications where saved_claim_id = $1 and kind in ('error', 'error_again')
  and (id <> $2 and on_its_way_at is not null or id = $2 and on_its_way_at < state_at)) as it_is

-- name: other-error-mail-is-there
select exists (select from claim_notifications where saved_claim_id = $1 and id <> $2
  and kind in ('error', 'error_again')) as it_is

-- name: other-error-mail-is-open
-- It may still tell the Veteran, or has; if it does not, its own end says so.
select exists (select from claim_notifications where saved_claim_id = $1 and id <> $2 and kind in ('error', 'error_again')
  and state in ('requested', 'sent', 'deferred', 'delivered', 'unknown')) as it_is

-- name: close-hold-of-mail
-- Once none is unknown, or, where a failure was silent, one is on its way.
update holds set resolved_at = clock_timestamp (), resolution = 'a callback came'
where claim_id = $1 and reason = $2 and resolved_at is null
  and (reason = 'silent-failure' or not exists (select from claim_notifications where saved_claim_id = $1
    and kind in ('error', 'error_again') and state = 'unknown'))
