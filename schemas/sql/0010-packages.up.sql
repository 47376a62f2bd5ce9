-- Packages on the backup way: one row for each that a group is sent by, and its attempts, as vets-api keeps them; and what the
-- follower of packages needs. A group that has failed is watched on from here, by the record that backup reads. An older
-- program does not make these records' places, so none older is admitted.

create table lighthouse_submissions (
  id bigint generated always as identity primary key,
  claim_group_id bigint not null references saved_claim_groups (id),   -- the group's own row
  saved_claim_id bigint not null references saved_claims (id),         -- the parent claim
  package_no integer not null,               -- 2: sent anew after the first was lost on its way
  form_id text not null,                     -- the package's docType
  latest_status text not null default 'pending',
  benefits_intake_uuid text,                 -- intake's guid of what was sent last
  document_count integer,                    -- as sent: an answer that counts others needs a person
  page_count integer,
  sent_at timestamptz,                       -- accepted; null: not yet
  -- the follower's
  intake_status text,                        -- as the service reported last
  intake_code text,
  intake_detail_ciphertext bytea,
  encrypted_kms_key text,
  needs_kms_rotation boolean not null default false,
  is_final boolean not null default false,   -- no news will come
  status_at timestamptz,                     -- when that status was first seen
  asked_at timestamptz,
  ask_at timestamptz,                        -- when it is asked for next; null: not any more
  stopped_at timestamptz,                    -- expired with too many others: an operator lets it go on
  created_at timestamptz not null default clock_timestamp (),
  updated_at timestamptz not null default clock_timestamp (),
  constraint package_is_once_in_group unique (claim_group_id, package_no),
  constraint package_uuid_is_unique unique (benefits_intake_uuid),
  constraint package_status_is_known check (latest_status in ('pending', 'unknown', 'sent', 'vbms', 'failure')),
  constraint sent_has_a_uuid check (sent_at is null or benefits_intake_uuid is not null),
  constraint only_sent_is_followed check (ask_at is null or sent_at is not null)
);
create index packages_to_ask on lighthouse_submissions (ask_at) where ask_at is not null;

create table lighthouse_submission_attempts (
  id bigint generated always as identity primary key,
  lighthouse_submission_id bigint not null references lighthouse_submissions (id),
  attempt_no integer not null,
  benefits_intake_uuid text,                 -- null: it failed before there was one
  status text not null default 'pending',    -- pending: begun; unknown: a call without an answer; sent; then vbms or failure
  error_class text,
  error_message text,                        -- neutral text: never a name, SSN or request
  created_at timestamptz not null default clock_timestamp (),
  updated_at timestamptz not null default clock_timestamp (),
  constraint package_attempt_is_unique unique (lighthouse_submission_id, attempt_no),
  constraint attempt_uuid_is_unique unique (benefits_intake_uuid),
  constraint package_attempt_status_is_known check (status in ('pending', 'unknown', 'sent', 'vbms', 'failure'))
);

-- A place and what the database knows of its claim. Facts only: what follows from them is in lib/program/watch.c.
-- The record of a group that has failed is backup's; those of its claims are over.
-- A place of an older replay than its group's says nothing: who made the newer replay has made its records.
create or replace view watched_places as
select p.scope, p.topic, p.partition, p.record_offset, p.replay, p.headers, p.made_at, p.written_at, p.missed_at, p.resends,
  g.claim_group_guid, g.submitted_at,
  coalesce (own.saved_claim_id, g.parent_claim_id) as claim_id,
  own.saved_claim_id is null as is_group,
  coalesce (p.replay >= g.replay and case g.status when 'failure' then own.saved_claim_id is null
    when 'accepted' then case when own.saved_claim_id is not null
      -- the closer's record goes on after its claim is submitted, until the group is a success
      then g.proc_id is not null and (own.status = 'pending' or g.closer = own.saved_claim_id)
      -- after its set-up only a later replay's record has work left: children that it has not handed on yet
      else g.proc_id is null or (p.replay > 0 and exists (
        select from saved_claim_groups c where c.parent_claim_id = g.parent_claim_id and c.saved_claim_id <> c.parent_claim_id
          and c.status = 'pending'
          and not exists (select from record_places q where q.scope = c.saved_claim_id::text and q.replay >= p.replay)
          and not exists (select from outbox o where o.scope = c.saved_claim_id::text))) end end, false) as is_open,
  coalesce (case g.status when 'failure' then own.saved_claim_id is not null
    when 'accepted' then case when own.saved_claim_id is not null
      then own.status not in ('pending', 'held') and g.closer is distinct from own.saved_claim_id
      else g.proc_id is not null and p.replay = 0 end else true end, true) as is_over,
  exists (select from holds h where h.resolved_at is null
    and h.claim_id = coalesce (own.saved_claim_id, g.parent_claim_id)) as is_held,
  exists (select from outbox o where o.scope = p.scope) as is_in_outbox,
  -- by a process that lives: the record counted as open, or a step of its that may still be in a call
  exists (select from deliveries d join instances i on i.id = d.instance_id
    where d.topic = p.topic and d.partition = p.partition and p.record_offset = any (d.open_offsets)
      and i.ended_at is null and i.heartbeat_at > clock_timestamp () - interval '1 minute')
  or exists (select from step_journal j join runs r on r.scope = j.scope and r.token = j.token
    join instances i on i.id = r.instance_id
    where j.scope = p.scope and j.state = 'started'
      and i.ended_at is null and i.heartbeat_at > clock_timestamp () - interval '1 minute') as is_in_hand
from record_places p
left join saved_claim_groups own on own.saved_claim_id = case when p.scope ~ '^[0-9]{1,18}$' then p.scope::bigint end
left join saved_claim_groups g on g.parent_claim_id = g.saved_claim_id and g.claim_group_guid =
  coalesce (own.claim_group_guid, case when p.scope ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then p.scope::uuid end);
