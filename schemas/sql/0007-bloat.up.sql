-- Bounded bloat of the tables that every message passes through. A row that is taken again stays in its page, so that it needs
-- no new index entry (heap-only update): runs has room for one in four, deliveries, which is a handful of rows rewritten all
-- the time, for as much again. What dies is vacuumed when a fixed number has, however large the table is, and without pauses
-- where rows live for a moment: the server's default waits for a fifth of a table. Older programs see none of it.
-- admits: 6

alter table runs set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
alter table deliveries set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table delivery_records set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table outbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
                        autovacuum_vacuum_cost_delay = 0);
-- Large, and loses a thirtieth a day, or a row a step: a fifth of it would be millions.
alter table inbox set (autovacuum_vacuum_scale_factor = 0.05);
alter table step_journal set (autovacuum_vacuum_scale_factor = 0.05);
