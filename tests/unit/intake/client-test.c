/* The client against intake-simulator, in every trouble between them: what has happened there, and
 * what the client says of it. */
#include "intake/client.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "intake/report.h"
#include "intake/upload.h"
#include "support/simulator.h"

#define FINE (-1)
#define MB   1000000

typedef struct {
  Simulator simulator;
  IntakeClient *client;
} World;

static IntakeClient *
new_client (const char *url, const char *extra, GError **error)
{
  static const Setting *const tables[] = { intake_settings, NULL };
  g_autofree char *place = g_strconcat ("--intake-url=", url, "/", NULL);
  char *arguments[] = { (char *)"test", place, (char *)"--intake-api-key=open sesame",
                        (char *)extra, NULL };
  char **argv = arguments;
  int argc = extra ? 4 : 3;
  g_autoptr (Settings) settings = NULL;

  settings = settings_parse ("test", "", "", tables, &argc, &argv, error);
  return settings ? intake_client_new (settings, error) : NULL;
}

static void
rule (const World *world, const char *json)
{
  simulator_tell (&world->simulator, "POST", "rules", json);
}

static World *
world_new (void)
{
  const char *const command[] = { INTAKE_SIMULATOR, "--intake-quota=0", NULL };
  World *world = g_new0 (World, 1);
  g_autoptr (GError) error = NULL;

  world->simulator = simulator_start (command, "DEPENDENTS_INTAKE_EXPECTED_KEY", "open sesame");
  world->client = new_client (world->simulator.url, "--intake-timeout-ms=20000", &error);
  g_assert_no_error (error);
  return world;
}

static void
world_free (World *world)
{
  intake_client_free (world->client);
  simulator_end (&world->simulator);
  g_free (world);
}

static json_t *
uploads (const World *world)
{
  g_autoptr (json_t) state = simulator_control (&world->simulator, "GET", "state", NULL);

  return json_incref (json_object_get (state, "uploads"));
}

/* How many times the storage has stored something, over all uploads. */
static int
count_puts (const World *world)
{
  g_autoptr (json_t) list = uploads (world);
  int count = 0;

  for (gsize i = 0; i < json_array_size (list); i++)
    count += (int)json_integer_value (json_object_get (json_array_get (list, i), "puts"));
  return count;
}

/* How many calls of an operation have come in. */
static int
count_calls (const World *world, const char *operation)
{
  g_autoptr (json_t) ledger = simulator_control (&world->simulator, "GET", "ledger", NULL);
  int count = 0;

  for (gsize i = 0; i < json_array_size (ledger); i++)
    count +=
        g_strcmp0 (json_string_value (json_object_get (json_array_get (ledger, i), "operation")),
                   operation) == 0;
  return count;
}

/* A PDF of one empty page. */
static char *
pdf (const char *title)
{
  g_autofree char *info = g_strdup_printf ("<< /Title (%s) >>", title);
  const char *objects[] = {
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
    "<< /Type /Page /Parent 2 0 R /Resources << >> /MediaBox [0 0 612 792] >>",
    info,
  };
  GString *text = g_string_new ("%PDF-1.4\n");
  g_autoptr (GString) table = g_string_new ("xref\n0 5\n0000000000 65535 f \n");

  for (guint i = 0; i < G_N_ELEMENTS (objects); i++) {
    g_string_append_printf (table, "%010u 00000 n \n", (guint)text->len);
    g_string_append_printf (text, "%u 0 obj\n%s\nendobj\n", i + 1, objects[i]);
  }
  g_string_append_printf (
      table, "trailer\n<< /Size 5 /Root 1 0 R /Info 4 0 R >>\nstartxref\n%u\n%%%%EOF\n",
      (guint)text->len);
  g_string_append (text, table->str);
  return g_string_free (text, FALSE);
}

static IntakePackage *
new_package (void)
{
  IntakePackage *package = intake_package_new (
      "{\"veteranFirstName\":\"Ada\",\"veteranLastName\":\"Example\",\"fileNumber\":\"123456789\","
      "\"zipCode\":\"00012\"}");
  g_autofree char *text = pdf ("main");
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  intake_package_add_bytes (package, bytes);
  return package;
}

