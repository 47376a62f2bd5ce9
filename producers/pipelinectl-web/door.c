/* Who may come in, see door.h. */
#include "door.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "http/tokens.h"

#define COOKIE           "pipeline-session"
#define SESSIONS_MAX     1000
#define FAILURES_MAX     10
#define FAILURES_OF_US   (60 * G_USEC_PER_SEC)
#define ADDRESSES_MAX    1000
#define ADDRESS_OF_OTHER "others" /* beyond ADDRESSES_MAX all are one */

static const char *const roles[] = { "read", "act", NULL };

const Setting door_settings[] = {
  { "web-token-file", SETTING_FILE, "",
    "File with the tokens of those who may see the page, name:role:token, one a line, role read or "
    "act, at least 32 characters each, # begins a comment; others may not read it (chmod 600). "
    "Read again when it changes.",
    .required = TRUE },
  { "web-session", SETTING_DURATION, "8h", "How long a login lasts." },
  { NULL },
};

typedef struct {
  char *name, *csrf;
  gboolean may_act;
  guint edition; /* of the token file */
  gint64 until_us;
} Session;

typedef struct {
  guint count;
  gint64 since_us;
} Failures;

struct Door {
  Tokens *tokens;
  gboolean is_secure;
  gint64 session_us;
  GMutex lock;          /* guards what follows */
  GHashTable *sessions; /* id: Session * */
  GHashTable *failures; /* address: Failures * */
};

static void
session_free (gpointer data)
{
  Session *session = data;

  g_free (session->name);
  g_free (session->csrf);
  g_free (session);
}

void
caller_free (Caller *caller)
{
  if (!caller)
    return;
  g_free (caller->name);
  g_free (caller->csrf);
  g_free (caller);
}

Door *
door_new (const Settings *settings, gboolean is_secure, GError **error)
{
  const TokensOptions options = { .setting = "web-token-file",
                                  .path = settings_text (settings, "web-token-file"),
                                  .roles = roles };
  Tokens *tokens = tokens_new (&options, error);
  Door *door;

  if (!tokens)
    return NULL;
  door = g_new0 (Door, 1);
  door->tokens = tokens;
  door->is_secure = is_secure;
  door->session_us = settings_duration_ms (settings, "web-session") * 1000;
  g_mutex_init (&door->lock);
  door->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, session_free);
  door->failures = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return door;
}

void
door_free (Door *door)
{
  if (!door)
    return;
  tokens_free (door->tokens);
  g_hash_table_unref (door->sessions);
  g_hash_table_unref (door->failures);
  g_mutex_clear (&door->lock);
  g_free (door);
}

gboolean
door_lets_nobody_in (Door *door)
{
  return tokens_are_none (door->tokens);
}

static const char *
header (const HttpServerRequest *request, const char *name)
{
  return g_hash_table_lookup (request->headers, name);
}

/* 244 bits that nobody can guess. */
static char *
new_secret (void)
{
  g_autofree char *one = text_new_uuid (), *other = text_new_uuid ();

  return g_strconcat (one, other, NULL);
}

/* --- Failures, by address; the lock is held --- */

static gboolean
is_old_failure (gpointer address G_GNUC_UNUSED, gpointer data, gpointer now_us)
{
  const Failures *failures = data;

  return *(const gint64 *)now_us - failures->since_us >= FAILURES_OF_US;
}

static Failures *
failures_of (Door *door, const char *address)
{
  gint64 now_us = g_get_monotonic_time ();
  Failures *failures;

  (void)g_hash_table_foreach_remove (door->failures, is_old_failure, &now_us);
  failures = g_hash_table_lookup (door->failures, address);
  return failures ? failures
         : g_hash_table_size (door->failures) < ADDRESSES_MAX
             ? NULL
             : g_hash_table_lookup (door->failures, ADDRESS_OF_OTHER);
}

static gboolean
is_closed (Door *door, const char *address)
{
  const Failures *failures = failures_of (door, address);

  return failures && failures->count >= FAILURES_MAX;
}

static void
note_failure (Door *door, const char *address)
{
  Failures *failures = failures_of (door, address);

  if (!failures) {
    failures = g_new0 (Failures, 1);
    failures->since_us = g_get_monotonic_time ();
    g_hash_table_insert (
        door->failures,
        g_strdup (g_hash_table_size (door->failures) < ADDRESSES_MAX ? address : ADDRESS_OF_OTHER),
        failures);
  }
  failures->count++;
}

/* The name that a token has; NULL: it is none. */
static DoorAnswer
try_token (Door *door, const HttpServerRequest *request, const char *token, char **ret_name,
           const char **ret_role)
{
  DoorAnswer answer = DOOR_OPEN;

  g_mutex_lock (&door->lock);
  if (is_closed (door, request->peer)) {
    answer = DOOR_CLOSED;
  } else {
    *ret_name = tokens_find (door->tokens, token, ret_role);
    if (!*ret_name) {
      answer = DOOR_STRANGER;
      note_failure (door, request->peer);
    }
  }
  g_mutex_unlock (&door->lock);
  if (answer != DOOR_OPEN)
    log_limited (LOG_LEVEL_WARNING, "stranger", "somebody without a valid token was refused",
                 "peer", request->peer, NULL);
  return answer;
}

