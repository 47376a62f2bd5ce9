-- A consumer that an operator has paused takes nothing new; what it has in hand goes on to its end, and it stays in its consumer
-- group. Every process of it reads this with its heartbeat. An older program does not know it and is not paused.
-- admits: 10

create table consumer_pauses (
  consumer text primary key,
  since timestamptz not null default clock_timestamp (),
  action_id bigint not null references operator_actions (id)   -- who has, and why
);
