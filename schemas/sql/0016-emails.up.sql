-- What has become of each e-mail. The row stands since the e-mail was asked for, before any call, one a claim and kind; its
-- reference goes along, so that a callback finds it even where the answer that had the notification's id never came. error_again is
-- the error e-mail once more, to the Veteran's other address, after the first one came back. Older programs ask for e-mails and
-- look at nothing else here.
-- admits: 6

alter table claim_notifications
  add column reference uuid not null default gen_random_uuid (),
  add column told text,                        -- the service's own word, of the last callback
  add column failure text,                     -- why it was not sent, or not delivered: neutral text, never an address
  add column state_at timestamptz not null default clock_timestamp (),
  add column on_its_way_at timestamptz,        -- first known to be accepted; null: not, or only by its coming back
  drop constraint mail_kind_is_known,
  add constraint mail_kind_is_known check (kind in ('submitted', 'in_progress', 'received', 'error', 'error_again')),
  -- requested; then sent (accepted), deferred (a mailbox that is full), delivered, bounced; or failed (certainly not sent), unknown
  -- (nobody knows, and it is not sent again), off (not sent in this environment)
  add constraint mail_state_is_known check (
    state in ('requested', 'sent', 'deferred', 'delivered', 'bounced', 'failed', 'unknown', 'off')),
  add constraint mail_reference_is_unique unique (reference);
create index mail_of_notification on claim_notifications (notification_id) where notification_id is not null;
create index mails_to_watch on claim_notifications (state, state_at) where state in ('requested', 'deferred', 'unknown');
