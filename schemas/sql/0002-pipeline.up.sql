-- The runner's own tables: who is alive, who works on what, what has been handled, what is to be published, and the
-- journal of every effect outside this database. See lib/pipeline/README.md for the life of a message.

create table instances (
  id uuid primary key,                       -- made at start, never used again
  program text not null,
  started_at timestamptz not null default clock_timestamp (),
  heartbeat_at timestamptz not null default clock_timestamp (),
  ended_at timestamptz                       -- a clean shutdown; dead at once instead of after 30 s
);

create table leases (
  name text primary key,
  instance_id uuid not null,
  token bigint not null,
  until timestamptz not null
);

-- One sequence gives all tokens: a later owner always has the larger one.
create sequence tokens;

-- Who works on a claim, a group or an e-mail now. Starting a step, taking a lock and settling need the token still here.
create table runs (
  scope text primary key,                    -- child claim id, group guid, or claim and e-mail kind
  instance_id uuid not null,
  token bigint not null,
  taken_at timestamptz not null default clock_timestamp ()
);

create table inbox (
  consumer text not null,
  message_id text not null,
  hop integer not null,
  replay integer not null,
  verdict text not null,
  handled_at timestamptz not null default clock_timestamp (),
  primary key (consumer, message_id, hop, replay),
  constraint verdict_is_known check (verdict in ('DONE', 'RETRY', 'HOLD', 'DEAD', 'QUARANTINE', 'STALE'))
);
create index inbox_by_age on inbox (handled_at);

create sequence outbox_ids;
create table outbox (
  id bigint primary key default nextval ('outbox_ids'),
  instance_id uuid not null,
  transaction_id xid8 not null default pg_current_xact_id (),
  topic text not null,                       -- with prefix
  partition integer,                         -- null: by key
  key bytea,
  value bytea,                               -- null: a tombstone
  headers bytea not null,                    -- lib/kafka/headers.h packs and unpacks it
  created_at timestamptz not null default clock_timestamp ()
);
create index outbox_by_instance on outbox (instance_id, id);

-- Open delivery counts: one row per instance and partition. An offset in open_offsets was taken and has no verdict yet.
create table deliveries (
  consumer text not null,
  topic text not null,
  partition integer not null,
  instance_id uuid not null,
  open_offsets bigint[] not null,
  counted_at timestamptz not null default clock_timestamp (),
  primary key (consumer, topic, partition, instance_id)
);

-- One row per record that is a suspect (found with an open count), or that waits in place for its next attempt.
create table delivery_records (
  consumer text not null,
  topic text not null,
  partition integer not null,
  record_offset bigint not null,
  instance_id uuid,                          -- who has it open as a suspect; null: closed
  is_suspect boolean not null default false,
  deaths integer not null default 0,         -- in succession, while a suspect
  attempt integer not null default 0,        -- attempts spent
  not_before timestamptz,
  first_failed_at timestamptz,
  failures text,                             -- short history, neutral texts
  waiting_since timestamptz,                 -- an unknown insert, or an open breaker: counts towards outage-max-wait
  primary key (consumer, topic, partition, record_offset)
);

create table step_journal (
  scope text not null,
  step text not null,                        -- a stored contract: renaming one needs a migration
  ordinal integer not null,                  -- each start of the step is one row
  token bigint not null,
  state text not null,
  digest text,                               -- keyed HMAC of the request without its clock fields
  note text,                                 -- not personal: the increment of an insert, the kind of failure
  result_ciphertext bytea,
  encrypted_kms_key text,
  started_at timestamptz not null default clock_timestamp (),
  finished_at timestamptz,
  primary key (scope, step, ordinal),
  constraint step_state_is_known check (state in ('started', 'finished', 'failed', 'given up', 'unknown', 'not there')),
  constraint ended_has_finished_at check ((state = 'started') = (finished_at is null))
);
-- At most one row of a step stands started.
create unique index step_is_started_once on step_journal (scope, step) where state = 'started';

-- The Veteran's lock: between asking for an increment and the end of the insert that uses it.
create table veteran_locks (
  veteran_id uuid primary key references veterans (id),
  claim_id bigint not null references saved_claims (id),
  token bigint not null,
  increment text,
  since timestamptz not null default clock_timestamp ()
);

create table breakers (
  downstream text primary key,
  state text not null default 'closed',
  opened_at timestamptz,
  probe_at timestamptz,
  closed_at timestamptz,
  constraint breaker_state_is_known check (state in ('closed', 'open', 'half-open'))
);

-- Fingerprints of secrets that all processes must share.
create table shared_secrets (
  name text primary key,
  fingerprint text not null,
  recorded_at timestamptz not null default clock_timestamp ()
);