static IntakeLocation *
create (const World *world)
{
  g_autoptr (GError) error = NULL;
  IntakeLocation *location = intake_create_location (world->client, &error);

  g_assert_no_error (error);
  return location;
}

static void
check_header (json_t *exchange, const char *name, const char *expected)
{
  g_assert_cmpstr (
      json_string_value (json_object_get (json_object_get (exchange, "headers"), name)), ==,
      expected);
}

static void
check_part (json_t *parts, gsize place, const char *name, const char *text)
{
  json_t *part = json_array_get (parts, place);
  g_autofree char *sha256 = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);

  g_assert_cmpstr (json_string_value (json_object_get (part, "name")), ==, name);
  g_assert_cmpstr (json_string_value (json_object_get (part, "sha256")), ==, sha256);
}

static void
test_package_arrives (void)
{
  World *world = world_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (IntakePackage) package = new_package ();
  g_autoptr (IntakeLocation) location = create (world);
  g_autofree char *first = pdf ("main");
  g_autofree char *second = pdf ("attached");
  g_autofree char *md5 = NULL;
  g_autofree char *length = NULL;
  g_autoptr (json_t) list = NULL;
  g_autoptr (json_t) ledger = NULL;
  json_t *upload = NULL;
  int fd = memfd_create ("attached", MFD_CLOEXEC);

  g_assert_cmpint (write (fd, second, strlen (second)), ==, (gssize)strlen (second));
  intake_package_add_file (package, fd, strlen (second));
  md5 = intake_upload (world->client, location->location, 0, package, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (strlen (md5), ==, 32);

  list = uploads (world);
  upload = json_array_get (list, 0);
  g_assert_cmpstr (json_string_value (json_object_get (upload, "guid")), ==, location->guid);
  g_assert_cmpstr (json_string_value (json_object_get (upload, "status")), ==, "received");
  check_part (json_object_get (upload, "parts"), 1, "content", first);
  check_part (json_object_get (upload, "parts"), 2, "attachment1", second);

  ledger = simulator_control (&world->simulator, "GET", "ledger", NULL);
  check_header (json_array_get (ledger, 0), "apikey", "open sesame");
  length = g_strdup_printf ("%" G_GSIZE_FORMAT, intake_package_bytes (package));
  check_header (json_array_get (ledger, 1), "apikey", NULL);
  check_header (json_array_get (ledger, 1), "content-length", length);
  check_header (json_array_get (ledger, 1), "transfer-encoding", NULL);
  check_header (json_array_get (ledger, 1), "expect", NULL);
  check_header (json_array_get (ledger, 1), "content-type", intake_package_content_type (package));
  close (fd);
  world_free (world);
}

static void
test_create_in_trouble (void)
{
  static const struct {
    const char *rule;
    int error;
    int made; /* guids that exist after it */
  } cases[] = {
    { "{\"do\":\"drop-before\"}", INTAKE_ERROR_UNKNOWN, 0 },
    { "{\"do\":\"drop-after\"}", INTAKE_ERROR_UNKNOWN, 1 },
    { "{\"do\":\"hang\"}", INTAKE_ERROR_UNKNOWN, 0 },
    { "{\"do\":\"delay\",\"delay_ms\":100}", FINE, 1 },
    { "{\"do\":\"answer-after\",\"status\":504,\"body\":\"{\\\"message\\\":\\\"slow\\\"}\"}",
      INTAKE_ERROR_UNAVAILABLE, 1 },
    { "{\"do\":\"answer\",\"status\":503,\"body\":\"<html>0123456789</html>\",\"repeat\":50000,"
      "\"headers\":{\"Content-Type\":\"text/html\"}}",
      INTAKE_ERROR_UNAVAILABLE, 0 },
    { "{\"do\":\"answer\",\"status\":202,\"body\":\"0123456789\",\"repeat\":1000000}",
      INTAKE_ERROR_UNKNOWN, 0 },
    { "{\"do\":\"answer\",\"status\":202,\"body\":\"nonsense\"}", INTAKE_ERROR_UNKNOWN, 0 },
    { "{\"do\":\"answer\",\"status\":200,\"body\":\"<html>welcome\"}", INTAKE_ERROR_UNKNOWN, 0 },
    /* Nobody is sent elsewhere with our key. */
    { "{\"do\":\"answer\",\"status\":302,"
      "\"headers\":{\"Location\":\"/services/vba_documents/v1/uploads\"}}",
      INTAKE_ERROR_UNKNOWN, 0 },
    { "{\"do\":\"answer\",\"status\":308,"
      "\"headers\":{\"Location\":\"/services/vba_documents/v1/uploads\"}}",
      INTAKE_ERROR_UNKNOWN, 0 },
    { "{\"do\":\"answer\",\"status\":202,\"body\":\"{\\\"data\\\":{\\\"attributes\\\":"
      "{\\\"location\\\":\\\"http://a/b\\\"}}}\"}",
      INTAKE_ERROR_UNKNOWN, 0 },
    { "{\"do\":\"answer\",\"status\":202,\"body\":\"{\\\"data\\\":{\\\"id\\\":\\\"x\\\","
      "\\\"attributes\\\":{\\\"location\\\":\\\"http://a/b c?d=e f\\\"}}}\"}",
      INTAKE_ERROR_UNKNOWN, 0 },
    { "{\"do\":\"answer\",\"status\":202,\"body\":\"{\\\"data\\\":{\\\"id\\\":\\\"x\\\"}}\"}",
      INTAKE_ERROR_UNKNOWN, 0 },
    { "{\"do\":\"answer\",\"status\":401,\"body\":\"{\\\"message\\\":\\\"no\\\"}\"}",
      INTAKE_ERROR_CONFIGURATION, 0 },
    { "{\"do\":\"answer\",\"status\":403,\"body\":\"{\\\"message\\\":\\\"no\\\"}\"}",
      INTAKE_ERROR_CONFIGURATION, 0 },
    { "{\"do\":\"answer\",\"status\":413,\"body\":\"{\\\"message\\\":\\\"no\\\"}\"}",
      INTAKE_ERROR_REFUSED, 0 },
    { "{\"do\":\"answer\",\"status\":422,\"body\":\"{\\\"errors\\\":[]}\"}", INTAKE_ERROR_REFUSED,
      0 },
  };
  World *world = world_new ();
  g_autoptr (GError) client_error = NULL;
  g_autoptr (IntakeClient) hasty =
      new_client (world->simulator.url, "--intake-timeout-ms=1000", &client_error);

  g_assert_no_error (client_error);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (IntakeLocation) location = NULL;
    g_autoptr (json_t) list = NULL;
    gboolean hangs = strstr (cases[i].rule, "hang") != NULL;

    g_test_message ("%s", cases[i].rule);
    /* The call goes over the connection of this one, so that a close could make libcurl send it
     * again. */
    intake_location_free (create (world));
    simulator_tell (&world->simulator, "DELETE", "ledger", NULL);
    simulator_tell (&world->simulator, "DELETE", "state", NULL);
    rule (world, cases[i].rule);
    location = intake_create_location (hangs ? hasty : world->client, &error);
    g_assert_cmpint (location != NULL, ==, cases[i].error == FINE);
    if (cases[i].error == FINE)
      g_assert_no_error (error);
    else
      g_assert_error (error, INTAKE_ERROR, cases[i].error);
    simulator_tell (&world->simulator, "DELETE", "rules", NULL);
    g_assert_cmpint (count_calls (world, "create"), ==, 1); /* never again by itself */
    list = uploads (world);
    g_assert_cmpuint (json_array_size (list), ==, cases[i].made);
  }
  world_free (world);
}

