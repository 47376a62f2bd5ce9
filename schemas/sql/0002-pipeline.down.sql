drop table shared_secrets, breakers, veteran_locks, step_journal, delivery_records, deliveries, outbox, inbox, runs, leases,
  instances;
drop sequence outbox_ids, tokens;
