-- Made anew, so that the columns stand where they stood. Every row gets a new id, for those of two processes may be equal; the
-- order within a process stays.
create sequence outbox_ids;
create table outbox_before (
  id bigint default nextval ('outbox_ids'),
  instance_id uuid not null,
  transaction_id xid8 not null default pg_current_xact_id (),
  topic text not null,
  partition integer,
  key bytea,
  value bytea,
  headers bytea not null,
  created_at timestamptz not null default clock_timestamp ()
);
insert into outbox_before (instance_id, topic, partition, key, value, headers, created_at)
select instance_id, topic, partition, key, value, headers, created_at from outbox order by instance_id, id;
drop table outbox;
alter table outbox_before rename to outbox;
alter table outbox add constraint outbox_pkey primary key (id);
create index outbox_by_instance on outbox (instance_id, id);
