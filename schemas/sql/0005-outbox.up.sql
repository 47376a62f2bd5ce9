-- An outbox row's id is its process's own number, so that no id has to come back from the insert, which can be the last
-- statement of its transaction; one index serves all readers. A row that the broker refuses says so in itself: what is
-- told once stays told, and the pause before the next try survives its process. Rows that exist keep their ids.

drop index outbox_by_instance;
alter table outbox
  drop constraint outbox_pkey,
  alter column id drop default,
  drop column transaction_id,                -- no reader asks any more which transactions are still open
  add column refused_at timestamptz,         -- the first refusal; null: never refused
  add column refusals integer not null default 0,
  add column refusal text,                   -- the broker's newest answer
  add column again_at timestamptz,           -- when it is tried again
  add constraint refused_has_a_next_try check ((refused_at is null) = (again_at is null)),
  add constraint outbox_pkey primary key (instance_id, id);
drop sequence outbox_ids;
create index outbox_refused on outbox (instance_id, again_at) where refused_at is not null;
