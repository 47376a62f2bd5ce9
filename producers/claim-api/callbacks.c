/* Callbacks of VA Notify. See callbacks.h. */
#include "callbacks.h"

#include <string.h>

#include "answers.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "notify/callback.h"
#include "notify/key.h"
#include "notify/ledger.h"

#define BEARER  "Bearer "
#define KEPT_US (4 * G_USEC_PER_SEC) /* they wait for 5 s */

const Setting callbacks_settings[] = {
  { .name = "notify-callback-keys",
    .type = SETTING_TEXT,
    .default_value = "",
    .help =
        "API keys of VA Notify whose signatures callbacks may bear, with commas between them: the "
        "present one, and the one before it for as long as its e-mails may be told of.",
    .secret = TRUE },
  { .name = "notify-callback-token",
    .type = SETTING_TEXT,
    .default_value = "",
    .help = "Bearer token of the callbacks that are configured at VA Notify for the service.",
    .secret = TRUE },
  { NULL },
};

struct Callbacks {
  char **secrets;      /* NULL-terminated */
  char *authorization; /* NULL: no callback comes with a token */
};

Callbacks *
callbacks_new (const Settings *settings, GError **error)
{
  g_auto (GStrv) keys = g_strsplit (settings_text (settings, "notify-callback-keys"), ",", -1);
  const char *token = settings_text (settings, "notify-callback-token");
  g_autoptr (GStrvBuilder) secrets = g_strv_builder_new ();
  Callbacks *callbacks;

  for (gsize i = 0; keys[i]; i++) {
    g_autoptr (NotifyKey) key = NULL;

    if (!*g_strstrip (keys[i]))
      continue;
    key = notify_key_parse (keys[i], error);
    if (!key) {
      g_prefix_error (error, "notify-callback-keys: ");
      return NULL;
    }
    g_strv_builder_add (secrets, key->secret);
  }
  callbacks = g_new0 (Callbacks, 1);
  callbacks->secrets = g_strv_builder_end (secrets);
  callbacks->authorization = *token ? g_strconcat (BEARER, token, NULL) : NULL;
  return callbacks;
}

void
callbacks_free (Callbacks *callbacks)
{
  if (!callbacks)
    return;
  g_strfreev (callbacks->secrets);
  g_free (callbacks->authorization);
  g_free (callbacks);
}

/* --- Who may tell --- */

static const char *
header (const HttpServerRequest *request, const char *name)
{
  return g_hash_table_lookup (request->headers, name);
}

static HttpReply *
refuse (int status, const char *title, const char *detail)
{
  log_limited (LOG_LEVEL_WARNING, "callback", "a callback was refused", "reason", detail, NULL);
  return answer_error (status, title, detail);
}

static HttpReply *
refuse_stranger (void)
{
  HttpReply *reply = refuse (401, "Not authorized", "A valid signature or bearer token is needed.");

  http_reply_header (reply, "WWW-Authenticate", "Bearer realm=\"callbacks\"");
  return reply;
}

/* A token shows in the head whether it is right; a signature only that there is one. */
static gboolean
may_be_genuine (const Callbacks *callbacks, const HttpServerRequest *request)
{
  const char *authorization = header (request, "authorization");

  if (authorization)
    return callbacks->authorization &&
           text_equal_constant_time (callbacks->authorization, authorization);
  return callbacks->secrets[0] && header (request, NOTIFY_SIGNATURE_HEADER);
}

static HttpReply *
judge_size (const HttpServerRequest *request)
{
  const char *length = header (request, "content-length");
  gint64 bytes = 0;

  if (!length)
    return refuse (411, "Length required", "A callback says how long it is.");
  if (!parse_int64 (length, 0, G_MAXINT64, &bytes) || bytes > NOTIFY_CALLBACK_MAX_BYTES)
    return refuse (413, "Content too large", "A callback is at most 16 KiB long.");
  return NULL;
}

HttpReply *
callbacks_judge (const Callbacks *callbacks, const HttpServerRequest *request)
{
  HttpReply *reply;

  if (!may_be_genuine (callbacks, request))
    return refuse_stranger ();
  if (strcmp (request->method, "POST") != 0) {
    reply = answer_error (405, "Method not allowed", "This path takes another method.");
    http_reply_header (reply, "Allow", "POST");
    return reply;
  }
  return judge_size (request);
}

/* --- What is kept --- */

/* On its way into the database. It owns what it needs, for its caller may be gone. */
typedef struct {
  Program *program;
  NotifyCallback *callback;
  const char *outcome; /* static; NULL: not kept */
  gboolean has_moved;
  char *kind; /* of the e-mail that has */
  GError *error;
} Keeping;

static void
keeping_free (gpointer data)
{
  Keeping *keeping = data;

  if (!keeping)
    return;
  notify_callback_free (keeping->callback);
  g_free (keeping->kind);
  g_clear_error (&keeping->error);
  g_free (keeping);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Keeping, keeping_free)

