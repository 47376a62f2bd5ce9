/* Notifications and their callbacks. See notifications.h. */
#include "notify-simulator/notifications.h"

#include <string.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "http/http.h"

#define TRIES_MAX       61 /* the first, and 60 retries */
#define RETRY_MAX_MS    300000
#define CONNECT_MS      3050
#define READ_MS         5000
#define SENDERS         8
#define FIRST_ANSWER_US (10 * G_USEC_PER_SEC)

typedef struct {
  char *id, *address, *callback_url;
  json_t *request; /* as it came */
  const char *status;
  gint64 created_ms, ended_ms; /* 0: not yet */
  json_t *told;                /* an array: callbacks, each with what was answered */
  guint untold;                /* callbacks that wait, are under way, or will be tried again */
} Notification;

/* One callback on its way. */
typedef struct {
  char *id, *url, *body, *signature; /* signature NULL: the service's own, with its token */
  const char *status;
  gint64 due_ms; /* monotonic */
  guint tries;
} Telling;

typedef struct {
  char *contains;
  const char *status;
} Expected;

struct Notifications {
  NotificationsOptions options;
  HttpClient *http;
  GThreadPool *senders;
  GThread *clerk; /* hands to the senders what is due */

  GMutex lock; /* guards what follows */
  GCond changed;
  gboolean stopping;
  gint64 ahead_ms;
  guint simulated;
  GPtrArray *all;      /* of Notification *, in order */
  GPtrArray *expected; /* of Expected * */
  GPtrArray *waiting;  /* of Telling * */
};

static const char *const statuses[] = { "none",
                                        "created",
                                        "sending",
                                        "sent",
                                        "pending",
                                        "delivered",
                                        "temporary-failure",
                                        "permanent-failure",
                                        "failed",
                                        "cancelled",
                                        "validation-failed",
                                        "pii-check-failed",
                                        "virus-scan-failed",
                                        "pending-virus-check",
                                        "returned-letter" };

static const char *
find_status (const char *word)
{
  for (gsize i = 0; i < G_N_ELEMENTS (statuses); i++)
    if (g_strcmp0 (word, statuses[i]) == 0)
      return statuses[i];
  return NULL;
}

static gboolean
is_end (const char *status)
{
  return strcmp (status, "delivered") == 0 || g_str_has_suffix (status, "failure") ||
         strcmp (status, "failed") == 0;
}

static void
notification_free (gpointer data)
{
  Notification *one = data;

  g_free (one->id);
  g_free (one->address);
  g_free (one->callback_url);
  json_decref (one->request);
  json_decref (one->told);
  g_free (one);
}

static void
telling_free (gpointer data)
{
  Telling *telling = data;

  g_free (telling->id);
  g_free (telling->url);
  g_free (telling->body);
  g_free (telling->signature);
  g_free (telling);
}

static void
expected_free (gpointer data)
{
  Expected *expected = data;

  g_free (expected->contains);
  g_free (expected);
}

static gint64
now_ms_locked (const Notifications *notifications)
{
  return clock_now_ms () + notifications->ahead_ms;
}

static Notification *
find (const Notifications *notifications, const char *id)
{
  for (guint i = 0; i < notifications->all->len; i++) {
    Notification *one = g_ptr_array_index (notifications->all, i);

    if (g_ascii_strcasecmp (one->id, id) == 0)
      return one;
  }
  return NULL;
}

/* --- What is told --- */

/* 2026-11-21T19:05:00.123000Z, or null. */
static json_t *
moment (gint64 ms)
{
  g_autofree char *iso = ms ? clock_format_iso (ms) : NULL;
  g_autofree char *text = NULL;

  if (!iso)
    return json_null ();
  text = g_strdup_printf ("%.*s000Z", (int)strlen (iso) - 1, iso);
  return json_string (text);
}

