-- Papers of claims that BGS has taken: forms and attachments on their way into the Veteran's folder, one row a paper, and the tries
-- of each, as vets-api keeps them. What cannot be stored there goes by a package of Benefits Intake, and its row says by which one.
-- A record of papers (scope "GUID/papers") is watched until each of its papers has its end. Programs of before write none of this and
-- know no such record: switch evidence on when all are of this release.
-- admits: 21

alter table persistent_attachments add column document_type_id integer;   -- as Claims Evidence numbers documents; null: not told

create table claims_evidence_api_submissions (
  id bigint generated always as identity primary key,
  claim_group_id bigint not null references saved_claim_groups (id),   -- the group's own row
  saved_claim_id bigint not null references saved_claims (id),         -- whose form it is; of an attachment the parent claim
  paper_no integer not null,                 -- from 1: forms by claim, then attachments as uploaded
  form_id text not null,                     -- of an attachment that of the whole submission
  persistent_attachment_id bigint references persistent_attachments (id),   -- null: a form
  attachment_no integer,                     -- from 1, as uploaded; null: a form
  document_type_id integer not null,
  content_name text not null,                -- its name in the folder, by which it is found again; tells nothing of a person
  -- pending; then stored, or refused: not to be stored for good, so that it goes by-intake; off: not asked for in this environment
  latest_status text not null default 'pending',
  va_claim_id text,                          -- the stored file's uuid there, despite its name
  error_class text,                          -- why it was refused
  is_in_doubt boolean not null default false,   -- refused while an upload of it had no answer: it may be there all the same
  lighthouse_submission_id bigint references lighthouse_submissions (id),   -- the package that it went by
  settled_at timestamptz,                    -- nothing of ours moves it any more; with refused: a person was asked
  created_at timestamptz not null default clock_timestamp (),
  updated_at timestamptz not null default clock_timestamp (),
  constraint paper_is_once_in_group unique (claim_group_id, paper_no),
  constraint paper_name_is_unique unique (content_name),
  constraint paper_status_is_known check (latest_status in ('pending', 'stored', 'by-intake', 'refused', 'off')),
  constraint attachment_has_its_number check ((persistent_attachment_id is null) = (attachment_no is null)),
  constraint stored_has_a_uuid check (latest_status <> 'stored' or va_claim_id is not null),
  constraint by_intake_has_a_package check (latest_status <> 'by-intake' or lighthouse_submission_id is not null),
  constraint pending_is_not_settled check (latest_status <> 'pending' or settled_at is null)
);
create index papers_by_package on claims_evidence_api_submissions (lighthouse_submission_id) where lighthouse_submission_id is not null;
create index papers_open on claims_evidence_api_submissions (latest_status, created_at) where latest_status in ('pending', 'refused', 'off');

create table claims_evidence_api_submission_attempts (
  id bigint generated always as identity primary key,
  claims_evidence_api_submissions_id bigint not null references claims_evidence_api_submissions (id),
  attempt_no integer not null,
  status text not null default 'pending',    -- pending: begun; unknown: a call without an answer; then stored or failure
  error_class text,
  error_message text,                        -- neutral text: never a name, SSN or request
  created_at timestamptz not null default clock_timestamp (),
  updated_at timestamptz not null default clock_timestamp (),
  constraint paper_attempt_is_unique unique (claims_evidence_api_submissions_id, attempt_no),
  constraint paper_attempt_status_is_known check (status in ('pending', 'unknown', 'stored', 'failure'))
);

insert into privileges (part, relation, privilege)
select given.part, relation, privilege
from (values
  ('consumer', 'select'), ('consumer', 'insert'), ('consumer', 'update'), ('claim-api', 'select'), ('reader', 'select-unsealed'),
  ('operator', 'select')) as given (part, privilege)
cross join (values ('claims_evidence_api_submissions'), ('claims_evidence_api_submission_attempts')) as named (relation);

-- A place and what the database knows of its claim. Facts only: what follows from them is in lib/program/watch.c.
-- Papers go on, whatever their group's state, until each has its end; a person who is asked about anything else of the group holds
-- none of them up.
create or replace view watched_places as
select p.scope, p.topic, p.partition, p.record_offset, p.replay, p.headers, p.made_at, p.written_at, p.missed_at, p.resends,
  g.claim_group_guid, g.submitted_at,
  coalesce (own.saved_claim_id, g.parent_claim_id) as claim_id,
  own.saved_claim_id is null as is_group,
  case when paper.is_theirs then coalesce (paper.are_open, false)
  else coalesce (p.replay >= g.replay and case g.status when 'failure' then own.saved_claim_id is null
    when 'accepted' then case when own.saved_claim_id is not null
      -- the closer's record goes on after its claim is submitted, until the group is a success
      then g.proc_id is not null and (own.status = 'pending' or g.closer = own.saved_claim_id)
      -- after its set-up only a later replay's record has work left: children that it has not handed on yet
      else g.proc_id is null or (p.replay > 0 and exists (
        select from saved_claim_groups c where c.parent_claim_id = g.parent_claim_id and c.saved_claim_id <> c.parent_claim_id
          and c.status = 'pending'
          and not exists (select from record_places q where q.scope = c.saved_claim_id::text and q.replay >= p.replay)
          and not exists (select from outbox o where o.scope = c.saved_claim_id::text))) end end, false) end as is_open,
  case when paper.is_theirs then not coalesce (paper.are_open, false)
  else coalesce (case g.status when 'failure' then own.saved_claim_id is not null
    when 'accepted' then case when own.saved_claim_id is not null
      then own.status not in ('pending', 'held') and g.closer is distinct from own.saved_claim_id
      else g.proc_id is not null and p.replay = 0 end else true end, true) end as is_over,
  exists (select from holds h where h.resolved_at is null
    and h.claim_id = coalesce (own.saved_claim_id, g.parent_claim_id)
    and (not paper.is_theirs or h.reason = 'record-lost' or h.reason like 'papers-%')) as is_held,
  exists (select from outbox o where o.scope = p.scope) as is_in_outbox,
  -- by a process that lives: the record counted as open, or a step of its that may still be in a call
  exists (select from deliveries d join instances i on i.id = d.instance_id
    where d.topic = p.topic and d.partition = p.partition and p.record_offset = any (d.open_offsets)
      and i.ended_at is null and i.heartbeat_at > clock_timestamp () - interval '1 minute')
  or exists (select from step_journal j join runs r on r.scope = j.scope and r.token = j.token
    join instances i on i.id = r.instance_id
    where j.scope = p.scope and j.state = 'started' and j.started_at > clock_timestamp () - interval '15 minutes'
      and i.ended_at is null and i.heartbeat_at > clock_timestamp () - interval '1 minute') as is_in_hand
from record_places p
left join saved_claim_groups own on own.saved_claim_id = case when p.scope ~ '^[0-9]{1,18}$' then p.scope::bigint end
left join saved_claim_groups g on g.parent_claim_id = g.saved_claim_id and g.claim_group_guid =
  coalesce (own.claim_group_guid, case when p.scope ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(/papers)?$' then left (p.scope, 36)::uuid end)
cross join lateral (select p.scope like '%/papers' as is_theirs,
  case when p.scope like '%/papers' then exists (
    select from claims_evidence_api_submissions s where s.claim_group_id = g.id and s.settled_at is null) end as are_open) paper;
