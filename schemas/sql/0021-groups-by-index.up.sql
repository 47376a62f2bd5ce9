-- The indexes of 0018 could not be read alone: whether a row is a group's own stood in two columns that they do not have. It is the
-- same to say that it has a time of submission, which children have not, and which they have: counting all groups by state is
-- then a look at the index.
-- admits: 10

alter table saved_claim_groups add constraint only_a_group_is_submitted check (
  (parent_claim_id = saved_claim_id) = (submitted_at is not null)) not valid;
drop index groups_by_time;
drop index groups_by_state;
create index groups_by_time on saved_claim_groups (submitted_at, id) where submitted_at is not null;
create index groups_by_state on saved_claim_groups (status, submitted_at, id) where submitted_at is not null;