static json_t *
callback_of (const Notification *one)
{
  const char *reference = json_string_value (json_object_get (one->request, "reference"));
  gboolean has_ended = one->ended_ms != 0;

  return json_pack (
      "{s:s, s:s?, s:s, s:s, s:s?, s:o, s:o, s:o, s:s, s:s}", "id", one->id, "reference", reference,
      "to", one->address, "status", one->status, "status_reason",
      strcmp (one->status, "permanent-failure") == 0 ? "Failed to deliver email due to hard bounce"
                                                     : NULL,
      "created_at", moment (one->created_ms), "completed_at", moment (one->ended_ms), "sent_at",
      moment (has_ended ? one->created_ms : 0), "notification_type", "email", "provider", "ses");
}

/* urllib.parse.urlencode(): blanks are plus signs, null is the word None. */
static char *
urlencode (json_t *callback)
{
  g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func (g_free);
  const char *name;
  json_t *value;

  json_object_foreach (callback, name, value)
  {
    const char *text = json_is_null (value) ? "None" : json_string_value (value);
    g_autofree char *escaped = g_uri_escape_string (text, NULL, FALSE);
    g_auto (GStrv) words = g_strsplit (escaped, "%20", -1);
    g_autofree char *joined = g_strjoinv ("+", words);

    g_ptr_array_add (pairs, g_strdup_printf ("%s=%s", name, joined));
  }
  g_ptr_array_add (pairs, NULL);
  return g_strjoinv ("&", (char **)pairs->pdata);
}

/* NULL: nobody wants to know. */
static Telling *
telling_of (const Notifications *notifications, const Notification *one, gint64 delay_ms)
{
  const NotificationsOptions *options = &notifications->options;
  g_autoptr (json_t) callback = callback_of (one);
  Telling *telling;

  if (!one->callback_url && !*options->service_url)
    return NULL;
  telling = g_new0 (Telling, 1);
  telling->id = g_strdup (one->id);
  telling->status = one->status;
  telling->due_ms = clock_monotonic_ms () + delay_ms;
  if (one->callback_url) {
    g_autofree char *form = urlencode (callback);

    telling->url = g_strdup (one->callback_url);
    telling->signature = g_compute_hmac_for_string (
        G_CHECKSUM_SHA256, (const guchar *)options->secret, strlen (options->secret), form, -1);
  } else {
    telling->url = g_strdup (options->service_url);
    json_object_set_new (callback, "provider_payload", json_null ());
  }
  telling->body = text_of_json (callback);
  return telling;
}

/* --- Telling it --- */

static void
note_answer (Notifications *notifications, const Telling *telling, long status)
{
  Notification *one = find (notifications, telling->id);

  if (one) /* else it was cleared */
    json_array_append_new (one->told,
                           json_pack ("{s:s, s:i, s:i}", "status", telling->status, "answer",
                                      (int)status, "try", (int)telling->tries));
  g_cond_broadcast (&notifications->changed);
}

static void
note_end (Notifications *notifications, const Telling *telling)
{
  Notification *one = find (notifications, telling->id);

  if (one)
    one->untold--;
}

/* 0: no answer. A refused connection is tried again for the service's own callbacks only. */
static gboolean
is_to_be_retried (const Telling *telling, long status, gboolean was_sent)
{
  if (telling->tries >= TRIES_MAX)
    return FALSE;
  if (status == 0)
    return was_sent || !telling->signature;
  return status >= 500 || (status == 429 && telling->signature);
}