static void
test_put_in_trouble (void)
{
  static const struct {
    const char *rule;
    int error;
    int stored;
  } cases[] = {
    { "{\"operation\":\"put\",\"do\":\"drop-before\"}", INTAKE_ERROR_UNKNOWN, 0 },
    { "{\"operation\":\"put\",\"do\":\"drop-after\"}", INTAKE_ERROR_UNKNOWN, 1 },
    { "{\"operation\":\"put\",\"do\":\"hang\"}", INTAKE_ERROR_UNKNOWN, 0 },
    { "{\"operation\":\"put\",\"do\":\"delay\",\"delay_ms\":100}", FINE, 1 },
    { "{\"operation\":\"put\",\"do\":\"answer-after\",\"status\":200,"
      "\"headers\":{\"ETag\":\"\\\"0123456789abcdef0123456789abcdef\\\"\"}}",
      INTAKE_ERROR_DAMAGED, 1 },
    { "{\"operation\":\"put\",\"do\":\"answer\",\"status\":200,\"headers\":{\"ETag\":\"x\"}}",
      INTAKE_ERROR_DAMAGED, 0 },
    { "{\"operation\":\"put\",\"do\":\"answer\",\"status\":200,\"body\":\"welcome\"}",
      INTAKE_ERROR_UNKNOWN, 0 },
    { "{\"operation\":\"put\",\"do\":\"answer\",\"status\":503,"
      "\"body\":\"<Error><Code>SlowDown</Code></Error>\"}",
      INTAKE_ERROR_UNAVAILABLE, 0 },
    { "{\"operation\":\"put\",\"do\":\"answer\",\"status\":503,\"body\":\"<html>0123456789\","
      "\"repeat\":65000}",
      INTAKE_ERROR_UNAVAILABLE, 0 },
    { "{\"operation\":\"put\",\"do\":\"answer\",\"status\":307,"
      "\"headers\":{\"Location\":\"/services/vba_documents/v1/uploads\"}}",
      INTAKE_ERROR_UNKNOWN, 0 },
    { "{\"operation\":\"put\",\"do\":\"answer\",\"status\":413,\"body\":\"<html>\"}",
      INTAKE_ERROR_REFUSED, 0 },
    { "{\"operation\":\"put\",\"do\":\"answer\",\"status\":403,"
      "\"body\":\"<Error><Code>AccessDenied</Code></Error>\"}",
      INTAKE_ERROR_LOCATION, 0 },
    { "{\"operation\":\"put\",\"do\":\"answer\",\"status\":403,"
      "\"body\":\"{\\\"message\\\":\\\"no\\\"}\"}",
      INTAKE_ERROR_CONFIGURATION, 0 },
  };
  World *world = world_new ();
  g_autoptr (IntakePackage) package = new_package ();
  g_autoptr (GError) client_error = NULL;
  g_autoptr (IntakeClient) hasty =
      new_client (world->simulator.url, "--intake-timeout-ms=1000", &client_error);

  g_assert_no_error (client_error);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (IntakeLocation) location = NULL;
    g_autofree char *md5 = NULL;
    g_autofree char *again = NULL;
    gboolean hangs = strstr (cases[i].rule, "hang") != NULL;

    g_test_message ("%s", cases[i].rule);
    simulator_tell (&world->simulator, "DELETE", "ledger", NULL);
    simulator_tell (&world->simulator, "DELETE", "state", NULL);
    location = create (world);
    rule (world, cases[i].rule);
    md5 = intake_upload (hangs ? hasty : world->client, location->location, 0, package, &error);
    g_assert_cmpint (md5 != NULL, ==, cases[i].error == FINE);
    if (cases[i].error == FINE)
      g_assert_no_error (error);
    else
      g_assert_error (error, INTAKE_ERROR, cases[i].error);
    simulator_tell (&world->simulator, "DELETE", "rules", NULL);
    g_assert_cmpint (count_calls (world, "put"), ==, 1);
    g_assert_cmpint (count_puts (world), ==, cases[i].stored);

    /* The same PUT may be repeated. */
    g_clear_error (&error);
    again = intake_upload (world->client, location->location, 0, package, &error);
    g_assert_no_error (error);
    g_assert_cmpint (count_puts (world), ==, cases[i].stored + 1);
  }
  world_free (world);
}

