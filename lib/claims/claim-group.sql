-- A claim group and what belongs to it. The group's own row is the one whose two claim ids are equal.

-- name: find-veteran
-- $1: the look-up value under every known key, the current one first.
select id, lookup from veterans where lookup = any ($1) order by array_position ($1, lookup) limit 1

-- name: recompute-lookup
update veterans set lookup = $2 where id = $1 and lookup = $3

-- name: add-veteran
-- Waits for another transaction that adds the same Veteran, and then does nothing.
insert into veterans (id, lookup) values ($1, $2) on conflict (lookup) do nothing

-- name: take-ids
select nextval ('claim_ids') as claim_id, nextval ('group_row_ids') as row_id from generate_series (1, $1::integer)

-- name: add-claims
insert into saved_claims (id, guid, form_id, parent_claim_id, form_ciphertext, encrypted_kms_key)
select id, guid::uuid, form_id, nullif ($6, id), sealed, wrapped_key
from unnest ($1, $2, $3, $4, $5) as claim (id, guid, form_id, sealed, wrapped_key)

-- name: add-group
insert into saved_claim_groups (id, claim_group_guid, parent_claim_id, saved_claim_id, status, veteran_id, submitted_at,
  submission_day, user_data_ciphertext, encrypted_kms_key, submitted_by, traceparent)
select row_id, $3, $4, claim_id, 'pending', $5,
  case when claim_id = $4 then timestamptz 'epoch' + $6 * interval '1 millisecond' end,
  case when claim_id = $4 then $7::date end,
  case when claim_id = $4 then $8 end,
  case when claim_id = $4 then $9::text end,
  case when claim_id = $4 then $10::text end, case when claim_id = $4 then $11::text end
from unnest ($1, $2) as claim (row_id, claim_id)

-- name: load-group
select c.id as claim_id, c.form_id, g.id as row_id, g.parent_claim_id, g.status, g.veteran_id, g.proc_id, g.review_reasons,
  (extract (epoch from g.submitted_at) * 1000)::bigint as submitted_at_ms, g.submission_day, g.replay, g.closer,
  g.bgs_claim_id, case when $2 then g.user_data_ciphertext end as user_data_ciphertext, g.encrypted_kms_key
from saved_claim_groups g join saved_claims c on c.id = g.saved_claim_id
where g.claim_group_guid = $1
order by c.id

-- name: load-form
select form_ciphertext, encrypted_kms_key from saved_claims where id = $1