static void
send (gpointer data, gpointer notifications_data)
{
  Telling *telling = data;
  Notifications *notifications = notifications_data;
  g_autofree char *proof =
      telling->signature
          ? g_strconcat ("x-enp-signature: ", telling->signature, NULL)
          : g_strconcat ("Authorization: Bearer ", notifications->options.service_token, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (HttpAnswer) answer = http_send (
      notifications->http,
      &(HttpRequest){ .url = telling->url,
                      .headers = (const char *[]){ proof, "Content-Type: application/json", NULL },
                      .body = telling->body,
                      .body_length = strlen (telling->body),
                      .connect_timeout_ms = CONNECT_MS,
                      .timeout_ms = CONNECT_MS + READ_MS },
      &error);
  long status = answer ? answer->status : 0;
  gboolean was_sent = !g_error_matches (error, HTTP_ERROR, HTTP_ERROR_NOT_SENT);

  g_mutex_lock (&notifications->lock);
  telling->tries++;
  note_answer (notifications, telling, status);
  if (is_to_be_retried (telling, status, was_sent)) {
    telling->due_ms =
        clock_monotonic_ms () +
        MIN (RETRY_MAX_MS, notifications->options.retry_ms << MIN (telling->tries - 1, 20u));
    g_ptr_array_add (notifications->waiting, g_steal_pointer (&telling));
    g_cond_broadcast (&notifications->changed);
  } else {
    note_end (notifications, telling);
  }
  g_mutex_unlock (&notifications->lock);
  if (telling)
    telling_free (telling);
}

/* The place of the one that is due first. */
static guint
next_of (const Notifications *notifications, gint64 *ret_wait_ms)
{
  guint place = 0;

  *ret_wait_ms = G_MAXINT32;
  for (guint i = 0; i < notifications->waiting->len; i++) {
    const Telling *telling = g_ptr_array_index (notifications->waiting, i);
    gint64 wait_ms = telling->due_ms - clock_monotonic_ms ();

    if (wait_ms < *ret_wait_ms) {
      *ret_wait_ms = wait_ms;
      place = i;
    }
  }
  return place;
}

static gpointer
hand_out (gpointer data)
{
  Notifications *notifications = data;

  g_mutex_lock (&notifications->lock);
  while (!notifications->stopping) {
    gint64 wait_ms = 0;
    guint next = next_of (notifications, &wait_ms);

    if (wait_ms > 0) {
      (void)g_cond_wait_until (&notifications->changed, &notifications->lock,
                               g_get_monotonic_time () + wait_ms * 1000);
      continue;
    }
    g_thread_pool_push (notifications->senders,
                        g_ptr_array_steal_index (notifications->waiting, next),
                        NULL); /* fails only without any thread */
  }
  g_mutex_unlock (&notifications->lock);
  return NULL;
}

static void
tell (Notifications *notifications, Notification *one, const char *status, gint64 delay_ms)
{
  Telling *telling;

  one->status = status;
  one->ended_ms = is_end (status) ? now_ms_locked (notifications) + delay_ms : 0;
  telling = telling_of (notifications, one, delay_ms);
  if (telling) {
    g_ptr_array_add (notifications->waiting, telling);
    one->untold++;
  }
  g_cond_broadcast (&notifications->changed);
}

/* --- What comes in --- */

static const char *
end_of (const Notifications *notifications, const Notification *one)
{
  for (guint i = notifications->expected->len; i-- > 0;) {
    const Expected *expected = g_ptr_array_index (notifications->expected, i);

    if (strstr (one->address, expected->contains))
      return expected->status;
  }
  return find_status (notifications->options.last_status);
}

char *
notifications_accept (Notifications *notifications, json_t *request, gboolean waits)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&notifications->lock);
  Notification *one = g_new0 (Notification, 1);
  gint64 until_us = g_get_monotonic_time () + FIRST_ANSWER_US;
  char *id = text_new_uuid ();
  const char *end;

  one->id = g_strdup (id);
  one->request = json_incref (request);
  one->address = g_strdup (json_string_value (json_object_get (request, "email_address")));
  one->callback_url = g_strdup (json_string_value (json_object_get (request, "callback_url")));
  one->status = "created";
  one->created_ms = now_ms_locked (notifications);
  one->told = json_array ();
  g_ptr_array_add (notifications->all, one);
  end = end_of (notifications, one);
  if (strcmp (end, "none") == 0)
    return id;
  tell (notifications, one, end, waits ? 0 : notifications->options.delay_ms);
  while (waits && (one = find (notifications, id)) && json_array_size (one->told) == 0 &&
         g_cond_wait_until (&notifications->changed, &notifications->lock, until_us))
    ;
  return id;
}

