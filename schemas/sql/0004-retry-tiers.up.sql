-- A message that has to wait for its next attempt is a record in a retry tier, with its attempts and failures in headers;
-- what is left here are suspects and records that wait for a downstream.
alter table delivery_records
  drop column attempt, drop column not_before, drop column first_failed_at, drop column failures;
