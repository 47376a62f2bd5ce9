-- What a record in a retry tier waits for, written in the transaction that settles it there, and what was seen when a claim was
-- held: so that an operator's question is a look at indexed rows, not a search through topics. Nothing is written when all goes
-- well. An older program neither writes nor deletes such a row: the view leaves out what the inbox says is settled.
-- admits: 10

create table tier_waits (
  scope text primary key,                    -- as in runs
  claim_group_guid uuid,                     -- null: of no group
  consumer text not null,
  topic text not null,                       -- the tier's, with prefix
  partition integer not null,
  message_id text not null,                  -- with hop and replay: the record that waits
  hop integer not null,
  replay integer not null,
  attempt integer not null,                  -- attempts spent
  is_look boolean not null,                  -- it looks again, and no attempt was spent
  error_class text not null,                 -- of the last failure
  error_message text not null,               -- neutral text: never a name, SSN or request
  due_at timestamptz not null,
  waiting_since timestamptz,                 -- for a downstream or an unknown insert: counts towards outage-max-wait
  written_at timestamptz not null default clock_timestamp ()
) with (fillfactor = 80);
create index tier_waits_by_topic on tier_waits (consumer, topic, due_at);
create index tier_waits_by_group on tier_waits (claim_group_guid);

create view waiting_in_tiers as
select * from tier_waits w
where not exists (select from inbox i where i.consumer = w.consumer and i.message_id = w.message_id and i.hop = w.hop
                  and i.replay = w.replay);

alter table holds add column candidates jsonb;   -- benefit claims that may be the claim's own, as BGS showed them
create index holds_by_group on holds (claim_group_id);
