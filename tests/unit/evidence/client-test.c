/* The client against evidence-simulator, in every trouble between them: what is in the folder then, and
 * what the client says of it. */
#include "evidence/evidence.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "support/simulator.h"
#include "base/clock.h"

#define FINE   (-1)
#define SECRET "secret-of-tests"
#define FOLDER "VETERAN:PARTICIPANT_ID:600000001"
#define NAME   "21-686C-7d0f7f0e-55b2-4b0b-9d43-0a3f8f0b7c11-1.pdf"

/* One page without content. */
#define DOCUMENT                                                                                   \
  "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"                                 \
  "2 0 obj\n<< /Type /Pages /Count 1 /Kids [3 0 R] >>\nendobj\n"                                   \
  "3 0 obj\n<< /Type /Page /Parent 2 0 R /Resources << >> /MediaBox [0 0 612 792] >>\nendobj\n"    \
  "xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000058 00000 n \n0000000115 00000 n "  \
  "\ntrailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n202\n%%EOF\n"

typedef struct {
  Simulator simulator;
  EvidenceClient *client;
  GBytes *document;
} World;

static EvidenceClient *
new_client (const char *url, const char *secret, const char *extra)
{
  static const Setting *const tables[] = { evidence_settings, NULL };
  g_autofree char *place = g_strconcat ("--evidence-url=", url, "/api/v1/rest/", NULL);
  char *arguments[] = { (char *)"test", place, (char *)extra, NULL };
  char **argv = arguments;
  int argc = extra ? 3 : 2;
  g_autoptr (GError) error = NULL;
  g_autoptr (Settings) settings = NULL;
  EvidenceClient *client;

  g_setenv ("DEPENDENTS_EVIDENCE_SECRET", secret, TRUE);
  settings = settings_parse ("test", "", "", tables, &argc, &argv, &error);
  g_assert_no_error (error);
  client = evidence_client_new (settings, &error);
  g_assert_no_error (error);
  return client;
}

static World *
world_new (void)
{
  const char *const command[] = { EVIDENCE_SIMULATOR, NULL };
  World *world = g_new0 (World, 1);

  world->simulator = simulator_start (command, "DEPENDENTS_EVIDENCE_EXPECTED_SECRET", SECRET);
  world->client = new_client (world->simulator.url, SECRET, NULL);
  world->document = g_bytes_new_static (DOCUMENT, strlen (DOCUMENT));
  return world;
}

static void
world_free (World *world)
{
  evidence_client_free (world->client);
  g_bytes_unref (world->document);
  simulator_end (&world->simulator);
  g_free (world);
}

static EvidencePaper
paper_of (const World *world)
{
  return (EvidencePaper){ .folder = FOLDER,
                          .content_name = NAME,
                          .document_type = 148,
                          .received_day = "2026-01-02",
                          .bytes = world->document,
                          .fd = -1,
                          .length = g_bytes_get_size (world->document) };
}

static EvidenceFile *
upload (const World *world, EvidenceClient *client, GError **error)
{
  const EvidencePaper paper = paper_of (world);

  return evidence_upload (client, &paper, error);
}

static json_t *
files_of (const World *world)
{
  g_autoptr (json_t) state = simulator_control (&world->simulator, "GET", "state", NULL);

  return json_incref (json_object_get (state, "files"));
}

static guint
count_calls (const World *world)
{
  g_autoptr (json_t) ledger = simulator_control (&world->simulator, "GET", "ledger", NULL);

  return (guint)json_array_size (ledger);
}

static char *
find (EvidenceClient *client, const char *name)
{
  g_autoptr (GError) error = NULL;
  char *uuid = NULL;

  g_assert_true (evidence_find (client, FOLDER, name, &uuid, &error));
  g_assert_no_error (error);
  return uuid;
}

static void
test_stored_and_found (void)
{
  World *world = world_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EvidenceFile) file = upload (world, world->client, &error);
  g_autoptr (json_t) files = files_of (world);
  json_t *only = json_array_get (files, 0);
  g_autofree char *found = NULL, *other = NULL;

  g_assert_no_error (error);
  g_assert_false (file->is_told_other_md5);
  g_assert_cmpuint (json_array_size (files), ==, 1);
  g_assert_cmpstr (json_string_value (json_object_get (only, "uuid")), ==, file->uuid);
  g_assert_cmpstr (json_string_value (json_object_get (only, "folder")), ==, FOLDER);
  g_assert_cmpint (json_integer_value (json_object_get (only, "bytes")), ==, strlen (DOCUMENT));
  found = find (world->client, NAME);
  other = find (world->client, "another.pdf");
  g_assert_cmpstr (found, ==, file->uuid);
  g_assert_null (other);
  world_free (world);
}