static void
test_location_is_over (void)
{
  World *world = world_new ();
  g_autoptr (IntakePackage) package = new_package ();
  g_autoptr (IntakeLocation) location = create (world);
  g_autofree char *altered = g_strconcat (location->location, "0", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (intake_upload (world->client, altered, 0, package, &error));
  g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_LOCATION);
  g_clear_error (&error);
  simulator_tell (&world->simulator, "POST", "clock", "{\"forward_s\":901}");
  g_assert_null (intake_upload (world->client, location->location, 0, package, &error));
  g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_LOCATION);
  g_clear_error (&error);
  g_assert_cmpint (count_calls (world, "put"), ==, 2);
  /* What is known to be over is not tried. */
  g_assert_null (
      intake_upload (world->client, location->location, INTAKE_LOCATION_LIFE_MS, package, &error));
  g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_LOCATION);
  g_assert_cmpint (count_calls (world, "put"), ==, 2);
  world_free (world);
}

static void
test_wrong_package (void)
{
  World *world = world_new ();
  g_autoptr (IntakePackage) package = intake_package_new ("{}");
  g_autoptr (IntakeLocation) location = create (world);
  g_autoptr (GError) error = NULL;
  g_autoptr (IntakePackage) cut = intake_package_new ("{}");
  int fd = memfd_create ("short", MFD_CLOEXEC);

  g_assert_null (intake_upload (world->client, location->location, 0, package, &error));
  g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_assert_cmpint (count_calls (world, "put"), ==, 0);

  /* A file that ends too early: the storage never gets a whole object. */
  intake_package_add_file (cut, fd, 100);
  g_assert_null (intake_upload (world->client, location->location, 0, cut, &error));
  g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_UNKNOWN);
  g_assert_cmpint (count_puts (world), ==, 0);
  close (fd);
  world_free (world);
}

