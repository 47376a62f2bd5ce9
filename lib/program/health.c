/* /livez, /readyz, /metrics, and the troubles that stand, see health.h. */
#include "program/health.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/server.h"

#define STANDS_MS         3000  /* a trouble that is over sooner was a retry's business */
#define SAY_EVERY_MS      60000 /* a kind */
#define OFFSET_UNREADY_MS 10000
#define KINDS_MAX         32
#define WHY_MAX_BYTES     500

typedef struct {
  const char *kind;
  gint64 since_ms; /* monotonic; 0: does not stand */
  gint64 said_ms;  /* 0: never */
  guint64 held_back;
  gboolean is_said; /* the one that stands */
} Trouble;

typedef struct {
  HealthCheck is_alive;
  gpointer data;
} Check;

struct Health {
  HttpServer *server;
  gint64 beat_within_ms;
  GMutex lock;
  char *waiting;
  gint64 beat_ms; /* monotonic; 0: never */
  Trouble troubles[KINDS_MAX];
  guint kinds;
  int standing;       /* atomic: how many stand, so that "none" costs no lock */
  GMutex checks_lock; /* apart: who is asked may hold what who notes a trouble holds */
  Check checks[HEALTH_CHECKS];
  void (*note_gauges) (gpointer data);
  gpointer gauges_data;
  HealthReadiness readiness;
  gpointer readiness_data;
};

/* --- Troubles --- */

static Trouble *
find_trouble (Health *health, const char *kind)
{
  for (guint i = 0; i < health->kinds; i++)
    if (strcmp (health->troubles[i].kind, kind) == 0)
      return &health->troubles[i];
  if (health->kinds == KINDS_MAX)
    return NULL;
  health->troubles[health->kinds] = (Trouble){ .kind = kind };
  return &health->troubles[health->kinds++];
}

/* Whether its line is due, and how many were held back. */
static gboolean
stands_and_speaks (Health *health, const char *kind, guint64 *ret_held_back)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&health->lock);
  Trouble *trouble = find_trouble (health, kind);
  gint64 now = clock_monotonic_ms ();

  if (!trouble)
    return FALSE;
  if (trouble->since_ms == 0) {
    trouble->since_ms = now;
    trouble->is_said = FALSE;
    g_atomic_int_inc (&health->standing);
  }
  if (trouble->said_ms != 0 && now - trouble->said_ms < SAY_EVERY_MS) {
    trouble->held_back++;
    return FALSE;
  }
  *ret_held_back = trouble->held_back;
  trouble->held_back = 0;
  trouble->said_ms = now;
  trouble->is_said = TRUE;
  return TRUE;
}

/* How long it stood; -1: it did not, or nobody was told. */
static gint64
is_over_after (Health *health, const char *kind, gboolean *ret_was)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&health->lock);
  Trouble *trouble = find_trouble (health, kind);
  gint64 lasted;

  *ret_was = trouble && trouble->since_ms != 0;
  if (!*ret_was)
    return -1;
  lasted = clock_monotonic_ms () - trouble->since_ms;
  trouble->since_ms = 0;
  (void)g_atomic_int_dec_and_test (&health->standing);
  return trouble->is_said ? lasted : -1;
}

static void
begin_trouble (Health *health, const char *kind, const char *why)
{
  g_autofree char *held_back = NULL;
  guint64 count = 0;

  metrics_gauge (METRIC_TROUBLE, 1, kind, NULL);
  if (!stands_and_speaks (health, kind, &count))
    return;
  held_back = count ? g_strdup_printf ("%" G_GUINT64_FORMAT, count) : NULL;
  log_warning ("this process is in trouble and tries again", "kind", kind, "error", why,
               "times_since", held_back, NULL);
}

static void
end_trouble (Health *health, const char *kind)
{
  g_autofree char *lasted = NULL;
  gboolean was;
  gint64 ms = is_over_after (health, kind, &was);

  if (was)
    metrics_gauge (METRIC_TROUBLE, 0, kind, NULL);
  if (ms < 0)
    return;
  lasted = g_strdup_printf ("%" G_GINT64_FORMAT, ms);
  log_info ("this trouble is over", "kind", kind, "lasted_ms", lasted, NULL);
}

void
health_note_trouble (Health *health, const char *kind, const char *why)
{
  if (!health)
    return;
  if (why)
    begin_trouble (health, kind, why);
  else if (g_atomic_int_get (&health->standing) > 0)
    end_trouble (health, kind);
}

/* --- Ready --- */

static void
list_troubles (Health *health, GString *why)
{
  gint64 now = clock_monotonic_ms ();

  for (guint i = 0; i < health->kinds; i++) {
    const Trouble *trouble = &health->troubles[i];

    if (trouble->since_ms != 0 && now - trouble->since_ms >= STANDS_MS)
      g_string_append_printf (why, "trouble: %s, for %" G_GINT64_FORMAT " s\n", trouble->kind,
                              (now - trouble->since_ms) / 1000);
  }
}

