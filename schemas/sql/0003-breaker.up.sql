-- The breaker's shared state: who probes and until when, how long it has been waiting between probes, and the claims that have
-- failed in succession. change_no grows with each change, so that a change can be conditional on the row being as read and a
-- report on belonging to the state in which its call was let through. See lib/pipeline/breaker.h.

alter table breakers
  add column change_no bigint not null default 0,
  add column wait_ms bigint,                 -- from the last opening to its probe; doubled by a failed probe
  add column prober uuid,                    -- instance that holds the probe; null: given back
  add column probe_until timestamptz,        -- after that another instance may take it
  add constraint not_closed_has_opened_at check (state = 'closed' or opened_at is not null),
  add constraint not_closed_has_a_probe check (state = 'closed' or (probe_at is not null and wait_ms is not null)),
  add constraint half_open_has_a_limit check ((state = 'half-open') = (probe_until is not null)),
  add constraint only_half_open_has_a_prober check (prober is null or state = 'half-open');

-- Claims whose last call got no answer, since the last call that got one. A claim is one row, however often it fails.
create table breaker_failures (
  downstream text not null,
  scope text not null,
  at timestamptz not null,
  primary key (downstream, scope)
);
