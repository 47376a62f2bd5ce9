drop table breaker_failures;
alter table breakers
  drop constraint only_half_open_has_a_prober, drop constraint half_open_has_a_limit,
  drop constraint not_closed_has_a_probe, drop constraint not_closed_has_opened_at,
  drop column probe_until, drop column prober, drop column wait_ms, drop column change_no;
