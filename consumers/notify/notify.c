/* notify: tells the Veteran by e-mail, through VA Notify.
 *
 *   reads    notifications              keyed by claim group: one e-mail, asked for by whoever wrote
 *            the change of state it tells of
 *   emits    events, with the ledger's changes
 *   calls    VA Notify: one POST an e-mail
 *   repeat   never sent twice: the ledger's row stands before the call, one a claim and kind, the
 *            call is a journalled step, and what nobody knows of it is not made again. The callback
 *            tells, which claim-api receives
 *   dead     the e-mail has failed; of an error e-mail the ledger says what then
 *   beside   error e-mails that wait for too long, and gauges (overdue.h)
 *
 * Source: README.md beside this file. */
#include <string.h>

#include "base/metrics.h"
#include "claims/claim-group.h"
#include "consumers/notify/notify.sql.h"
#include "events/notification-requested.h"
#include "mail.h"
#include "notify/ledger.h"
#include "notify/notify.h"
#include "notify/verdicts.h"
#include "overdue.h"
#include "pipeline/consumer.h"
#include "pipeline/run.h"
#include "pipeline/step.h"
#include "pipeline/verdicts.h"
#include "program/journal.h"

#define SEND_STEP       "send-email"
#define NO_ADDRESS      "no-address"
#define NO_OTHER        "no-other-address"
#define UNKNOWN_WAIT_MS 1000
#define TRIAL_WAIT_MS   500
#define IN_FLIGHT_MAX   8 /* what an outage can leave without an answer at its beginning */

/* What the process has. */
typedef struct {
  NotifyClient *client;
  NotifyTemplates *templates;
  Overdue *overdue;
  const Settings *settings;
} Clients;

/* What the story works on. */
typedef struct {
  Run *run;
  Clients *clients;
  LedgerRow *row;
  const NotifyTemplate *template;
  char *address; /* NULL: there is none to send it to */
  json_t *values;
  gboolean stands_started; /* it has been sent before, and nobody knows */
  NotifyEntry entry;
} Mail;

static Mail *open_mail (Run *run, const NotificationRequested *asked, GError **error);
static void mail_free (Mail *mail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Mail, mail_free)
static gboolean is_open (Mail *mail, gboolean *ret_is_open, GError **error);
static gboolean leave_out (const Mail *mail);
static gboolean enter (Mail *mail, GError **error);
static gboolean send_once (Mail *mail, GError **error);

static gboolean
send_mail (Run *run, gconstpointer message, GError **error)
{
  g_autoptr (Mail) mail = open_mail (run, message, error);
  gboolean is_to_be_sent = FALSE;

  if (!mail || !is_open (mail, &is_to_be_sent, error))
    return FALSE;
  if (!is_to_be_sent) {
    metrics_count (METRIC_EMAILS, 1, mail->row->kind, "duplicate", NULL);
    return run_skip (run, "it has been sent, or never will be");
  }
  if (!mail->template->id)
    return leave_out (mail);
  if (!mail->address)
    return run_refuse (run, g_str_equal (mail->row->kind, "error_again") ? NO_OTHER : NO_ADDRESS,
                       error);

  return enter (mail, error) && send_once (mail, error);
}

/* --- The e-mail --- */

/* The error e-mail that came back goes to the second of the addresses, every other to the first. */
static void
write_mail (Mail *mail, const ClaimGroup *group, const json_t *form)
{
  const MailFacts facts = {
    .user_data = group->user_data,
    .form = form,
    .guid = group->guid,
    .day = group->submission_day,
    .no_name = settings_text (mail->clients->settings, "email-neutral-name"),
  };
  g_auto (GStrv) addresses = mail_addresses (&facts);
  guint which = g_str_equal (mail->row->kind, "error_again") ? 1 : 0;
  gboolean has_686c = FALSE, has_674 = FALSE;

  for (guint i = 0; i < group->children->len; i++) {
    const ChildClaim *child = g_ptr_array_index (group->children, i);

    has_686c |= g_str_equal (child->form_type, "21-686C");
    has_674 |= g_str_equal (child->form_type, "21-674");
  }
  mail->template =
      notify_templates_find (mail->clients->templates, mail->row->kind, has_686c, has_674);
  if (g_strv_length (addresses) > which)
    mail->address = g_strdup (addresses[which]);
  mail->values = mail_values (mail->template, &facts);
}

