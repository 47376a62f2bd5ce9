drop table replay_records;
drop table replays;