static gint64 monotonic_ms = 1000000;

static gint64
test_monotonic_ms (void)
{
  return monotonic_ms;
}

static void
test_quota (void)
{
  static const struct {
    const char *headers;
    gint64 wait_ms;
  } cases[] = {
    { "{\"RateLimit-Reset\":\"7\",\"Retry-After\":\"9\"}", 7000 },
    { "{\"Retry-After\":\"9\"}", 9000 },
    { "{\"Retry-After\":\"Fri, 31 Dec 1999 23:59:59 GMT\"}", 60000 },
    { "{\"RateLimit-Reset\":\"0\"}", 1000 },
    { "{\"RateLimit-Reset\":\"99999\"}", 60000 },
    { "{\"RateLimit-Reset\":\"soon\",\"Retry-After\":\"9\"}", 9000 },
    { "{\"Retry-After\":\"-9\"}", 60000 },
    { "{\"Retry-After\":\"1.5\"}", 60000 },
    { "{\"Retry-After\":\"\"}", 60000 },
    { "{}", 60000 },
  };
  World *world = world_new ();

  clock_set_source (NULL, test_monotonic_ms);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *json = g_strdup_printf (
        "{\"do\":\"answer\",\"status\":429,\"times\":1,\"headers\":%s}", cases[i].headers);
    g_autoptr (GError) error = NULL;

    g_test_message ("%s", cases[i].headers);
    simulator_tell (&world->simulator, "DELETE", "ledger", NULL);
    rule (world, json);
    g_assert_cmpint (intake_client_wait_ms (world->client), ==, 0);
    g_assert_null (intake_create_location (world->client, &error));
    g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_QUOTA);
    g_clear_error (&error);
    g_assert_cmpint (intake_client_wait_ms (world->client), ==, cases[i].wait_ms);

    /* Until then nobody is asked. */
    monotonic_ms += cases[i].wait_ms - 1;
    g_assert_null (intake_create_location (world->client, &error));
    g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_QUOTA);
    g_assert_cmpint (count_calls (world, "create"), ==, 1);
    monotonic_ms += 1;
    intake_location_free (create (world));
  }
  clock_set_source (NULL, NULL);
  world_free (world);
}