static gboolean
load (Mail *mail, Db *db, const NotificationRequested *asked, GError **error)
{
  Sealer *sealer = run_sealer (mail->run);
  g_autofree char *kind = g_ascii_strdown (asked->kind, -1);
  g_autoptr (ClaimGroup) group = NULL;
  g_autoptr (json_t) form = NULL;

  mail->row = ledger_get (db, asked->claim_id, kind, error);
  if (!mail->row)
    return FALSE;
  group = claim_group_load (db, sealer, mail->row->guid, error);
  form = group ? claim_load_form (db, sealer, group->parent_claim_id, error) : NULL;
  if (!form)
    return FALSE;
  write_mail (mail, group, form);
  return TRUE;
}

static Mail *
open_mail (Run *run, const NotificationRequested *asked, GError **error)
{
  g_autoptr (Mail) mail = g_new0 (Mail, 1);
  Db *db = run_db_take (run, error);
  gboolean is_loaded;

  mail->run = run;
  mail->clients = run_context (run);
  is_loaded = db && load (mail, db, asked, error);
  run_db_give (run, db);
  return is_loaded ? g_steal_pointer (&mail) : NULL;
}

static void
mail_free (Mail *mail)
{
  if (!mail)
    return;
  notify_trust_leave (notify_client_trust (mail->clients->client), mail->entry);
  ledger_row_free (mail->row);
  g_free (mail->address);
  json_decref (mail->values);
  g_free (mail);
}

/* A callback may have told of it before its step was ended. */
static gboolean
is_open (Mail *mail, gboolean *ret_is_open, GError **error)
{
  g_autoptr (GError) problem = NULL;
  const JournalRow *step = run_journal_find (mail->run, NULL, SEND_STEP, &problem);

  if (problem) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  mail->stands_started = step && g_str_equal (step->state, "started");
  *ret_is_open = mail->stands_started || g_str_equal (mail->row->state, MAIL_REQUESTED);
  return TRUE;
}

/* --- What the message's transaction writes --- */

/* Owned, for the story is over by then. */
typedef struct {
  gint64 parent_claim_id;
  char *kind;
  const char *to, *why; /* static */
} Ending;

static void
ending_free (gpointer data)
{
  Ending *ending = data;

  g_free (ending->kind);
  g_free (ending);
}

static gboolean
settle_ending (Transaction *transaction, Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  const Ending *ending = data;
  const LedgerNews news = { .to = ending->to, .why = ending->why };
  g_autoptr (LedgerRow) row =
      ledger_get (transaction_db (transaction), ending->parent_claim_id, ending->kind, error);

  return row && ledger_move (transaction, row, &news, NULL, error);
}

static gboolean
end_as (const Mail *mail, const char *to, const char *why)
{
  Ending *ending = g_new0 (Ending, 1);

  *ending = (Ending){ .parent_claim_id = mail->row->parent_claim_id,
                      .kind = g_strdup (mail->row->kind),
                      .to = to,
                      .why = why };
  run_on_settle (mail->run, settle_ending, ending, ending_free);
  return TRUE;
}

static gboolean
leave_out (const Mail *mail)
{
  metrics_count (METRIC_EMAILS, 1, mail->row->kind, "disabled", NULL);
  return end_as (mail, MAIL_OFF, NULL);
}

/* --- The call --- */

static NotifyMail
mail_to_send (const Mail *mail)
{
  return (NotifyMail){ .template_id = mail->template->id,
                       .address = mail->address,
                       .personalisation = mail->values,
                       .reference = mail->row->reference };
}

static char *
call_ask (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  const Mail *mail = data;
  const NotifyMail to_send = mail_to_send (mail);

  return notify_ask (mail->clients->client, &to_send, error) ? g_strdup ("") : NULL;
}

