/* pipelinectl submit: sends claims to claim-api, prints a confirmation number for each, and may
 * wait for their end.
 *
 * Source: schemas/README.md, 8. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "claim-api-client.h"
#include "pipelinectl.h"
#include "test-user.h"

#define SENDERS       8 /* connections at a time */
#define COPIES_MAX    100000
#define POLL_PAUSE_US 250000

typedef struct {
  char **files, **attached;
  char *user_file;
  gboolean is_test_user;
  gint64 copies;
  gint64 wait_s; /* -1: do not wait */
} Wish;

/* One claim to send, and what came of it. */
typedef struct {
  const char *file;
  json_t *claim; /* borrowed */
  guint copy;
  char *guid;       /* NULL: not taken */
  char *complaints; /* for stderr */
  int exit_code;
  gboolean is_settled;
} Job;

typedef struct {
  ClaimApiClient *client;
  const Wish *wish;
  json_t *user_data;       /* of --user; NULL else */
  AttachedFiles *attached; /* NULL: none */
  GPtrArray *claims;       /* of json_t *, one a file */
  GPtrArray *jobs;         /* of Job * */
  gint next;               /* index of the first job that no sender has taken; atomic */
} Submit;

static const Setting *const tables[] = { claim_api_client_settings, NULL };

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->guid);
  g_free (job->complaints);
  g_free (job);
}

