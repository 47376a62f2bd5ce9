-- What a person's answer writes, see resolve.c. Locks: the Veteran's lock row, then groups in ascending row id,
-- then journal rows.

-- name: lock-veteran
select claim_id from veteran_locks where veteran_id = $1::uuid for update

-- name: free-veteran
delete from veteran_locks where claim_id = $1

-- name: groups-behind
select distinct g.claim_group_guid from holds h join saved_claim_groups g on g.id = h.claim_group_id
where h.behind_claim_id = $1 and h.resolved_at is null

-- name: open-holds
select reason, to_char (opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as opened_at,
  (select string_agg (c ->> 'benefit_claim_id', ', ') from jsonb_array_elements (candidates) c) as candidates
from holds where claim_id = $1 and resolved_at is null order by id

-- name: attempts-failed
select count (*) as count, (extract (epoch from min (a.updated_at)) * 1000)::bigint as first_ms
from bgs_submission_attempts a join bgs_submissions s on s.id = a.bgs_submission_id
where s.saved_claim_id = $1 and a.status = 'failure'

-- name: count-behind
select count (distinct claim_id) as count from holds where behind_claim_id = $1 and resolved_at is null

-- name: resolve-holds
update holds set resolved_at = clock_timestamp (), resolution = $2 where claim_id = $1 and resolved_at is null

-- name: resolve-holds-behind
-- A claim that has another open hold beside stays held.
with freed as (
  update holds set resolved_at = clock_timestamp (), resolution = $2
  where behind_claim_id = $1 and resolved_at is null returning claim_id)
select distinct claim_id from freed
where not exists (select from holds h where h.claim_id = freed.claim_id and h.resolved_at is null
                  and h.behind_claim_id is distinct from $1)
order by claim_id

-- name: insert-did-not-happen
-- What was sent and not answered counts as failed from now on: it begins anew.
update step_journal set state = 'failed', finished_at = coalesce (finished_at, clock_timestamp ())
where scope = $1::bigint::text and step = $2 and state in ('started', 'not there', 'unknown')

-- name: forget-digests
-- What stands in doubt is repeated although code or data have changed under it, where that is what the person was asked about ($3):
-- of the papers' record or of the claim's ($1), which may have been working on its group ($2). Whoever answers anything else has not
-- said that.
update step_journal set digest = null where state in ('started', 'not there', 'unknown') and scope in (
  select unnest (case when h.of_papers then array[$2::uuid || '/papers'] else array[$1::bigint::text, $2::uuid::text] end)
  from holds h where h.claim_id = $1::bigint and h.resolved_at is null and h.reason = $3)

-- name: doubt-again
-- Given up without an answer: it stands in doubt again, and is looked for before it is repeated.
update step_journal set state = 'started', finished_at = null
where scope = $1 and step = $2 and state = 'given up'

-- name: recorded-elsewhere
select saved_claim_id from bgs_submissions where bgs_claim_id = $1 and saved_claim_id <> $2
union select saved_claim_id from saved_claim_groups where bgs_claim_id = $1 and saved_claim_id <> $2

-- name: is-seen
-- Whether anything that was written down about this claim names the benefit claim.
select exists (select from step_journal where scope = $1::bigint::text
               and note ~ ('(^|[^0-9])' || $2::text || '([^0-9]|$)'))
  or exists (select from holds where claim_id = $1 and reason ~ ('(^|[^0-9])' || $2::text || '([^0-9]|$)'))
  or exists (select from holds where claim_id = $1
             and candidates @> jsonb_build_array (jsonb_build_object ('benefit_claim_id', $2::text))) as is_seen

-- name: last-attempt
select coalesce (max (a.attempt_no), 1) as attempt_no
from bgs_submissions s join bgs_submission_attempts a on a.bgs_submission_id = s.id where s.saved_claim_id = $1

-- name: newest-insert
select ordinal, token, state, note from step_journal where scope = $1::bigint::text and step = $2
order by ordinal desc limit 1 for update

-- name: begin-insert
insert into step_journal (scope, step, ordinal, token, state)
values ($1::bigint::text, $2, $3::bigint, nextval ('tokens'), 'started') returning token

-- name: adopt-insert
update step_journal set state = 'finished', finished_at = clock_timestamp (), note = $6, result_ciphertext = null, encrypted_kms_key = null
where scope = $1::bigint::text and step = $2 and ordinal = $3::bigint and token = $4 and state = $5