/* An e-mail that is not answered is never sent again: none is risked while nothing answers. What has
 * been sent before, and was not answered, is not risked any more. */
static gboolean
enter (Mail *mail, GError **error)
{
  g_autofree char *answer = NULL;

  if (mail->stands_started)
    return TRUE;
  mail->entry = notify_trust_enter (notify_client_trust (mail->clients->client));
  if (mail->entry == NOTIFY_ENTRY_FREE)
    return TRUE;
  if (mail->entry == NOTIFY_ENTRY_WAIT)
    return run_snooze (mail->run, TRIAL_WAIT_MS, "another e-mail is being risked", error);
  answer = run_read (mail->run, "ask-whether-it-is-back", NULL, call_ask, mail, error);
  return answer != NULL;
}

static char *
call_send (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  const Mail *mail = data;
  const NotifyMail to_send = mail_to_send (mail);

  return notify_send (mail->clients->client, &to_send, mail->entry, error);
}

/* Whether a callback has come for it: nobody else can be asked. */
static LookOutcome
look_for_callback (Run *run, gpointer data, char **ret_result, GError **error)
{
  const Mail *mail = data;
  Db *db = run_db_take (run, error);
  g_autoptr (LedgerRow) row =
      db ? ledger_get (db, mail->row->parent_claim_id, mail->row->kind, error) : NULL;

  run_db_give (run, db);
  if (!row)
    return LOOK_FAILED;
  if (!row->notification_id)
    return LOOK_CANNOT;
  *ret_result = g_strdup (row->notification_id);
  return LOOK_THERE;
}

/* In the transaction that ends the step: journal and ledger say the same. */
static gboolean
note_sent (Transaction *transaction, Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  const Mail *mail = data;
  const LedgerNews news = { .to = MAIL_SENT,
                            .notification_id = transaction_step_result (transaction) };

  return ledger_move (transaction, mail->row, &news, NULL, error);
}

static gboolean
send_once (Mail *mail, GError **error)
{
  Run *run = mail->run;
  const Step step = {
    .name = SEND_STEP,
    .call = call_send,
    .look = look_for_callback,
    .looks_here = TRUE,
    .once = TRUE,
    .on_end = note_sent,
    .timeout_ms = notify_send_limit_ms (run_settings (run)),
  };
  g_autoptr (GError) problem = NULL;
  g_autofree char *id = run_step (run, &step, mail, &problem);

  /* No attempt is spent: it is not made again, and a callback may come meanwhile. */
  if (g_error_matches (problem, PIPELINE_ERROR, PIPELINE_ERROR_UNKNOWN))
    return run_snooze (run, UNKNOWN_WAIT_MS, problem->message, error);
  if (!id) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  if (!step_was_given_up (run, NULL, SEND_STEP)) {
    metrics_count (METRIC_EMAILS, 1, mail->row->kind, "sent", NULL);
    return TRUE;
  }
  metrics_count (METRIC_EMAILS, 1, mail->row->kind, "unknown", NULL);
  return end_as (mail, MAIL_UNKNOWN, "no answer and no callback");
}

/* --- The end without success --- */

/* An e-mail that is tried again is no change of its state. */
static gboolean
record_attempt (Transaction *transaction G_GNUC_UNUSED, Run *run G_GNUC_UNUSED,
                gconstpointer message G_GNUC_UNUSED, const char *status G_GNUC_UNUSED,
                const GError *reason G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  return TRUE;
}

/* The call may be out all the same: then it is unknown, and not failed. */
static gboolean
give_up_started (Transaction *transaction, Run *run, gboolean *ret_stood, GError **error)
{
  g_autoptr (DbRows) rows = db_query (transaction_db (transaction), error, SQL_SEND_STANDS_STARTED,
                                      "tt", run_scope (run), SEND_STEP);

  if (!rows)
    return FALSE;
  *ret_stood = db_rows_count (rows) > 0;
  return !*ret_stood || journal_give_up (transaction, rows, 0, error);
}

