/* The client against notify-simulator, in every trouble between them: how many e-mails there are
 * then, and what the client says of it. */
#include "notify/notify.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "support/simulator.h"

#define FINE     (-1)
#define KEY      "dependents-d6aa2c68-a2d9-4437-ab19-3ae8eb202553-5c8b1f0e-9c3d-4a59-8a1f-1d0f7f7b6a11"
#define TEMPLATE "11111111-2222-4333-8444-555555555555"
#define DAY_MS   86400000

typedef struct {
  Simulator simulator;
  NotifyClient *client;
} World;

static NotifyClient *
new_client (const char *url, const char *extra, GError **error)
{
  static const Setting *const tables[] = { notify_settings, NULL };
  g_autofree char *place = g_strconcat ("--notify-url=", url, "/", NULL);
  char *arguments[] = { (char *)"test", place, (char *)extra, NULL };
  char **argv = arguments;
  int argc = extra ? 3 : 2;
  g_autoptr (Settings) settings = NULL;

  g_setenv ("DEPENDENTS_NOTIFY_API_KEY", KEY, TRUE);
  settings = settings_parse ("test", "", "", tables, &argc, &argv, error);
  return settings ? notify_client_new (settings, error) : NULL;
}

static World *
world_new (const char *extra)
{
  const char *const command[] = { NOTIFY_SIMULATOR,
                                  "--notify-known-templates=" TEMPLATE " first_name",
                                  "--notify-last-status=none", extra, NULL };
  World *world = g_new0 (World, 1);
  g_autoptr (GError) error = NULL;

  world->simulator = simulator_start (command, "DEPENDENTS_NOTIFY_EXPECTED_KEY", KEY);
  world->client = new_client (world->simulator.url, NULL, &error);
  g_assert_no_error (error);
  return world;
}

static void
world_free (World *world)
{
  notify_client_free (world->client);
  simulator_end (&world->simulator);
  g_free (world);
}

static json_t *
notifications (const World *world)
{
  g_autoptr (json_t) state = simulator_control (&world->simulator, "GET", "state", NULL);

  return json_incref (json_object_get (state, "notifications"));
}

static guint
count_mails (const World *world)
{
  g_autoptr (json_t) list = notifications (world);

  return (guint)json_array_size (list);
}

static guint
count_calls (const World *world)
{
  g_autoptr (json_t) ledger = simulator_control (&world->simulator, "GET", "ledger", NULL);

  return (guint)json_array_size (ledger);
}

static char *
send_as (NotifyClient *client, const char *address, NotifyEntry entry, GError **error)
{
  g_autoptr (json_t) values = json_pack ("{ss}", "first_name", "ADA");

  return notify_send (client,
                      &(NotifyMail){ .template_id = TEMPLATE,
                                     .address = address,
                                     .personalisation = values,
                                     .reference = "ours" },
                      entry, error);
}

static char *
send_to (NotifyClient *client, const char *address, GError **error)
{
  return send_as (client, address, NOTIFY_ENTRY_FREE, error);
}

/* How the next one would enter. */
static NotifyEntry
entry_of (NotifyClient *client)
{
  NotifyEntry entry = notify_trust_enter (notify_client_trust (client));

  notify_trust_leave (notify_client_trust (client), entry);
  return entry;
}

static gboolean
ask (NotifyClient *client, GError **error)
{
  g_autoptr (json_t) values = json_pack ("{ss}", "first_name", "ADA");

  return notify_ask (client,
                     &(NotifyMail){ .template_id = TEMPLATE,
                                    .address = "ada@example.com",
                                    .personalisation = values,
                                    .reference = "ours" },
                     error);
}

static void
test_mail_arrives (void)
{
  World *world = world_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (NotifyClient) telling = new_client (
      world->simulator.url, "--notify-callback-url=http://127.0.0.1:1/callbacks", &error);
  g_autofree char *id = send_to (world->client, "ada@example.com", &error);
  g_autofree char *second = send_to (telling, "bob@example.com", &error);
  g_autoptr (json_t) list = notifications (world);
  json_t *one = json_array_get (list, 0), *other = json_array_get (list, 1);

  g_assert_no_error (error);
  g_assert_cmpstr (json_string_value (json_object_get (one, "id")), ==, id);
  g_assert_cmpstr (json_string_value (json_object_get (one, "reference")), ==, "ours");
  g_assert_cmpstr (json_string_value (json_object_get (one, "email_address")), ==,
                   "ada@example.com");
  g_assert_null (json_object_get (one, "callback_url"));
  g_assert_cmpstr (json_string_value (json_object_get (other, "callback_url")), ==,
                   "http://127.0.0.1:1/callbacks");
  world_free (world);
}

