-- pipelinectl keys' own statements, see keys.c. A table is walked by its pages: no index is needed, each page is read once
-- a pass, and what has been done stays done.

-- name: keys-table-pages
select (pg_relation_size ($1::regclass) / current_setting ('block_size')::bigint)::bigint as pages

-- name: keys-find-claims
-- $1, $2: pages from, to; $3: id of the current master key.
select ctid::text as place, encrypted_kms_key as wrapped from saved_claims
where ctid >= format ('(%s,0)', $1::bigint)::tid and ctid < format ('(%s,0)', $2::bigint)::tid
  and encrypted_kms_key is not null and split_part (encrypted_kms_key, ':', 1) <> $3
for update skip locked

-- name: keys-write-claims
-- Whoever has changed the row meanwhile has it found again by the next pass.
update saved_claims t set encrypted_kms_key = given.fresh
from unnest ($1::text[], $2::text[], $3::text[]) as given (place, old, fresh)
where t.ctid = given.place::tid and t.encrypted_kms_key = given.old

-- name: keys-find-groups
-- $1, $2: pages from, to; $3: id of the current master key.
select ctid::text as place, encrypted_kms_key as wrapped from saved_claim_groups
where ctid >= format ('(%s,0)', $1::bigint)::tid and ctid < format ('(%s,0)', $2::bigint)::tid
  and encrypted_kms_key is not null and split_part (encrypted_kms_key, ':', 1) <> $3
for update skip locked

-- name: keys-write-groups
-- Whoever has changed the row meanwhile has it found again by the next pass.
update saved_claim_groups t set encrypted_kms_key = given.fresh
from unnest ($1::text[], $2::text[], $3::text[]) as given (place, old, fresh)
where t.ctid = given.place::tid and t.encrypted_kms_key = given.old

-- name: keys-find-attachments
-- $1, $2: pages from, to; $3: id of the current master key.
select ctid::text as place, encrypted_kms_key as wrapped from persistent_attachments
where ctid >= format ('(%s,0)', $1::bigint)::tid and ctid < format ('(%s,0)', $2::bigint)::tid
  and encrypted_kms_key is not null and split_part (encrypted_kms_key, ':', 1) <> $3
for update skip locked

-- name: keys-write-attachments
-- Whoever has changed the row meanwhile has it found again by the next pass.
update persistent_attachments t set encrypted_kms_key = given.fresh
from unnest ($1::text[], $2::text[], $3::text[]) as given (place, old, fresh)
where t.ctid = given.place::tid and t.encrypted_kms_key = given.old

-- name: keys-find-packages
-- $1, $2: pages from, to; $3: id of the current master key.
select ctid::text as place, encrypted_kms_key as wrapped from lighthouse_submissions
where ctid >= format ('(%s,0)', $1::bigint)::tid and ctid < format ('(%s,0)', $2::bigint)::tid
  and encrypted_kms_key is not null and split_part (encrypted_kms_key, ':', 1) <> $3
for update skip locked

-- name: keys-write-packages
-- Whoever has changed the row meanwhile has it found again by the next pass.
update lighthouse_submissions t set encrypted_kms_key = given.fresh
from unnest ($1::text[], $2::text[], $3::text[]) as given (place, old, fresh)
where t.ctid = given.place::tid and t.encrypted_kms_key = given.old

-- name: keys-find-journal
-- $1, $2: pages from, to; $3: id of the current master key.
select ctid::text as place, encrypted_kms_key as wrapped from step_journal
where ctid >= format ('(%s,0)', $1::bigint)::tid and ctid < format ('(%s,0)', $2::bigint)::tid
  and encrypted_kms_key is not null and split_part (encrypted_kms_key, ':', 1) <> $3
for update skip locked

-- name: keys-write-journal
-- Whoever has changed the row meanwhile has it found again by the next pass.
update step_journal t set encrypted_kms_key = given.fresh
from unnest ($1::text[], $2::text[], $3::text[]) as given (place, old, fresh)
where t.ctid = given.place::tid and t.encrypted_kms_key = given.old

-- name: keys-count-left
-- $1: id of the current master key.
select (select count (*) from saved_claims where split_part (encrypted_kms_key, ':', 1) <> $1)
  + (select count (*) from saved_claim_groups where split_part (encrypted_kms_key, ':', 1) <> $1)
  + (select count (*) from persistent_attachments where split_part (encrypted_kms_key, ':', 1) <> $1)
  + (select count (*) from lighthouse_submissions where split_part (encrypted_kms_key, ':', 1) <> $1)
  + (select count (*) from step_journal where split_part (encrypted_kms_key, ':', 1) <> $1) as count

-- name: keys-forget
-- Programs that still seal with one of them write it down again when they start.
delete from shared_secrets where name like 'master-key:%' and name <> 'master-key:' || $1 returning name
