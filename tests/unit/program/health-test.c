/* What /readyz and /livez say of what stands in the way, and how often it is told. */
#include "program/health.h"

#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "http/http.h"

static gint64 monotonic_ms = 1000000;

static gint64
monotonic (void)
{
  return monotonic_ms;
}

static Health *
health_of_test (void)
{
  g_autoptr (GError) error = NULL;
  Health *health = health_new ("127.0.0.1", 0, 9000, &error);

  g_assert_no_error (error);
  return health;
}

static void
end (Health *health)
{
  health_close (health);
  health_free (health);
}

static char *
get (Health *health, const char *path, long *ret_status)
{
  const HttpClientOptions options = { .verify = TRUE };
  HttpClient *client = http_client_new (&options);
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u%s", health_port (health), path);
  const HttpRequest request = { .method = "GET",
                                .url = url,
                                .connect_timeout_ms = 5000,
                                .timeout_ms = 5000,
                                .max_answer_bytes = 1024 * 1024 };
  g_autoptr (GError) error = NULL;
  g_autoptr (HttpAnswer) answer = http_send (client, &request, &error);

  g_assert_no_error (error);
  *ret_status = answer->status;
  http_client_free (client);
  return g_strndup (g_bytes_get_data (answer->body, NULL), g_bytes_get_size (answer->body));
}

static void
check (Health *health, const char *path, long status, const char *text)
{
  long is = 0;
  g_autofree char *body = get (health, path, &is);

  g_assert_cmpstr (body, ==, text);
  g_assert_cmpint (is, ==, status);
}

static void
test_waits_and_beats (void)
{
  Health *health = health_of_test ();

  check (health, "/readyz", 503, "starting\n");
  check (health, "/livez", 200, "ok\n");
  health_set_waiting (health, "waiting for the schema");
  check (health, "/readyz", 503, "waiting for the schema\n");
  health_set_waiting (health, NULL);
  check (health, "/readyz", 503, "the database does not answer\n");
  health_note_beat (health);
  check (health, "/readyz", 200, "ok\n");
  monotonic_ms += 9001;
  check (health, "/readyz", 503, "the database does not answer\n");
  health_note_beat (health);
  check (health, "/readyz", 200, "ok\n");
  end (health);
}

static void
test_trouble (void)
{
  Health *health = health_of_test ();

  health_set_waiting (health, NULL);
  health_note_beat (health);
  health_note_trouble (health, "settle", "disk full");
  g_assert_cmpfloat (metrics_value (METRIC_TROUBLE, "settle", NULL), ==, 1);
  check (health, "/readyz", 200, "ok\n"); /* it may be over with the next try */
  monotonic_ms += 4000;
  health_note_trouble (health, "settle", "disk full");
  health_note_trouble (health, "outbox", "disk full");
  check (health, "/readyz", 503, "trouble: settle, for 4 s\n");
  monotonic_ms += 3000;
  check (health, "/readyz", 503, "trouble: settle, for 7 s\ntrouble: outbox, for 3 s\n");
  health_note_trouble (health, "settle", NULL);
  g_assert_cmpfloat (metrics_value (METRIC_TROUBLE, "settle", NULL), ==, 0);
  health_note_trouble (health, "outbox", NULL);
  health_note_trouble (health, "never was", NULL);
  check (health, "/readyz", 200, "ok\n");
  end (health);
}

static void
speak (void)
{
  Health *health = health_of_test ();

  for (guint i = 0; i < 100; i++) {
    health_note_trouble (health, "outbox", "full");
    monotonic_ms += 1000;
  }
  health_note_trouble (health, "outbox", NULL);
  health_note_trouble (health, "outbox", "once more"); /* within the minute: both ends unsaid */
  health_note_trouble (health, "outbox", NULL);
  health_note_trouble (health, "heartbeat", "gone");
  end (health);
}

static void
test_one_line_a_minute (void)
{
  if (g_test_subprocess ()) {
    speak ();
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr (
      "*\"kind\":\"outbox\",\"error\":\"full\"*\"times_since\":\"59\"*"
      "this trouble is over*\"lasted_ms\":\"100000\"*\"kind\":\"heartbeat\"*");
  g_test_trap_assert_stderr_unmatched ("*once more*");
  g_test_trap_assert_stderr_unmatched ("*is over*is over*");
  g_test_trap_assert_stderr_unmatched ("*full*full*full*");
}

static gboolean
says (gpointer data)
{
  return *(gboolean *)data;
}

static void
test_alive_when_all_are (void)
{
  Health *health = health_of_test ();
  gboolean one = TRUE, other = TRUE;

  health_set_liveness (health, HEALTH_OF_OUTBOX, says, &one);
  health_set_liveness (health, HEALTH_OF_WORK, says, &other);
  check (health, "/livez", 200, "ok\n");
  one = FALSE;
  check (health, "/livez", 503, "stuck\n");
  one = TRUE;
  other = FALSE;
  check (health, "/livez", 503, "stuck\n");
  health_set_liveness (health, HEALTH_OF_WORK, NULL, NULL);
  check (health, "/livez", 200, "ok\n");
  end (health);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  clock_set_source (NULL, monotonic);
  g_test_add_func ("/program/health/waits-and-beats", test_waits_and_beats);
  g_test_add_func ("/program/health/trouble-makes-it-not-ready", test_trouble);
  g_test_add_func ("/program/health/one-line-a-kind-and-minute", test_one_line_a_minute);
  g_test_add_func ("/program/health/alive-when-all-are", test_alive_when_all_are);
  return g_test_run ();
}