static void
test_statuses (void)
{
  World *world = world_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (IntakeLocation) one = create (world);
  g_autoptr (IntakeLocation) other = create (world);
  g_autofree char *advance = g_strdup_printf (
      "{\"guid\":\"%s\",\"status\":\"error\",\"code\":\"DOC104\",\"detail\":\"why\"}", other->guid);
  g_autoptr (IntakeUpload) pending = intake_find_upload (world->client, one->guid, &error);
  g_autoptr (IntakeUpload) unknown = intake_find_upload (world->client, "nobody", &error);
  const char *guids[] = { one->guid, "nobody", other->guid, NULL };
  g_autoptr (GHashTable) report = NULL;
  const IntakeUpload *upload = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (pending->status, ==, INTAKE_STATUS_PENDING);
  g_assert_cmpint (unknown->status, ==, INTAKE_STATUS_ERROR);
  g_assert_cmpstr (unknown->code, ==, "DOC105");
  g_assert_true (unknown->is_final);

  simulator_tell (&world->simulator, "POST", "advance", advance);
  report = intake_report (world->client, guids, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_hash_table_size (report), ==, 3);
  upload = g_hash_table_lookup (report, one->guid);
  g_assert_cmpint (upload->status, ==, INTAKE_STATUS_PENDING);
  upload = g_hash_table_lookup (report, other->guid);
  g_assert_cmpstr (upload->code, ==, "DOC104");
  g_assert_cmpstr (upload->detail, ==, "why");
  upload = g_hash_table_lookup (report, "nobody");
  g_assert_cmpstr (upload->code, ==, "DOC105");
  world_free (world);
}

/* A page of something between us is no word of the API's about a package. */
static void
test_status_not_by_the_api (void)
{
  World *world = world_new ();
  g_autoptr (GError) error = NULL;

  rule (world, "{\"operation\":\"status\",\"do\":\"answer\",\"status\":404,\"body\":\"<html>\"}");
  g_assert_null (intake_find_upload (world->client, "a", &error));
  g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_CONFIGURATION);
  world_free (world);
}

/* A cache between us may hold somebody else's. */
static void
test_status_of_a_stranger (void)
{
  World *world = world_new ();
  g_autoptr (GError) error = NULL;

  rule (world,
        "{\"operation\":\"status\",\"do\":\"answer\",\"status\":200,\"body\":\"{\\\"data\\\":"
        "{\\\"id\\\":\\\"b\\\",\\\"attributes\\\":{\\\"status\\\":\\\"expired\\\"}}}\"}");
  g_assert_null (intake_find_upload (world->client, "a", &error));
  g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_UNKNOWN);
  world_free (world);
}

/* A report is an answer about those who were asked for, and nobody else. */
static void
test_report_with_strangers (void)
{
  World *world = world_new ();
  const char *guids[] = { "a", "b", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) report = NULL;

  rule (world,
        "{\"operation\":\"report\",\"do\":\"answer\",\"status\":200,\"body\":\"{\\\"data\\\":"
        "[{\\\"id\\\":\\\"x\\\",\\\"attributes\\\":{\\\"status\\\":\\\"vbms\\\"}},"
        "{\\\"id\\\":\\\"a\\\",\\\"attributes\\\":{\\\"status\\\":\\\"vbms\\\"}}]}\"}");
  report = intake_report (world->client, guids, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_hash_table_size (report), ==, 1);
  g_assert_true (g_hash_table_contains (report, "a"));
  world_free (world);
}

static void
test_largest_report (void)
{
  World *world = world_new ();
  g_auto (GStrv) guids = g_new0 (char *, INTAKE_REPORT_MAX_IDS + 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) report = NULL;

  for (int i = 0; i < INTAKE_REPORT_MAX_IDS; i++)
    guids[i] = g_strdup_printf ("guid-%d", i);
  report = intake_report (world->client, (const char *const *)guids, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_hash_table_size (report), ==, INTAKE_REPORT_MAX_IDS);
  world_free (world);
}

