-- Claims, claim groups, submissions and attempts: what vets-api keeps, with the constraints it only has by convention.
-- Times are the database's (clock_timestamp()). Sealed columns end in _ciphertext; encrypted_kms_key is their row's wrapped
-- data key, and such rows get their id from the program before the insert (it is part of the associated data).

create sequence claim_ids;
create sequence group_row_ids;

create table veterans (
  id uuid primary key,                       -- the veteran key: random, tells nothing
  lookup text not null,                      -- keyed HMAC of the participant id, else of the SSN
  created_at timestamptz not null default clock_timestamp (),
  constraint veteran_lookup_is_unique unique (lookup)
);

create table saved_claims (
  id bigint primary key,
  guid uuid not null,
  form_id text not null,
  parent_claim_id bigint references saved_claims (id),
  form_ciphertext bytea not null,
  encrypted_kms_key text not null,
  needs_kms_rotation boolean not null default false,
  created_at timestamptz not null default clock_timestamp (),
  updated_at timestamptz not null default clock_timestamp (),
  constraint claim_guid_is_unique unique (guid),
  constraint form_id_is_known check (form_id in ('686C-674', '21-686C', '21-674'))
);
create index saved_claims_by_parent on saved_claims (parent_claim_id);

-- One row per claim of a group; the group's own row is the one whose two claim ids are equal.
create table saved_claim_groups (
  id bigint primary key,
  claim_group_guid uuid not null,
  parent_claim_id bigint not null references saved_claims (id),
  saved_claim_id bigint not null references saved_claims (id),
  status text not null,
  veteran_id uuid not null references veterans (id),
  -- the group's own row only
  user_data_ciphertext bytea,
  encrypted_kms_key text,
  needs_kms_rotation boolean not null default false,
  submitted_at timestamptz,                  -- when the Veteran submitted: never moves, also on a redrive
  submission_day date,                       -- that moment's day in America/Chicago: dateOfClaim
  proc_id text,                              -- BGS proc shared by the children
  review_reasons text,                       -- not null: the group needs review; one reason code a line, first match first
  closer bigint references saved_claims (id),
  sequence bigint not null default 0,        -- of the last result event
  replay integer not null default 0,
  backup_begun_at timestamptz,
  -- a child's row only
  bgs_claim_id text,
  created_at timestamptz not null default clock_timestamp (),
  updated_at timestamptz not null default clock_timestamp (),
  constraint claim_is_in_one_group unique (saved_claim_id),
  constraint claim_is_once_in_group unique (parent_claim_id, saved_claim_id),
  constraint status_fits_the_row check (
    case when parent_claim_id = saved_claim_id
      then status in ('pending', 'accepted', 'success', 'failure', 'processing', 'failed')
      else status in ('pending', 'submitted', 'dead', 'stopped', 'held') end),
  constraint group_has_a_submission check (
    parent_claim_id <> saved_claim_id or (submitted_at is not null and submission_day is not null)),
  constraint submitted_has_a_benefit_claim check (status <> 'submitted' or bgs_claim_id is not null)
);
create index saved_claim_groups_by_veteran on saved_claim_groups (veteran_id);
create index saved_claim_groups_by_guid on saved_claim_groups (claim_group_guid);
create unique index one_group_row_per_guid on saved_claim_groups (claim_group_guid) where parent_claim_id = saved_claim_id;
create unique index one_group_row_per_parent on saved_claim_groups (parent_claim_id) where parent_claim_id = saved_claim_id;
create unique index benefit_claim_belongs_to_one_child on saved_claim_groups (bgs_claim_id) where bgs_claim_id is not null;

create table bgs_submissions (
  id bigint generated always as identity primary key,
  saved_claim_id bigint not null references saved_claims (id),
  form_id text not null,
  latest_status text not null default 'pending',
  bgs_claim_id text,
  created_at timestamptz not null default clock_timestamp (),
  updated_at timestamptz not null default clock_timestamp (),
  constraint one_submission_per_claim unique (saved_claim_id),
  constraint submission_status_is_known check (latest_status in ('pending', 'unknown', 'submitted', 'failure'))
);

create table bgs_submission_attempts (
  id bigint generated always as identity primary key,
  bgs_submission_id bigint not null references bgs_submissions (id),
  attempt_no integer not null,
  status text not null default 'pending',    -- pending: begun; unknown: a call without an answer; then submitted or failure
  bgs_claim_id text,
  error_class text,
  error_message text,                        -- neutral text: never a name, SSN or request
  created_at timestamptz not null default clock_timestamp (),
  updated_at timestamptz not null default clock_timestamp (),
  constraint attempt_is_unique unique (bgs_submission_id, attempt_no),
  constraint attempt_status_is_known check (status in ('pending', 'unknown', 'submitted', 'failure'))
);

-- Why a person must look at a claim or group: the mark needs-person, one row per open reason.
create table holds (
  id bigint generated always as identity primary key,
  claim_group_id bigint not null references saved_claim_groups (id),   -- the group's own row
  claim_id bigint not null references saved_claims (id),
  reason text not null,
  behind_claim_id bigint,                    -- reason "behind CLAIM": whose hold this one waits for
  opened_at timestamptz not null default clock_timestamp (),
  resolved_at timestamptz,
  resolution text
);
create unique index open_hold_is_unique on holds (claim_id, reason) where resolved_at is null;

create table idempotency_keys (
  key_hmac text primary key,
  body_hmac text not null,
  claim_group_guid uuid not null,
  answer text not null,
  created_at timestamptz not null default clock_timestamp ()
);
create index idempotency_keys_by_age on idempotency_keys (created_at);

create table claim_notifications (
  id bigint generated always as identity primary key,
  saved_claim_id bigint not null references saved_claims (id),
  kind text not null,
  state text not null default 'requested',
  notification_id text,
  created_at timestamptz not null default clock_timestamp (),
  updated_at timestamptz not null default clock_timestamp (),
  constraint one_mail_per_claim_and_kind unique (saved_claim_id, kind),
  constraint mail_kind_is_known check (kind in ('submitted', 'in_progress', 'received', 'error'))
);

create table persistent_attachments (
  id bigint generated always as identity primary key,
  saved_claim_id bigint not null references saved_claims (id),
  position integer not null,
  name_ciphertext bytea not null,
  content_ciphertext bytea not null,
  encrypted_kms_key text not null,
  needs_kms_rotation boolean not null default false,
  created_at timestamptz not null default clock_timestamp (),
  constraint attachment_position_is_unique unique (saved_claim_id, position)
);
