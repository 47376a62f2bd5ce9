drop index groups_by_state;
drop index groups_by_time;
create index groups_by_time on saved_claim_groups (submitted_at, id) where parent_claim_id = saved_claim_id;
create index groups_by_state on saved_claim_groups (status, submitted_at, id) where parent_claim_id = saved_claim_id;
alter table saved_claim_groups drop constraint only_a_group_is_submitted;