/* Whatever happens: one call, and never two e-mails. */
static void
test_trouble (void)
{
  static const struct {
    const char *rule;
    int error;
    guint mails; /* that exist after it */
  } cases[] = {
    { "{\"do\":\"drop-before\"}", NOTIFY_ERROR_UNKNOWN, 0 },
    { "{\"do\":\"drop-after\"}", NOTIFY_ERROR_UNKNOWN, 1 },
    { "{\"do\":\"hang\"}", NOTIFY_ERROR_UNKNOWN, 0 },
    { "{\"do\":\"delay\",\"delay_ms\":100}", FINE, 1 },
    { "{\"do\":\"answer-after\",\"status\":504,\"body\":\"\"}", NOTIFY_ERROR_UNAVAILABLE, 1 },
    { "{\"do\":\"answer\",\"status\":500,\"body\":\"{\\\"result\\\":\\\"error\\\"}\"}",
      NOTIFY_ERROR_UNAVAILABLE, 0 },
    { "{\"do\":\"answer-after\",\"status\":201,\"body\":\"nonsense\"}", NOTIFY_ERROR_UNKNOWN, 1 },
    { "{\"do\":\"answer-after\",\"status\":201,\"body\":\"0123456789\",\"repeat\":1000000}",
      NOTIFY_ERROR_UNKNOWN, 1 },
    { "{\"do\":\"answer\",\"status\":401,\"body\":\"{}\"}", NOTIFY_ERROR_CONFIGURATION, 0 },
    { "{\"do\":\"answer\",\"status\":403,\"body\":\"<html>\"}", NOTIFY_ERROR_BETWEEN, 0 },
    { "{\"do\":\"answer\",\"status\":413,\"body\":\"\"}", NOTIFY_ERROR_REFUSED, 0 },
  };
  World *world = world_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    gboolean hangs = strstr (cases[i].rule, "hang") != NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (NotifyClient) client =
        new_client (world->simulator.url, hangs ? "--notify-timeout-ms=500" : NULL, &error);
    g_autofree char *id = NULL;

    g_test_message ("%s", cases[i].rule);
    g_assert_no_error (error);
    /* The call goes over the connection of this one, so that a close could make libcurl send it
     * again. */
    g_free (send_to (client, "first@example.com", &error));
    g_assert_no_error (error);
    simulator_tell (&world->simulator, "DELETE", "ledger", NULL);
    simulator_tell (&world->simulator, "DELETE", "state", NULL);
    simulator_tell (&world->simulator, "POST", "rules", cases[i].rule);
    id = send_to (client, "ada@example.com", &error);
    g_assert_cmpint (id != NULL, ==, cases[i].error == FINE);
    if (cases[i].error != FINE)
      g_assert_error (error, NOTIFY_ERROR, cases[i].error);
    simulator_tell (&world->simulator, "DELETE", "rules", NULL);
    g_assert_cmpuint (count_calls (world), ==, 1);
    g_assert_cmpuint (count_mails (world), ==, cases[i].mails);
  }
  world_free (world);
}

