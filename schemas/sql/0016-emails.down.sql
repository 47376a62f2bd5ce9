drop index mails_to_watch, mail_of_notification;
-- What an older program cannot tell apart.
delete from claim_notifications where kind = 'error_again';
alter table claim_notifications
  drop constraint mail_reference_is_unique,
  drop constraint mail_state_is_known,
  drop constraint mail_kind_is_known,
  add constraint mail_kind_is_known check (kind in ('submitted', 'in_progress', 'received', 'error')),
  drop column reference,
  drop column told,
  drop column failure,
  drop column state_at,
  drop column on_its_way_at;
