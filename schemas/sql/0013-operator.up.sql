-- What an operator asks and does: where records lie that no consumer goes on with (dead letters, quarantine), whose number is
-- whose, and who has done what. Rows are written when something dies, never when all goes well. An older program writes none:
-- its dead letters are in the topics only.
-- admits: 10

create table operator_actions (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp (),
  who text not null,                         -- the user that ran pipelinectl, and where
  database_user text not null default session_user,
  action text not null,                      -- the subcommand
  subject text not null,                     -- what it was done to: a claim, a consumer, a dead end, a plan
  claim_group_guid uuid,
  claim_id bigint,
  reason text not null,                      -- a person's free text: shown to those who may read personal data
  detail jsonb,
  constraint action_has_a_reason check (btrim (reason) <> '')
);
create index operator_actions_by_group on operator_actions (claim_group_guid) where claim_group_guid is not null;

create table dead_ends (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp (),
  consumer text not null,
  topic text not null,                       -- where it went, with prefix
  partition integer,                         -- null until its delivery report has come
  record_offset bigint,
  mark text not null,                        -- of its outbox row: that row's scope
  source text not null,                      -- topic/partition/offset of the record that failed
  scope text,                                -- as in runs; null: it could not be decoded
  claim_group_guid uuid,
  claim_id bigint,
  message_id text not null,
  hop integer not null,
  replay integer not null,
  attempt integer not null,
  error_class text not null,
  error_message text not null,               -- neutral text: never a name, SSN or request
  first_failed_at timestamptz,
  redriven_at timestamptz,                   -- sent on its way again by an operator
  redriven_by bigint references operator_actions (id)
);
create index dead_ends_by_topic on dead_ends (topic, id);
create index dead_ends_by_group on dead_ends (claim_group_guid) where claim_group_guid is not null;
create index dead_ends_under_way on dead_ends (mark) where record_offset is null;

create index groups_by_proc on saved_claim_groups (proc_id) where proc_id is not null;
create index submissions_by_benefit_claim on bgs_submissions (bgs_claim_id) where bgs_claim_id is not null;