void
notifications_count_simulated (Notifications *notifications)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&notifications->lock);

  notifications->simulated++;
}

void
notifications_expect (Notifications *notifications, const char *contains, const char *status)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&notifications->lock);
  Expected *expected = g_new0 (Expected, 1);

  expected->contains = g_strdup (contains);
  expected->status = find_status (status) ? find_status (status) : "none";
  g_ptr_array_add (notifications->expected, expected);
}

int
notifications_advance (Notifications *notifications, const char *id, const char *status, int times)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&notifications->lock);
  const char *known = find_status (status);
  int count = 0;

  if (!known || strcmp (known, "none") == 0)
    return -1;
  for (guint i = 0; i < notifications->all->len; i++) {
    Notification *one = g_ptr_array_index (notifications->all, i);

    if (id ? g_ascii_strcasecmp (one->id, id) != 0 : one->ended_ms != 0)
      continue;
    for (int n = 0; n < times; n++)
      tell (notifications, one, known, 0);
    count++;
  }
  return count;
}

json_t *
notifications_state (Notifications *notifications)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&notifications->lock);
  json_t *list = json_array ();

  for (guint i = 0; i < notifications->all->len; i++) {
    const Notification *one = g_ptr_array_index (notifications->all, i);
    json_t *shown = json_deep_copy (one->request);

    json_object_set_new (shown, "id", json_string (one->id));
    json_object_set_new (shown, "status", json_string (one->status));
    json_object_set_new (shown, "created_at", moment (one->created_ms));
    json_object_set_new (shown, "callbacks", json_deep_copy (one->told));
    json_object_set_new (shown, "untold", json_integer (one->untold));
    json_array_append_new (list, shown);
  }
  return json_pack ("{s:o, s:i}", "notifications", list, "simulated",
                    (int)notifications->simulated);
}

/* --- Life --- */

gint64
notifications_now_ms (Notifications *notifications)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&notifications->lock);

  return now_ms_locked (notifications);
}

void
notifications_put_clock_forward (Notifications *notifications, gint64 ms)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&notifications->lock);

  notifications->ahead_ms += ms;
}

void
notifications_clear (Notifications *notifications)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&notifications->lock);

  g_ptr_array_set_size (notifications->all, 0);
  g_ptr_array_set_size (notifications->expected, 0);
  g_ptr_array_set_size (notifications->waiting, 0);
  notifications->simulated = 0;
  g_cond_broadcast (&notifications->changed);
}

Notifications *
notifications_new (const NotificationsOptions *options)
{
  Notifications *notifications = g_new0 (Notifications, 1);

  notifications->options = *options;
  notifications->http = http_client_new (&(HttpClientOptions){ .verify = TRUE });
  notifications->all = g_ptr_array_new_with_free_func (notification_free);
  notifications->expected = g_ptr_array_new_with_free_func (expected_free);
  notifications->waiting = g_ptr_array_new_with_free_func (telling_free);
  g_mutex_init (&notifications->lock);
  g_cond_init (&notifications->changed);
  notifications->senders = g_thread_pool_new (send, notifications, SENDERS, FALSE, NULL);
  notifications->clerk = g_thread_new ("callbacks", hand_out, notifications);
  return notifications;
}

void
notifications_free (Notifications *notifications)
{
  if (!notifications)
    return;
  g_mutex_lock (&notifications->lock);
  notifications->stopping = TRUE;
  g_cond_broadcast (&notifications->changed);
  g_mutex_unlock (&notifications->lock);
  g_thread_join (notifications->clerk);
  g_thread_pool_free (notifications->senders, FALSE, TRUE);
  g_ptr_array_unref (notifications->all);
  g_ptr_array_unref (notifications->expected);
  g_ptr_array_unref (notifications->waiting);
  http_client_free (notifications->http);
  g_mutex_clear (&notifications->lock);
  g_cond_clear (&notifications->changed);
  g_free (notifications);
}
