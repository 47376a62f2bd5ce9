-- The server's defaults again; pages that were filled less stay as they are until they are written.

alter table step_journal reset (autovacuum_vacuum_scale_factor);
alter table inbox reset (autovacuum_vacuum_scale_factor);
alter table outbox reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,
                          autovacuum_vacuum_cost_delay);
alter table delivery_records reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
alter table deliveries reset (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
alter table runs reset (fillfactor, autovacuum_vacuum_scale_factor);
