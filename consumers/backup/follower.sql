Queries of follower.c.

-- name: packages-to-ask
select s.id, s.benefits_intake_uuid, g.claim_group_guid from lighthouse_submissions s
join saved_claim_groups g on g.id = s.claim_group_id
where s.ask_at <= clock_timestamp () order by s.ask_at limit $1

-- name: package-to-judge
-- Under the group's row. No row: it is not to be asked for any more.
select s.package_no, s.latest_status, s.intake_status, s.intake_code, s.document_count, s.page_count, g.status as group_status,
  g.claim_group_guid, g.parent_claim_id, g.replay, s.stopped_at is not null as is_released,
  (extract (epoch from clock_timestamp () - s.sent_at) * 1000)::bigint as sent_ms,
  (extract (epoch from clock_timestamp () - s.status_at) * 1000)::bigint as status_ms,
  (select count (*) from lighthouse_submissions o where o.intake_status = 'expired'
     and o.status_at > clock_timestamp () - interval '1 hour' and o.id <> s.id) as expired_count,
  exists (select from packages_of_papers o where o.id = s.id) as is_of_papers
from lighthouse_submissions s join saved_claim_groups g on g.id = s.claim_group_id
where s.id = $1 and s.ask_at <= clock_timestamp () for update of s

-- name: package-told
-- What the service has said of it. $9: stopped until an operator lets it go on.
update lighthouse_submissions set
  status_at = case when intake_status is distinct from $2 then clock_timestamp () else status_at end,
  intake_status = $2, intake_code = $3, intake_detail_ciphertext = $4, encrypted_kms_key = $5, is_final = $6,
  asked_at = clock_timestamp (),
  ask_at = case when $7::bigint >= 0 then clock_timestamp () + $7::bigint * interval '1 millisecond' end,
  stopped_at = case when $9::boolean then clock_timestamp () end,
  latest_status = coalesce ($8, latest_status), updated_at = clock_timestamp ()
where id = $1

-- name: package-without-news
-- asked_at stays: when it was last heard of.
update lighthouse_submissions set ask_at = clock_timestamp () + $2::bigint * interval '1 millisecond'
where id = $1 and ask_at <= clock_timestamp ()

-- name: attempt-told
update lighthouse_submission_attempts a set status = $2, error_class = $3, updated_at = clock_timestamp ()
from lighthouse_submissions s where s.id = $1 and a.lighthouse_submission_id = s.id and a.benefits_intake_uuid = s.benefits_intake_uuid

-- name: was-asked-about
select exists (select from holds where claim_id = $1 and reason = $2) as was_asked

-- name: was-asked-since
-- That package went.
select exists (select from holds h join lighthouse_submissions s on s.id = $3
               where h.claim_id = $1 and h.reason = $2 and h.opened_at >= s.sent_at) as was_asked

-- name: silence-is-over
update holds set resolved_at = clock_timestamp (), resolution = 'the package has come to an end'
where claim_id = $1 and resolved_at is null and reason in ('package-late', 'package-error-lasts', 'package-not-known')

-- name: packages-that-wait
-- Without news: their turn is long over, or none of their turns has brought any. The longest time between two is a week.
select
  (select count (*) from lighthouse_submissions where stopped_at is not null and ask_at is null and intake_status = 'expired') as stopped,
  (select count (*) from lighthouse_submissions where ask_at is not null and intake_code = 'DOC105') as not_known,
  (select count (*) from lighthouse_submissions where ask_at < clock_timestamp () - interval '1 hour'
     or ask_at is not null and coalesce (asked_at, sent_at) < clock_timestamp () - interval '8 days') as without_news

-- name: inserts-unknown
-- Of groups whose package is still followed: children that have died with an insert that nobody knows of. For one that is
-- held a person looks.
select distinct g.claim_group_guid, c.saved_claim_id as claim_id from lighthouse_submissions s
join saved_claim_groups g on g.id = s.claim_group_id
join saved_claim_groups c on c.parent_claim_id = g.parent_claim_id and c.saved_claim_id <> c.parent_claim_id
join step_journal j on j.scope = c.saved_claim_id::text and j.step = $1 and j.state = 'started'
where s.ask_at is not null and not s.is_final and c.status = 'dead' limit $2
