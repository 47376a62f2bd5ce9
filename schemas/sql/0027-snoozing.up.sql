-- How many records of its own a process lets wait in memory, told with its heartbeat: an operator saw only those that wait for a
-- downstream, which alone leave a row. Null: by a program that does not tell it. Older programs see none of it.
-- admits: 10

alter table instances add column snoozing integer;