/* --- Sessions --- */

/* Of several cookies of this name the first counts; ours is sent without a path that others could
 * come before with. */
static char *
cookie_of (const HttpServerRequest *request)
{
  const char *all = header (request, "cookie");
  g_auto (GStrv) pairs = g_strsplit (all ? all : "", ";", 64);

  for (guint i = 0; pairs[i]; i++) {
    const char *pair = g_strstrip (pairs[i]);

    if (g_str_has_prefix (pair, COOKIE "="))
      return g_strdup (pair + strlen (COOKIE "="));
  }
  return NULL;
}

static Caller *
caller_of_cookie (Door *door, const HttpServerRequest *request)
{
  g_autofree char *id = cookie_of (request);
  guint edition = tokens_edition (door->tokens);
  const Session *session;
  Caller *caller = NULL;

  if (!id)
    return NULL;
  g_mutex_lock (&door->lock);
  session = g_hash_table_lookup (door->sessions, id);
  if (session && session->edition == edition && session->until_us > g_get_monotonic_time ()) {
    caller = g_new0 (Caller, 1);
    caller->name = g_strdup (session->name);
    caller->csrf = g_strdup (session->csrf);
    caller->may_act = session->may_act;
  }
  g_mutex_unlock (&door->lock);
  return caller;
}

DoorAnswer
door_ask (Door *door, const HttpServerRequest *request, gboolean is_json, Caller **ret_caller)
{
  const char *token = is_json ? tokens_of_bearer (header (request, "authorization")) : NULL;
  Caller *caller = token ? NULL : caller_of_cookie (door, request);
  DoorAnswer answer;
  char *name = NULL;
  const char *role;

  if (caller) {
    *ret_caller = caller;
    return DOOR_OPEN;
  }
  if (!token)
    return DOOR_STRANGER;
  answer = try_token (door, request, token, &name, &role);
  if (answer == DOOR_OPEN) {
    *ret_caller = g_new0 (Caller, 1);
    (*ret_caller)->name = name;
  }
  return answer;
}

static gboolean
is_over (gpointer id G_GNUC_UNUSED, gpointer data, gpointer now_us)
{
  return ((const Session *)data)->until_us <= *(const gint64 *)now_us;
}

/* The lock is held. */
static void
make_place (Door *door)
{
  gint64 now_us = g_get_monotonic_time ();
  const char *id, *first_id = NULL;
  const Session *session, *first = NULL;
  GHashTableIter iter;

  (void)g_hash_table_foreach_remove (door->sessions, is_over, &now_us);
  if (g_hash_table_size (door->sessions) < SESSIONS_MAX)
    return;
  g_hash_table_iter_init (&iter, door->sessions);
  while (g_hash_table_iter_next (&iter, (gpointer *)&id, (gpointer *)&session))
    if (!first || session->until_us < first->until_us) {
      first = session;
      first_id = id;
    }
  g_hash_table_remove (door->sessions, first_id);
}

DoorAnswer
door_let_in (Door *door, const HttpServerRequest *request, const char *token, char **ret_cookie)
{
  guint edition = tokens_edition (door->tokens);
  char *name = NULL;
  const char *role;
  DoorAnswer answer = try_token (door, request, token, &name, &role);
  g_autofree char *id = NULL;
  Session *session;

  if (answer != DOOR_OPEN)
    return answer;
  session = g_new0 (Session, 1);
  session->name = name;
  session->csrf = new_secret ();
  session->may_act = g_str_equal (role, "act");
  session->edition = edition;
  session->until_us = g_get_monotonic_time () + door->session_us;
  id = new_secret ();
  *ret_cookie = g_strdup_printf (
      COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%" G_GINT64_FORMAT "%s", id,
      door->session_us / G_USEC_PER_SEC, door->is_secure ? "; Secure" : "");
  log_info ("logged in", "name", name, "role", role, "peer", request->peer, NULL);
  g_mutex_lock (&door->lock);
  make_place (door);
  g_hash_table_insert (door->sessions, g_steal_pointer (&id), session);
  g_mutex_unlock (&door->lock);
  return DOOR_OPEN;
}

char *
door_let_out (Door *door, const HttpServerRequest *request)
{
  g_autofree char *id = cookie_of (request);

  g_mutex_lock (&door->lock);
  if (id)
    g_hash_table_remove (door->sessions, id);
  g_mutex_unlock (&door->lock);
  return g_strdup (COOKIE "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
}

gboolean
door_is_own_form (const HttpServerRequest *request)
{
  const char *origin = header (request, "origin"), *host = header (request, "host");
  const char *site = header (request, "sec-fetch-site");
  const char *name;

  if (site && !g_str_equal (site, "same-origin") && !g_str_equal (site, "none"))
    return FALSE;
  if (!origin)
    return TRUE; /* an old browser, or none: the secret in the form decides */
  name = strstr (origin, "://");
  return name && host && g_ascii_strcasecmp (name + 3, host) == 0;
}