/* NULL: it says nothing of an e-mail's way. */
static const char *
state_of (const NotifyCallback *callback)
{
  switch (notify_news_of (callback->status)) {
  case NOTIFY_NEWS_ON_ITS_WAY:
    return MAIL_SENT;
  case NOTIFY_NEWS_DEFERRED:
    return MAIL_DEFERRED;
  case NOTIFY_NEWS_DELIVERED:
    return MAIL_DELIVERED;
  case NOTIFY_NEWS_BOUNCED:
    return MAIL_BOUNCED;
  case NOTIFY_NEWS_NONE:
    break;
  }
  return NULL;
}

static gboolean
move (Transaction *transaction, Keeping *keeping, const LedgerRow *row, GError **error)
{
  const NotifyCallback *callback = keeping->callback;
  const char *to = state_of (callback);
  const LedgerNews news = {
    .to = to,
    .notification_id = callback->id,
    .told = callback->status,
    .why = g_strcmp0 (to, MAIL_BOUNCED) == 0 ? callback->status : NULL,
    .by_its_address = TRUE,
  };

  if (!to) {
    keeping->outcome = "no-news";
    return TRUE;
  }
  /* Somebody else's e-mail under our reference: it cannot be told what became of ours by it. */
  if (row->notification_id && !g_str_equal (row->notification_id, callback->id)) {
    keeping->outcome = "other-id";
    return TRUE;
  }
  if (!ledger_move (transaction, row, &news, &keeping->has_moved, error))
    return FALSE;
  keeping->outcome = keeping->has_moved ? "moved" : "repeated";
  g_free (keeping->kind);
  keeping->kind = g_strdup (row->kind);
  return TRUE;
}

static gboolean
keep (Transaction *transaction, gpointer data, GError **error)
{
  Keeping *keeping = data;
  g_autoptr (GError) problem = NULL;
  g_autoptr (LedgerRow) row = ledger_find_told (
      transaction_db (transaction), keeping->callback->reference, keeping->callback->id, &problem);

  keeping->outcome = NULL;
  keeping->has_moved = FALSE;
  if (problem) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  if (!row) {
    keeping->outcome = "unknown";
    return TRUE;
  }
  return move (transaction, keeping, row, error);
}

static void
keep_callback (Errand *errand, gpointer data)
{
  Keeping *keeping = data;

  if (!errand_may_begin (errand) ||
      !program_transaction (keeping->program, keep, keeping, &keeping->error) ||
      (g_strcmp0 (keeping->outcome, "repeated") == 0 &&
       !program_acknowledges (keeping->program, &keeping->error)))
    keeping->outcome = NULL;
}

/* VA Notify tells it again, and a second time does no harm. */
static HttpReply *
answer_not_kept (const Keeping *keeping)
{
  const char *why = keeping && keeping->error ? keeping->error->message : "not in time";

  metrics_count (METRIC_CALLBACKS, 1, "not-kept", NULL);
  log_limited (LOG_LEVEL_WARNING, "callback-away", "a callback could not be kept", "error", why,
               NULL);
  return answer_error (503, "Service unavailable", "The callback was not kept. Tell it again.");
}

static void
count_delivery (const Keeping *keeping)
{
  const char *outcome = "other";

  switch (notify_news_of (keeping->callback->status)) {
  case NOTIFY_NEWS_DELIVERED:
    outcome = "delivered";
    break;
  case NOTIFY_NEWS_DEFERRED:
    outcome = "temporary_failure";
    break;
  case NOTIFY_NEWS_BOUNCED:
    outcome = "permanent_failure";
    break;
  case NOTIFY_NEWS_ON_ITS_WAY:
  case NOTIFY_NEWS_NONE:
    break;
  }
  metrics_count (METRIC_EMAIL_DELIVERIES, 1, keeping->kind, outcome, NULL);
}

static HttpReply *
answer_kept (const Keeping *keeping)
{
  metrics_count (METRIC_CALLBACKS, 1, keeping->outcome, NULL);
  if (keeping->has_moved)
    count_delivery (keeping);
  if (g_str_equal (keeping->outcome, "unknown") || g_str_equal (keeping->outcome, "other-id"))
    log_limited (LOG_LEVEL_WARNING, keeping->outcome, "a callback is of no e-mail of ours",
                 "outcome", keeping->outcome, NULL);
  return http_reply_new (200, NULL, "{}");
}

HttpReply *
callbacks_take (const Callbacks *callbacks, Program *program, Errands *errands,
                const HttpServerRequest *request, gint64 until_us)
{
  g_autoptr (NotifyCallback) callback = notify_callback_parse (request->body);
  g_autoptr (Keeping) done = NULL;
  Keeping *keeping;

  if (!header (request, "authorization") &&
      !notify_callback_is_signed (request->body, header (request, NOTIFY_SIGNATURE_HEADER),
                                  (const char *const *)callbacks->secrets))
    return refuse_stranger ();
  if (!callback)
    return refuse (400, "Bad request", "A callback is a JSON object with id and status.");
  keeping = g_new0 (Keeping, 1);
  *keeping = (Keeping){ .program = program, .callback = g_steal_pointer (&callback) };
  if (errands_run (errands, keep_callback, keeping, keeping_free,
                   MIN (until_us, g_get_monotonic_time () + KEPT_US)) != ERRAND_DONE)
    return answer_not_kept (NULL);
  done = keeping;
  return done->outcome ? answer_kept (done) : answer_not_kept (done);
}
