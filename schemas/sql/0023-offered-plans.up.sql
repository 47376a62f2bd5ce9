-- Plans of replays that an operator hands to the page, which has neither a broker to make one with nor the key that a plan's file is
-- sealed with: of each plan the records that send their group. They go when the plan has come to its end; older programs see none
-- of it.
-- admits: 10

create table offered_plans (
  plan text primary key,                     -- the plan's seal
  at timestamptz not null default clock_timestamp (),
  who text not null,
  reason text not null,
  records bigint not null,                   -- in the plan
  to_send bigint not null,                   -- claim groups that it sends
  calls bigint not null,
  looks bigint not null,
  replays_max integer not null
);

create table offered_records (
  plan text not null references offered_plans (plan),
  n bigint not null,                         -- the record's number in the plan
  claim_group_guid uuid not null,
  claim_id bigint,                           -- null: the group's own record
  source text not null,                      -- topic/partition/offset
  fingerprint text not null,                 -- of its group, as it was planned
  primary key (plan, n)
);

insert into privileges (part, relation, privilege) values
  ('reader', 'offered_plans', 'select'), ('reader', 'offered_records', 'select'),
  ('operator', 'offered_plans', 'select'), ('operator', 'offered_records', 'select'),
  ('operator', 'offered_plans', 'insert'), ('operator', 'offered_records', 'insert'),
  ('operator', 'offered_records', 'delete');