/* While nothing answers, no further e-mail is risked: the service is asked with one to nobody. */
static void
test_doubt (void)
{
  World *world = world_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *first = send_as (world->client, "first@example.com", NOTIFY_ENTRY_TRIAL, &error);
  g_autofree char *id = NULL;

  g_assert_cmpint (entry_of (world->client), ==, NOTIFY_ENTRY_FREE);
  simulator_tell (&world->simulator, "DELETE", "state", NULL);
  simulator_tell (&world->simulator, "POST", "rules",
                  "{\"do\":\"answer\",\"status\":503,\"body\":\"\"}");
  g_assert_null (send_to (world->client, "ada@example.com", &error));
  g_assert_error (error, NOTIFY_ERROR, NOTIFY_ERROR_UNAVAILABLE);
  g_clear_error (&error);
  g_assert_cmpint (entry_of (world->client), ==, NOTIFY_ENTRY_TRIAL);

  g_assert_false (ask (world->client, &error));
  g_assert_error (error, NOTIFY_ERROR, NOTIFY_ERROR_AWAY);
  g_clear_error (&error);
  simulator_tell (&world->simulator, "DELETE", "rules", NULL);
  g_assert_true (ask (world->client, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (count_mails (world), ==, 0);
  /* That one to nobody is taken proves little: the first real one does. */
  g_assert_cmpint (entry_of (world->client), ==, NOTIFY_ENTRY_TRIAL);
  id = send_as (world->client, "ada@example.com", NOTIFY_ENTRY_TRIAL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (entry_of (world->client), ==, NOTIFY_ENTRY_FREE);
  world_free (world);
}

/* What everybody meets is told by the answer to nobody's, and is no e-mail's. */
static void
test_asked (void)
{
  static const struct {
    const char *body;
    int status, error;
  } cases[] = {
    { "<html>blocked</html>", 403, NOTIFY_ERROR_AWAY },
    { "<html>blocked</html>", 400, NOTIFY_ERROR_AWAY },
    { "{\\\"result\\\":\\\"error\\\",\\\"message\\\":\\\"email_address is missing\\\"}", 400,
      FINE },
    { "", 413, FINE },
    { "{\\\"result\\\":\\\"error\\\",\\\"message\\\":\\\"template_id is not a valid UUID\\\"}", 400,
      NOTIFY_ERROR_SCHEMA },
    { "{}", 401, NOTIFY_ERROR_CONFIGURATION },
  };
  World *world = world_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *rule = g_strdup_printf ("{\"do\":\"answer\",\"status\":%d,\"body\":\"%s\"}",
                                             cases[i].status, cases[i].body);
    g_autoptr (GError) error = NULL;

    g_test_message ("%s", rule);
    simulator_tell (&world->simulator, "DELETE", "rules", NULL);
    simulator_tell (&world->simulator, "POST", "rules", rule);
    g_assert_cmpint (ask (world->client, &error), ==, cases[i].error == FINE);
    if (cases[i].error != FINE)
      g_assert_error (error, NOTIFY_ERROR, cases[i].error);
  }
  world_free (world);
}

/* A schema that is not kept is everybody's trouble, until one to nobody is taken: then it is this e-mail's. */
static void
test_own_fault (void)
{
  World *world = world_new (NULL);
  g_autoptr (GError) error = NULL;

  simulator_tell (&world->simulator, "POST", "rules",
                  "{\"do\":\"answer\",\"contains\":\"\\\"reference\\\"\",\"status\":400,\"body\":"
                  "\"{\\\"errors\\\":[{\\\"error\\\":\\\"ValidationError\\\",\\\"message\\\":"
                  "\\\"personalisation is not as it should be\\\"}]}\"}");
  g_assert_null (send_to (world->client, "ada@example.com", &error));
  g_assert_error (error, NOTIFY_ERROR, NOTIFY_ERROR_SCHEMA);
  g_clear_error (&error);
  g_assert_cmpint (entry_of (world->client), ==, NOTIFY_ENTRY_TRIAL);
  g_assert_true (ask (world->client, &error));
  g_assert_no_error (error);
  g_assert_null (send_as (world->client, "ada@example.com", NOTIFY_ENTRY_TRIAL, &error));
  g_assert_error (error, NOTIFY_ERROR, NOTIFY_ERROR_REFUSED);
  g_assert_cmpint (entry_of (world->client), ==, NOTIFY_ENTRY_FREE);
  world_free (world);
}

static void
test_key_and_template (void)
{
  World *world = world_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (json_t) values = json_object ();
  const NotifyMail wanting = { .template_id = TEMPLATE,
                               .address = "ada@example.com",
                               .personalisation = values,
                               .reference = "ours" };

  simulator_tell (&world->simulator, "POST", "behaviour", "{\"revoked\":true}");
  g_assert_null (send_to (world->client, "ada@example.com", &error));
  g_assert_error (error, NOTIFY_ERROR, NOTIFY_ERROR_CONFIGURATION);
  g_clear_error (&error);
  simulator_tell (&world->simulator, "POST", "behaviour", "{\"revoked\":false}");
  g_assert_null (notify_send (world->client, &wanting, NOTIFY_ENTRY_FREE,
                              &error)); /* a placeholder without a value */
  g_assert_error (error, NOTIFY_ERROR, NOTIFY_ERROR_CONFIGURATION);
  g_clear_error (&error);
  g_assert_null (send_to (world->client, "nobody", &error));
  g_assert_error (error, NOTIFY_ERROR, NOTIFY_ERROR_REFUSED);
  g_assert_null (strstr (error->message, "nobody"));
  g_assert_cmpuint (count_mails (world), ==, 0);
  world_free (world);
}

/* A token that was refused for its time is made anew, once. */
static void
test_clock (void)
{
  World *world = world_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;

  simulator_tell (&world->simulator, "POST", "clock", "{\"forward_s\":3600}");
  g_assert_null (send_to (world->client, "ada@example.com", &error));
  g_assert_error (error, NOTIFY_ERROR, NOTIFY_ERROR_CLOCK);
  g_clear_error (&error);
  g_assert_cmpuint (count_calls (world), ==, 2);

  simulator_tell (
      &world->simulator, "POST", "rules",
      "{\"do\":\"answer\",\"status\":403,\"times\":1,\"body\":\"{\\\"result\\\":\\\"error\\\","
      "\\\"message\\\":\\\"system clock\\\"}\"}");
  simulator_tell (&world->simulator, "POST", "clock", "{\"forward_s\":-3600}");
  id = send_to (world->client, "ada@example.com", &error);
  g_assert_no_error (error);
  g_assert_nonnull (id);

  /* The token goes by the database's clock, whatever this machine's says. */
  clock_set_database_offset_ms (3600 * 1000);
  simulator_tell (&world->simulator, "POST", "clock", "{\"forward_s\":3600}");
  g_free (send_to (world->client, "ada@example.com", &error));
  g_assert_no_error (error);
  clock_set_database_offset_ms (0);
  world_free (world);
}

static gint64 monotonic_ms, wall_ms;

static gint64
given_monotonic (void)
{
  return monotonic_ms;
}

static gint64
given_wall (void)
{
  return wall_ms;
}

static void
check_limit (const char *option, NotifyError expected, gint64 least_ms, gint64 most_ms)
{
  World *world = world_new (option);
  g_autoptr (GError) error = NULL;
  gint64 wait_ms;

  g_free (send_to (world->client, "ada@example.com", &error));
  g_assert_no_error (error);
  g_assert_null (send_to (world->client, "ada@example.com", &error));
  g_assert_error (error, NOTIFY_ERROR, expected);
  g_clear_error (&error);
  wait_ms = notify_client_wait_ms (world->client);
  g_assert_cmpint (wait_ms, >=, least_ms);
  g_assert_cmpint (wait_ms, <=, most_ms);

  g_assert_null (send_to (world->client, "ada@example.com", &error));
  g_assert_error (error, NOTIFY_ERROR, expected);
  g_assert_cmpuint (count_calls (world), ==, 2); /* the third was not sent */
  world_free (world);
}

static void
test_limits (void)
{
  gint64 now_ms = g_get_real_time () / 1000;

  clock_set_source (given_wall, given_monotonic);
  wall_ms = now_ms;
  monotonic_ms = 1000;
  check_limit ("--notify-rate=1", NOTIFY_ERROR_RATE, 60000, 60000);
  /* Until midnight UTC. */
  check_limit ("--notify-day-limit=1", NOTIFY_ERROR_DAY_LIMIT, DAY_MS - now_ms % DAY_MS,
               DAY_MS - now_ms % DAY_MS);
  clock_set_source (NULL, NULL);
}

static void
test_settings (void)
{
  static const char *const wrong[] = { "--notify-callback-url=http://example.com/x",
                                       "--notify-callback-url=ftp://127.0.0.1/x",
                                       "--notify-callback-url=x" };
  g_autoptr (GError) error = NULL;
  g_autofree char *long_url =
      g_strdup_printf ("--notify-callback-url=https://example.com/%0250d", 1);

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_test_message ("%s", wrong[i]);
    g_assert_null (new_client ("http://127.0.0.1:1", wrong[i], &error));
    g_assert_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID);
    g_clear_error (&error);
  }
  g_assert_null (new_client ("http://127.0.0.1:1", long_url, &error));
  g_clear_error (&error);
  g_assert_null (new_client ("127.0.0.1:1", NULL, &error));
  g_assert_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID);
}