/* From a file, as an attachment goes. */
static void
test_from_a_file (void)
{
  World *world = world_new ();
  EvidencePaper paper = paper_of (world);
  g_autoptr (GError) error = NULL;
  g_autoptr (EvidenceFile) file = NULL;

  paper.bytes = NULL;
  paper.fd = memfd_create ("document", MFD_CLOEXEC);
  g_assert_cmpint (write (paper.fd, DOCUMENT, strlen (DOCUMENT)), ==, strlen (DOCUMENT));
  file = evidence_upload (world->client, &paper, &error);
  g_assert_no_error (error);
  g_assert_false (file->is_told_other_md5);
  (void)close (paper.fd);
  world_free (world);
}

/* Whatever happens: one call, and never two papers. */
static void
test_trouble (void)
{
  static const struct {
    const char *rule;
    int error;
    guint papers; /* that are in the folder after it */
  } cases[] = {
    { "{\"do\":\"drop-before\"}", EVIDENCE_ERROR_UNKNOWN, 0 },
    { "{\"do\":\"drop-after\"}", EVIDENCE_ERROR_UNKNOWN, 1 },
    { "{\"do\":\"hang\"}", EVIDENCE_ERROR_UNKNOWN, 0 },
    { "{\"do\":\"delay\",\"delay_ms\":100}", FINE, 1 },
    { "{\"do\":\"answer-after\",\"status\":504,\"body\":\"\"}", EVIDENCE_ERROR_UNAVAILABLE, 1 },
    { "{\"do\":\"answer-after\",\"status\":200,\"body\":\"nonsense\"}", EVIDENCE_ERROR_UNKNOWN, 1 },
    { "{\"do\":\"answer-after\",\"status\":200,\"body\":\"0123456789\",\"repeat\":1000000}",
      EVIDENCE_ERROR_UNKNOWN, 1 },
    { "{\"do\":\"answer\",\"status\":503,\"body\":\"<html>\"}", EVIDENCE_ERROR_UNAVAILABLE, 0 },
    { "{\"do\":\"answer\",\"status\":429,\"body\":\"\"}", EVIDENCE_ERROR_BUSY, 0 },
    { "{\"do\":\"answer\",\"status\":403,\"body\":\"<html>\"}", EVIDENCE_ERROR_BETWEEN, 0 },
    { "{\"do\":\"answer\",\"status\":404,\"body\":\"<html>\"}", EVIDENCE_ERROR_CONFIGURATION, 0 },
  };
  World *world = world_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    gboolean hangs = strstr (cases[i].rule, "hang") != NULL;
    g_autoptr (EvidenceClient) client =
        new_client (world->simulator.url, SECRET, hangs ? "--evidence-timeout-ms=300" : NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (EvidenceFile) file = NULL;
    g_autoptr (json_t) files = NULL;

    g_test_message ("%s", cases[i].rule);
    /* The call goes over the connection of this one, so that a close could make libcurl send it
     * again. */
    g_free (find (client, NAME));
    simulator_tell (&world->simulator, "DELETE", "ledger", NULL);
    simulator_tell (&world->simulator, "DELETE", "state", NULL);
    simulator_tell (&world->simulator, "POST", "rules", cases[i].rule);
    file = upload (world, client, &error);
    g_assert_cmpint (file != NULL, ==, cases[i].error == FINE);
    if (cases[i].error != FINE)
      g_assert_error (error, EVIDENCE_ERROR, cases[i].error);
    simulator_tell (&world->simulator, "DELETE", "rules", NULL);
    g_assert_cmpuint (count_calls (world), ==, 1);
    files = files_of (world);
    g_assert_cmpuint (json_array_size (files), ==, cases[i].papers);
  }
  world_free (world);
}