/* What the program itself says, without the lock; NULL: nothing. */
static const char *
ask_program (Health *health)
{
  HealthReadiness readiness;
  gpointer data;

  g_mutex_lock (&health->lock);
  readiness = health->readiness;
  data = health->readiness_data;
  g_mutex_unlock (&health->lock);
  return readiness ? readiness (data) : NULL;
}

/* Empty: ready. */
static char *
why_not_ready (Health *health)
{
  const char *said = ask_program (health);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&health->lock);
  GString *why = g_string_new (NULL);

  if (health->waiting)
    g_string_append_printf (why, "%s\n", health->waiting);
  else if (health->beat_ms == 0 || clock_monotonic_ms () - health->beat_ms > health->beat_within_ms)
    g_string_append (why, "the database does not answer\n");
  else if (ABS (clock_database_offset_ms ()) > OFFSET_UNREADY_MS)
    g_string_append (why, "the clock differs from the database's by more than 10 s\n");
  else if (said)
    g_string_append (why, said);
  list_troubles (health, why);
  return g_string_free (why, FALSE);
}

void
health_set_waiting (Health *health, const char *why)
{
  char *old;

  g_mutex_lock (&health->lock);
  old = health->waiting;
  health->waiting = why ? g_strndup (why, WHY_MAX_BYTES) : NULL;
  g_mutex_unlock (&health->lock);
  g_free (old);
}

void
health_note_beat (Health *health)
{
  g_mutex_lock (&health->lock);
  health->beat_ms = clock_monotonic_ms ();
  g_mutex_unlock (&health->lock);
}

void
health_set_readiness (Health *health, HealthReadiness readiness, gpointer data)
{
  g_mutex_lock (&health->lock);
  health->readiness = readiness;
  health->readiness_data = data;
  g_mutex_unlock (&health->lock);
}

/* --- Alive --- */

void
health_set_liveness (Health *health, HealthOf of, HealthCheck is_alive, gpointer data)
{
  g_mutex_lock (&health->checks_lock);
  health->checks[of] = (Check){ is_alive, data };
  g_mutex_unlock (&health->checks_lock);
}

static gboolean
are_alive (Health *health)
{
  gboolean all = TRUE;

  g_mutex_lock (&health->checks_lock);
  for (guint i = 0; i < HEALTH_CHECKS; i++)
    if (health->checks[i].is_alive && !health->checks[i].is_alive (health->checks[i].data))
      all = FALSE;
  g_mutex_unlock (&health->checks_lock);
  return all;
}

void
health_set_gauges (Health *health, void (*note_gauges) (gpointer data), gpointer data)
{
  g_mutex_lock (&health->lock);
  health->note_gauges = note_gauges;
  health->gauges_data = data;
  g_mutex_unlock (&health->lock);
}

/* --- Serving --- */

void
health_read_gauges (Health *health)
{
  void (*note_gauges) (gpointer data);
  gpointer data;

  g_mutex_lock (&health->lock);
  note_gauges = health->note_gauges;
  data = health->gauges_data;
  g_mutex_unlock (&health->lock);
  if (note_gauges)
    note_gauges (data);
}

static HttpReply *
tell_metrics (Health *health)
{
  health_read_gauges (health);
  return http_reply_take (200, "text/plain; version=0.0.4; charset=utf-8", metrics_render ());
}

static HttpReply *
answer (const HttpServerRequest *request, gpointer data)
{
  Health *health = data;

  if (strcmp (request->path, "/metrics") == 0)
    return tell_metrics (health);
  if (strcmp (request->path, "/readyz") == 0) {
    g_autofree char *why = why_not_ready (health);
    return http_reply_new (*why ? 503 : 200, "text/plain", *why ? why : "ok\n");
  }
  if (strcmp (request->path, "/livez") == 0) {
    gboolean alive = are_alive (health);
    return http_reply_new (alive ? 200 : 503, "text/plain", alive ? "ok\n" : "stuck\n");
  }
  return http_reply_new (404, "text/plain", "not found\n");
}

Health *
health_new (const char *address, guint16 port, gint64 beat_within_ms, GError **error)
{
  Health *health = g_new0 (Health, 1);
  HttpServerOptions options = { .address = address, .port = port };

  g_mutex_init (&health->lock);
  g_mutex_init (&health->checks_lock);
  health->beat_within_ms = beat_within_ms;
  health->waiting = g_strdup ("starting");
  health->server = http_server_start (&options, answer, health, error);
  if (health->server)
    return health;
  health_free (health);
  return NULL;
}

void
health_close (Health *health)
{
  if (health)
    g_clear_pointer (&health->server, http_server_stop);
}

void
health_free (Health *health)
{
  if (!health)
    return;
  health_close (health);
  g_mutex_clear (&health->lock);
  g_mutex_clear (&health->checks_lock);
  g_free (health->waiting);
  g_free (health);
}

guint16
health_port (Health *health)
{
  return http_server_port (health->server);
}