static void
test_nobody_there (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NotifyClient) client = new_client ("http://127.0.0.1:1", NULL, &error);

  g_assert_no_error (error);
  g_assert_null (send_to (client, "ada@example.com", &error));
  g_assert_error (error, NOTIFY_ERROR, NOTIFY_ERROR_NOT_SENT);
  g_clear_error (&error);
  /* The next one asks first: that nobody is there is not its fault. */
  g_assert_cmpint (entry_of (client), ==, NOTIFY_ENTRY_TRIAL);
  g_assert_false (ask (client, &error));
  g_assert_error (error, NOTIFY_ERROR, NOTIFY_ERROR_AWAY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notify/client/an-e-mail-arrives", test_mail_arrives);
  g_test_add_func ("/notify/client/in-trouble-there-is-one-call-and-one-e-mail", test_trouble);
  g_test_add_func ("/notify/client/asks-before-it-risks-another", test_doubt);
  g_test_add_func ("/notify/client/what-all-would-meet-is-asked-for", test_asked);
  g_test_add_func ("/notify/client/a-fault-of-its-own-is-told-from-everybodys", test_own_fault);
  g_test_add_func ("/notify/client/key-and-template-are-configuration", test_key_and_template);
  g_test_add_func ("/notify/client/a-token-out-of-time-is-made-anew-once", test_clock);
  g_test_add_func ("/notify/client/both-limits-are-kept", test_limits);
  g_test_add_func ("/notify/client/settings", test_settings);
  g_test_add_func ("/notify/client/nobody-there", test_nobody_there);
  return g_test_run ();
}
