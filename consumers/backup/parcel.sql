Queries of parcel.c.

-- name: filed-again
-- The Veteran's next form, as it was known when this package's turn began: later ones would make another package of it.
select later.submission_day from saved_claim_groups own
join saved_claim_groups later on later.veteran_id = own.veteran_id and later.parent_claim_id = later.saved_claim_id
  and later.submitted_at > own.submitted_at and later.submitted_at <= coalesce (
    (select max (s.status_at) from lighthouse_submissions s where s.claim_group_id = own.id and s.sent_at is not null),
    own.backup_begun_at)
where own.id = $1
order by later.submitted_at desc limit 1
