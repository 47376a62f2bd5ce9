drop view watched_places;
drop table record_places;
alter table outbox drop column scope;