static void
submit_clear (Submit *submit)
{
  claim_api_client_free (submit->client);
  json_decref (submit->user_data);
  attached_files_free (submit->attached);
  g_clear_pointer (&submit->claims, g_ptr_array_unref);
  g_clear_pointer (&submit->jobs, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Submit, submit_clear)

/* --- What is sent --- */

static json_t *
read_object (const char *path)
{
  json_error_t problem;
  json_t *document = json_load_file (path, JSON_REJECT_DUPLICATES, &problem);

  if (document && !json_is_object (document)) {
    json_decref (document);
    document = NULL;
    (void)complain (EXIT_USAGE, "%s is not a JSON object", path);
  } else if (!document && problem.line < 0)
    (void)complain (EXIT_USAGE, "%s cannot be read", path);
  else if (!document) /* the parser's text would quote the claim */
    (void)complain (EXIT_USAGE, "%s is not valid JSON (line %d, column %d)", path, problem.line,
                    problem.column);
  return document;
}

/* A file holds user_data itself, or a request that has it. */
static json_t *
read_user (const char *path)
{
  g_autoptr (json_t) document = read_object (path);
  json_t *inner = json_object_get (document, "user_data");
  json_t *user_data = inner ? inner : document;

  if (!document)
    return NULL;
  if (!json_object_get (user_data, "veteran_information")) {
    (void)complain (EXIT_USAGE, "%s has no veteran_information", path);
    return NULL;
  }
  return json_incref (user_data);
}

static gboolean
open_attached (Submit *submit)
{
  g_autoptr (GError) error = NULL;

  submit->attached = attached_files_open (submit->wish->attached, &error);
  if (!submit->attached)
    (void)complain (EXIT_USAGE, "%s", error->message);
  return submit->attached != NULL;
}

static gboolean
read_files (Submit *submit)
{
  const Wish *wish = submit->wish;

  for (char **file = wish->files; *file; file++) {
    json_t *claim = read_object (*file);

    if (!claim)
      return FALSE;
    g_ptr_array_add (submit->claims, claim);
    if (wish->is_test_user && !json_is_object (json_object_get (claim, "veteran_information"))) {
      (void)complain (EXIT_USAGE, "%s has no veteran_information to make a test user from", *file);
      return FALSE;
    }
    if (!wish->is_test_user && !wish->user_file && !json_object_get (claim, "user_data")) {
      (void)complain (EXIT_USAGE, "%s has no user_data: give --user FILE or --test-user", *file);
      return FALSE;
    }
    for (guint copy = 0; copy < wish->copies; copy++) {
      Job *job = g_new0 (Job, 1);

      job->file = *file;
      job->claim = claim;
      job->copy = copy;
      g_ptr_array_add (submit->jobs, job);
    }
  }
  if (wish->user_file && !(submit->user_data = read_user (wish->user_file)))
    return FALSE;
  return !wish->attached || open_attached (submit);
}

/* --- Sending --- */

static json_t *
body_of (const Submit *submit, const Job *job)
{
  json_t *body = json_copy (job->claim);

  if (submit->wish->is_test_user)
    json_object_set_new (body, "user_data", test_user_data (job->claim, job->copy));
  else if (submit->user_data)
    json_object_set (body, "user_data", submit->user_data);
  return body;
}

static const char *
text_of (const json_t *object, const char *key)
{
  const char *text = json_string_value (json_object_get (object, key));

  return text ? text : "";
}

/* The server's findings name places, never values. */
static void
note_errors (Job *job, const json_t *answer, long status, GString *complaints)
{
  const json_t *errors = json_object_get (answer, "errors");

  for (gsize i = 0; i < json_array_size (errors); i++) {
    const json_t *error = json_array_get (errors, i);

    g_string_append_printf (complaints, "%s: %ld %s: %s\n", job->file, status,
                            text_of (error, "title"), text_of (error, "detail"));
  }
  if (json_array_size (errors) == 0)
    g_string_append_printf (complaints, "%s: claim-api answered %ld\n", job->file, status);
}

static void
note_warnings (Job *job, const json_t *answer, GString *complaints)
{
  const json_t *warnings = json_object_get (json_object_get (answer, "meta"), "warnings");

  for (gsize i = 0; i < json_array_size (warnings); i++) {
    const json_t *warning = json_array_get (warnings, i);

    g_string_append_printf (complaints, "%s: warning: %s %s\n", job->file,
                            text_of (warning, "pointer"), text_of (warning, "title"));
  }
}

static void
send_one (Submit *submit, Job *job)
{
  g_autoptr (json_t) body = body_of (submit, job);
  g_autoptr (GError) error = NULL;
  GString *complaints = g_string_new (NULL);
  long status = 0;
  gboolean is_repeat = FALSE;
  g_autoptr (json_t) answer =
      claim_api_submit (submit->client, body, submit->attached, &status, &is_repeat, &error);
  const json_t *attributes = json_object_get (json_object_get (answer, "data"), "attributes");
  const char *guid = json_string_value (json_object_get (attributes, "confirmation_number"));

  if (!answer) {
    job->exit_code = EXIT_FAILED;
    g_string_append_printf (complaints, "%s: %s\n", job->file, error->message);
  } else if (status == 200 && guid) {
    job->guid = g_strdup (guid);
    if (is_repeat)
      g_string_append_printf (complaints, "%s: repeated: claim-api has this claim already, as %s\n",
                              job->file, guid);
    note_warnings (job, answer, complaints);
  } else {
    /* 422 and its like are the input's fault, the others ours or the token's. */
    job->exit_code = status == 422 || status == 400 || status == 413 ? EXIT_USAGE : EXIT_FAILED;
    note_errors (job, answer, status, complaints);
  }
  job->complaints = g_string_free (complaints, FALSE);
}

/* One sender: takes the next job that nobody has. */
static gpointer
send_jobs (gpointer data)
{
  Submit *submit = data;
  guint next;

  while ((next = (guint)g_atomic_int_add (&submit->next, 1)) < submit->jobs->len)
    send_one (submit, g_ptr_array_index (submit->jobs, next));
  return NULL;
}

static int
send_all (Submit *submit)
{
  GThread *senders[SENDERS];
  guint count = MIN (SENDERS, submit->jobs->len);
  int exit_code = EXIT_DONE;

  for (guint i = 0; i < count; i++)
    senders[i] = g_thread_new ("sender", send_jobs, submit);
  for (guint i = 0; i < count; i++)
    (void)g_thread_join (senders[i]); /* what came of it stands in the jobs */

  for (guint i = 0; i < submit->jobs->len; i++) {
    const Job *job = g_ptr_array_index (submit->jobs, i);

    fputs (job->complaints, stderr);
    if (job->guid)
      puts (job->guid);
    if (job->exit_code && exit_code != EXIT_FAILED)
      exit_code = job->exit_code;
  }
  (void)fflush (stdout); /* whoever reads the numbers need not wait for the end of --wait */
  return exit_code;
}

/* --- Waiting --- */

/* FALSE: not yet. */
static gboolean
look (Submit *submit, Job *job, char **ret_state)
{
  g_autoptr (GError) error = NULL;
  long status = 0;
  g_autoptr (json_t) answer = claim_api_status (submit->client, job->guid, &status, &error);
  const json_t *attributes = json_object_get (json_object_get (answer, "data"), "attributes");
  const char *state = text_of (attributes, "state");

  g_free (*ret_state);
  *ret_state = g_strdup (answer ? state : "not to be learnt");
  if (strcmp (state, "failed") == 0)
    job->exit_code = EXIT_FAILED;
  job->is_settled = strcmp (state, "success") == 0 || strcmp (state, "failed") == 0;
  return job->is_settled;
}

static int
wait_for_all (Submit *submit)
{
  gint64 until = clock_monotonic_ms () + submit->wish->wait_s * 1000;
  int exit_code = EXIT_DONE;

  for (guint i = 0; i < submit->jobs->len; i++) {
    Job *job = g_ptr_array_index (submit->jobs, i);
    g_autofree char *state = NULL;

    if (!job->guid)
      continue;
    while (!look (submit, job, &state) && clock_monotonic_ms () < until)
      g_usleep (POLL_PAUSE_US);
    if (!job->is_settled) {
      (void)complain (EXIT_TOO_LONG, "%s is not settled, its state is %s", job->guid, state);
      exit_code = exit_code == EXIT_FAILED ? exit_code : EXIT_TOO_LONG;
    } else if (job->exit_code) {
      exit_code = complain (EXIT_FAILED, "%s has ended as %s", job->guid, state);
    }
  }
  return exit_code;
}

/* --- The command line --- */

static gboolean
is_usable (const Wish *wish)
{
  if (!wish->files[0])
    (void)complain (EXIT_USAGE, "submit takes at least one file");
  else if (wish->user_file && wish->is_test_user)
    (void)complain (EXIT_USAGE, "--user and --test-user exclude each other");
  else
    return TRUE;
  return FALSE;
}

static gboolean
read_number (const char *name, const char *text, gint64 min, gint64 max, gint64 *number)
{
  if (!text || parse_int64 (text, min, max, number))
    return TRUE;
  (void)complain (EXIT_USAGE,
                  "--%s must be a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, name, min,
                  max);
  return FALSE;
}

static int
submit_claims (const Settings *settings, const Wish *wish)
{
  g_auto (Submit) submit = { .wish = wish };
  g_autoptr (GError) error = NULL;
  int exit_code, waited;

  submit.client = claim_api_client_new (settings, &error);
  if (!submit.client)
    return complain (EXIT_USAGE, "%s", error->message);
  submit.claims = g_ptr_array_new_with_free_func ((GDestroyNotify)json_decref);
  submit.jobs = g_ptr_array_new_with_free_func (job_free);
  if (!read_files (&submit))
    return EXIT_USAGE;
  exit_code = send_all (&submit);
  if (wish->wait_s < 0)
    return exit_code;
  waited = wait_for_all (&submit);
  return exit_code ? exit_code : waited;
}

int
submit_main (int argc, char **argv)
{
  g_autofree char *user_file = NULL, *copies = NULL, *wait = NULL;
  g_auto (GStrv) attached = NULL;
  Wish wish = { .copies = 1, .wait_s = -1 };
  const GOptionEntry options[] = {
    { "user", 0, 0, G_OPTION_ARG_FILENAME, &user_file, "The signed-in user's data.", "FILE" },
    { "test-user", 0, 0, G_OPTION_ARG_NONE, &wish.is_test_user,
      "Makes user data from the claim's veteran_information, with an invented participant id.",
      NULL },
    { "attach", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &attached,
      "A document to send with each claim; may be repeated.", "FILE" },
    { "copies", 0, 0, G_OPTION_ARG_STRING, &copies,
      "Sends each claim so often; with --test-user each copy has a Veteran of its own.", "N" },
    { "wait", 0, 0, G_OPTION_ARG_STRING, &wait,
      "Waits so long for all to end; status 4 when one has not, 1 when one has failed.",
      "SECONDS" },
    { NULL },
  };
  g_autoptr (Settings) settings = read_command_line (
      "FILE…", "Sends claims to claim-api and prints a confirmation number for each.", options,
      tables, &argc, &argv);

  wish.files = argv + 1;
  wish.user_file = user_file;
  wish.attached = attached;
  if (!read_number ("copies", copies, 1, COPIES_MAX, &wish.copies) ||
      !read_number ("wait", wait, 0, 86400, &wish.wait_s) || !is_usable (&wish))
    return EXIT_USAGE;
  return submit_claims (settings, &wish);
}