static void
test_refused_by_code (void)
{
  static const struct {
    const char *code;
    EvidenceError error;
  } cases[] = {
    { "VEFSERR40001", EVIDENCE_ERROR_REFUSED },     { "VEFSERR40008", EVIDENCE_ERROR_REFUSED },
    { "VEFSERR40010", EVIDENCE_ERROR_REFUSED },     { "VEFSERR40059", EVIDENCE_ERROR_REFUSED },
    { "VEFSERR40301", EVIDENCE_ERROR_REFUSED },     { "VEFSERR40302", EVIDENCE_ERROR_REFUSED },
    { "VEFSERR41501", EVIDENCE_ERROR_FAULT },       { "VEFSERR50012", EVIDENCE_ERROR_UNAVAILABLE },
    { "VEFSERR50102", EVIDENCE_ERROR_UNAVAILABLE },
  };
  World *world = world_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *refusal =
        g_strdup_printf ("{\"operation\":\"upload\",\"times\":1,\"code\":\"%s\"}", cases[i].code);
    g_autoptr (GError) error = NULL;

    simulator_tell (&world->simulator, "POST", "refuse", refusal);
    g_assert_null (upload (world, world->client, &error));
    g_assert_error (error, EVIDENCE_ERROR, (int)cases[i].error);
    g_assert_nonnull (strstr (error->message, cases[i].code));
    g_assert_null (strstr (error->message, "600000001"));
  }
  world_free (world);
}

/* The name is taken: refused, and what is there stays as it was. */
static void
test_a_name_is_there_once (void)
{
  World *world = world_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EvidenceFile) first = upload (world, world->client, &error);
  g_autoptr (json_t) files = NULL;

  g_assert_no_error (error);
  g_assert_null (upload (world, world->client, &error));
  g_assert_error (error, EVIDENCE_ERROR, EVIDENCE_ERROR_FAULT);
  files = files_of (world);
  g_assert_cmpuint (json_array_size (files), ==, 1);
  world_free (world);
}

/* With a second token; and what fails then is everybody's. */
static void
test_token (void)
{
  World *world = world_new ();
  g_autoptr (EvidenceClient) stranger = new_client (world->simulator.url, "another secret", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EvidenceFile) file = NULL;

  g_assert_null (upload (world, stranger, &error));
  g_assert_error (error, EVIDENCE_ERROR, EVIDENCE_ERROR_TOKEN);
  g_clear_error (&error);
  g_assert_cmpuint (count_calls (world), ==, 2);

  simulator_tell (&world->simulator, "POST", "refuse",
                  "{\"operation\":\"upload\",\"times\":1,\"code\":\"VEFSERR40009\"}");
  file = upload (world, world->client, &error);
  g_assert_no_error (error);
  g_assert_nonnull (file);

  /* It goes by the database's clock, whatever this machine's says. */
  clock_set_database_offset_ms (3600 * 1000);
  simulator_tell (&world->simulator, "POST", "clock", "{\"forward_s\":3600}");
  g_free (find (world->client, NAME));
  clock_set_database_offset_ms (0);
  world_free (world);
}

static void
test_nobody_there (void)
{
  World *world = world_new ();
  g_autoptr (EvidenceClient) lost = new_client ("http://127.0.0.1:9", SECRET, NULL);
  g_autoptr (GError) error = NULL;
  char *uuid = NULL;

  g_assert_null (upload (world, lost, &error));
  g_assert_error (error, EVIDENCE_ERROR, EVIDENCE_ERROR_NOT_SENT);
  g_clear_error (&error);
  g_assert_false (evidence_find (lost, FOLDER, NAME, &uuid, &error));
  g_assert_error (error, EVIDENCE_ERROR, EVIDENCE_ERROR_NOT_SENT);
  world_free (world);
}

static void
test_whose_folder (void)
{
  g_autofree char *both = evidence_folder ("600000001", "666000001");
  g_autofree char *ssn = evidence_folder (NULL, "666000001"), *empty = evidence_folder ("", "");

  g_assert_cmpstr (both, ==, "VETERAN:PARTICIPANT_ID:600000001");
  g_assert_cmpstr (ssn, ==, "VETERAN:SSN:666000001");
  g_assert_null (empty);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/evidence/client/stored-and-found-by-its-name", test_stored_and_found);
  g_test_add_func ("/evidence/client/read-from-a-file", test_from_a_file);
  g_test_add_func ("/evidence/client/one-call-in-every-trouble", test_trouble);
  g_test_add_func ("/evidence/client/each-code-is-its-error", test_refused_by_code);
  g_test_add_func ("/evidence/client/a-name-is-there-once", test_a_name_is_there_once);
  g_test_add_func ("/evidence/client/a-token-is-made-anew-once", test_token);
  g_test_add_func ("/evidence/client/nobody-there", test_nobody_there);
  g_test_add_func ("/evidence/client/whose-folder", test_whose_folder);
  return g_test_run ();
}
