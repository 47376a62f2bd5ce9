drop table offered_records;
drop table offered_plans;
delete from privileges where relation in ('offered_plans', 'offered_records');