static gint64
resident_peak_kb (void)
{
  g_autofree char *status = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/status", &status, NULL, NULL));
  return g_ascii_strtoll (strstr (status, "VmHWM:") + strlen ("VmHWM:"), NULL, 10);
}

/* 60 MB go through a few buffers. */
static void
test_large_package (void)
{
  World *world = world_new ();
  g_autoptr (IntakePackage) package = new_package ();
  g_autoptr (IntakeLocation) location = create (world);
  g_autoptr (GError) error = NULL;
  g_autofree char *md5 = NULL;
  gint64 before_kb;
  int fd = memfd_create ("large", MFD_CLOEXEC);

  g_assert_cmpint (ftruncate (fd, 60 * MB), ==, 0);
  intake_package_add_file (package, fd, 60 * MB);
  before_kb = resident_peak_kb ();
  md5 = intake_upload (world->client, location->location, 0, package, &error);
  g_assert_no_error (error);
  g_assert_cmpint (resident_peak_kb () - before_kb, <, 8000);
  g_assert_cmpint (count_puts (world), ==, 1);
  close (fd);
  world_free (world);
}

static void
test_limits (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (IntakeClient) client = new_client ("https://intake.example", NULL, &error);
  static const struct {
    gsize bytes;
    gint64 age_ms, limit_ms;
  } cases[] = {
    { 1, 0, 31000 },
    { MB, 0, 31000 },
    { MB + 1, 0, 32000 },
    { 100 * (gsize)MB, 0, 130000 },
    { 600 * (gsize)MB, 0, 630000 },
    { 5000 * (gsize)MB, 0, 895000 },
    { 1, 880000, 15000 },
    { 1, 895000, 0 },
    { 1, 2000000, 0 },
  };

  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (intake_upload_limit_ms (client, cases[i].bytes, cases[i].age_ms), ==,
                     cases[i].limit_ms);
  g_assert_true (intake_client_trusts (client, "https://storage.example/x"));
  g_assert_false (intake_client_trusts (client, "http://storage.example/x"));
}

static void
test_not_connected (void)
{
  World *world = world_new ();
  g_autofree char *url = g_strdup (world->simulator.url);
  g_autoptr (GError) error = NULL;
  g_autoptr (IntakeClient) client = new_client (url, NULL, &error);

  world_free (world);
  g_assert_null (intake_create_location (client, &error));
  g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_NOT_SENT);
}

static void
test_settings (void)
{
  static const char *const wrong[] = { "--intake-url=intake.example", "--intake-url=",
                                       "--intake-api-key=", "--intake-timeout-ms=0",
                                       "--intake-ca-file=/nowhere" };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (new_client ("http://127.0.0.1:1", wrong[i], &error));
    g_assert_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/intake/client/a-package-arrives-whole", test_package_arrives);
  g_test_add_func ("/intake/client/create-in-every-trouble", test_create_in_trouble);
  g_test_add_func ("/intake/client/put-in-every-trouble", test_put_in_trouble);
  g_test_add_func ("/intake/client/a-location-that-is-over", test_location_is_over);
  g_test_add_func ("/intake/client/a-package-that-cannot-be-sent", test_wrong_package);
  g_test_add_func ("/intake/client/the-quota-is-kept", test_quota);
  g_test_add_func ("/intake/client/statuses-one-and-many", test_statuses);
  g_test_add_func ("/intake/client/a-status-that-is-not-the-apis", test_status_not_by_the_api);
  g_test_add_func ("/intake/client/a-status-of-a-stranger", test_status_of_a_stranger);
  g_test_add_func ("/intake/client/a-report-with-strangers", test_report_with_strangers);
  g_test_add_func ("/intake/client/the-largest-report", test_largest_report);
  g_test_add_func ("/intake/client/a-large-package-is-streamed", test_large_package);
  g_test_add_func ("/intake/client/limits", test_limits);
  g_test_add_func ("/intake/client/not-connected", test_not_connected);
  g_test_add_func ("/intake/client/settings", test_settings);
  return g_test_run ();
}
