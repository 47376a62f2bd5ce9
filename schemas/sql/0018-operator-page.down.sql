drop index dead_ends_open;
drop index holds_open;
drop index groups_by_state;
drop index groups_by_time;