static gboolean
fail_mail (Transaction *transaction, Run *run, gconstpointer message, const GError *reason,
           gboolean *ret_dead_letter, GError **error)
{
  const NotificationRequested *asked = message;
  g_autofree char *kind = g_ascii_strdown (asked->kind, -1);
  g_autoptr (GError) problem = NULL;
  g_autoptr (LedgerRow) row =
      ledger_find (transaction_db (transaction), asked->claim_id, kind, &problem);
  gboolean is_our_rule = g_error_matches (reason, PIPELINE_ERROR, PIPELINE_ERROR_DEAD);
  LedgerNews news = {
    .to = MAIL_FAILED,
    .why = is_our_rule ? reason->message : verdict_error_class (reason),
    .by_its_address = g_error_matches (reason, NOTIFY_ERROR, NOTIFY_ERROR_REFUSED),
  };
  gboolean stood = FALSE;

  if (problem) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  if (!row) /* one that nobody has asked for is a person's */
    return TRUE;
  *ret_dead_letter = FALSE; /* the ledger says it all */
  if (!give_up_started (transaction, run, &stood, error))
    return FALSE;
  if (stood)
    news.to = MAIL_UNKNOWN;
  metrics_count (METRIC_EMAILS, 1, row->kind, stood ? "unknown" : "failed", NULL);
  return ledger_move (transaction, row, &news, NULL, error);
}

/* --- The consumer --- */

static gpointer
decode (EventCodec *codec, GBytes *value, const Record *record G_GNUC_UNUSED, GError **error)
{
  return notification_requested_decode (codec, value, error);
}

static void
scope_of_mail (gconstpointer message, RunScope *ret_scope)
{
  const NotificationRequested *asked = message;
  g_autofree char *kind = g_ascii_strdown (asked->kind, -1);

  ret_scope->scope = g_strdup_printf ("%" G_GINT64_FORMAT "/%s", asked->claim_id, kind);
  ret_scope->claim_group_id = asked->claim_group_id;
}

static void
clients_free (gpointer data)
{
  Clients *clients = data;

  if (!clients)
    return;
  notify_client_free (clients->client);
  notify_templates_free (clients->templates);
  g_free (clients);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Clients, clients_free)

static gpointer
start (const Settings *settings, GError **error)
{
  g_autoptr (Clients) clients = g_new0 (Clients, 1);

  clients->settings = settings;
  clients->templates = notify_templates_new (settings, error);
  if (!clients->templates)
    return NULL;
  clients->client = notify_client_new (settings, error);
  return clients->client ? g_steal_pointer (&clients) : NULL;
}

static void
begin_beside (gpointer context, Program *program)
{
  Clients *clients = context;

  clients->overdue = overdue_start (program, clients->settings);
}

static gboolean
end_beside (gpointer context, gint64 until_us G_GNUC_UNUSED)
{
  Clients *clients = context;

  overdue_stop (
      g_steal_pointer (&clients->overdue)); /* waits for the database alone, which is bounded */
  return TRUE;
}

static const Setting own_settings[] = {
  { .name = "email-neutral-name",
    .type = SETTING_TEXT,
    .default_value = "VETERAN",
    .help = "What an e-mail calls a Veteran of whom no first name is known." },
  { NULL },
};
static const Setting *const settings[] = { notify_settings, notify_templates_settings,
                                           overdue_settings, own_settings, NULL };
static const char *const downstreams[] = { DOWNSTREAM_NOTIFY, NULL };

static const Consumer notify = {
  .name = "notify",
  .topic = "notifications",
  .decode = decode,
  .free_message = notification_requested_free,
  .scope = scope_of_mail,
  .handle = send_mail,
  .give_up = fail_mail,
  .attempted = record_attempt,
  .downstreams = downstreams,
  .dead_letter = "quarantine",
  .outlives_groups = TRUE,
  .in_flight_max = IN_FLIGHT_MAX,
  .verdicts = notify_verdicts,
  .call_limit_ms = notify_call_limit_ms,
  .start = start,
  .stop = clients_free,
  .begin_beside = begin_beside,
  .end_beside = end_beside,
  .settings = settings,
};

int
main (int argc, char **argv)
{
  return consumer_main (&notify, argc, argv);
}
