-- Made anew, so that the columns stand where they stood. What waits in a tier stays there: the release before reads none.
create table delivery_records_before (
  consumer text not null,
  topic text not null,
  partition integer not null,
  record_offset bigint not null,
  instance_id uuid,
  is_suspect boolean not null default false,
  deaths integer not null default 0,
  attempt integer not null default 0,
  not_before timestamptz,
  first_failed_at timestamptz,
  failures text,
  waiting_since timestamptz,
  primary key (consumer, topic, partition, record_offset)
);
insert into delivery_records_before
  (consumer, topic, partition, record_offset, instance_id, is_suspect, deaths, waiting_since)
select consumer, topic, partition, record_offset, instance_id, is_suspect, deaths, waiting_since from delivery_records;
drop table delivery_records;
alter table delivery_records_before rename to delivery_records;
alter index delivery_records_before_pkey rename to delivery_records_pkey;
