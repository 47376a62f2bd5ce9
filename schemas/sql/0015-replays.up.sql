-- Plans that an operator has applied, and what became of each record of them: so that an apply which ends in the middle goes on
-- where it was. What a plan leaves alone has no row. Older programs see none of it.
-- admits: 10

create table replays (
  plan text primary key,                     -- the plan's seal
  who text not null,
  reason text not null,
  records bigint not null,                   -- in the plan
  to_send bigint not null,                   -- claim groups that it sends
  began_at timestamptz not null default clock_timestamp (),
  ended_at timestamptz                       -- null: not to its end yet
);

create table replay_records (
  plan text not null references replays (plan),
  n bigint not null,                         -- the record's number in the plan
  claim_group_guid uuid not null,
  outcome text not null,
  why text,                                  -- of a refusal
  at timestamptz not null default clock_timestamp (),
  primary key (plan, n),
  constraint replay_outcome_is_known check (outcome in ('sent', 'refused')),
  constraint refused_says_why check ((outcome = 'refused') = (why is not null))
);
