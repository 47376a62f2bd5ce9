-- claim-api's own statements, see store.c.

-- name: transaction-start
-- $1: ms for which a statement of this transaction may take, waits for locks included.
select (extract (epoch from clock_timestamp ()) * 1000)::bigint as now_ms, pg_current_xact_id ()::text as id,
  set_config ('statement_timeout', $1::bigint::text, true)

-- name: transaction-status
-- null: so long ago that nobody remembers.
select pg_xact_status ($1::xid8) as status

-- name: find-idempotency-key
-- $1: the key under every known HMAC key. A key lives for a day.
select body_hmac, answer from idempotency_keys
where key_hmac = any ($1) and created_at > clock_timestamp () - interval '24 hours'

-- name: drop-old-idempotency-key
delete from idempotency_keys
where key_hmac = any ($1) and created_at <= clock_timestamp () - interval '24 hours'

-- name: add-idempotency-key
insert into idempotency_keys (key_hmac, body_hmac, claim_group_guid, answer) values ($1, $2, $3::uuid, $4)

-- name: find-same-claim
-- $1: the whole request under every known HMAC key; $2: ms. Their rows are those of keys that nobody has sent.
select claim_group_guid::text as guid, answer from idempotency_keys
where key_hmac = any ($1) and created_at > clock_timestamp () - $2::bigint * interval '1 millisecond'

-- name: drop-old-same-claim
delete from idempotency_keys
where key_hmac = any ($1) and created_at <= clock_timestamp () - $2::bigint * interval '1 millisecond'
