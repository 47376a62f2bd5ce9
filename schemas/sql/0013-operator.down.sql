drop index submissions_by_benefit_claim;
drop index groups_by_proc;
drop table dead_ends;
drop table operator_actions;
