drop index holds_by_group;
alter table holds drop column candidates;
drop view waiting_in_tiers;
drop table tier_waits;
