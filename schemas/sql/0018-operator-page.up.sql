-- What the operators' page lists and counts: groups by state and time, open holds, dead ends that nobody has redriven. Each look is
-- at an index, however many claims there have been.
-- admits: 10

create index groups_by_time on saved_claim_groups (submitted_at, id) where parent_claim_id = saved_claim_id;
create index groups_by_state on saved_claim_groups (status, submitted_at, id) where parent_claim_id = saved_claim_id;
create index holds_open on holds (id) where resolved_at is null;
create index dead_ends_open on dead_ends (topic, at) where redriven_at is null;
