/* pipelinectl status: how far a claim group has come. A client of claim-api. */
#include <stdio.h>
#include <string.h>

#include "claim-api-client.h"
#include "output.h"
#include "pipelinectl.h"

static const Setting *const tables[] = { claim_api_client_settings, NULL };

static const char *
text_of (const json_t *object, const char *key, const char *otherwise)
{
  const char *text = json_string_value (json_object_get (object, key));

  return text ? text : otherwise;
}

static void
print_papers (const json_t *papers)
{
  for (gsize i = 0; i < json_array_size (papers); i++) {
    const json_t *paper = json_array_get (papers, i);
    json_int_t attachment = json_integer_value (json_object_get (paper, "attachment"));
    g_autofree char *what = attachment ? g_strdup_printf ("attachment %d", (int)attachment)
                                       : g_strdup (text_of (paper, "form_type", "-"));

    printf ("paper         %-13s %-9s %s\n", what, text_of (paper, "state", "-"),
            text_of (paper, "uuid", ""));
  }
}

static void
print_for_people (const json_t *report)
{
  const json_t *claims = json_object_get (report, "claims");
  const json_t *emails = json_object_get (report, "emails");
  const json_t *package = json_object_get (report, "package");

  printf (
      "group         %s\nsubmitted by  %s\nstate         %s\nneeds person  %s\nproc id       %s\n",
      text_of (report, "group", "-"), text_of (report, "submitted_by", "-"),
      text_of (report, "state", "-"), text_of (report, "needs_person", "no"),
      text_of (report, "proc_id", "-"));
  for (gsize i = 0; i < json_array_size (claims); i++) {
    const json_t *claim = json_array_get (claims, i);

    printf ("claim %-7" JSON_INTEGER_FORMAT
            " %-8s %-10s benefit claim %s, attempts %" JSON_INTEGER_FORMAT "\n",
            json_integer_value (json_object_get (claim, "claim_id")),
            text_of (claim, "form_type", "-"), text_of (claim, "state", "-"),
            text_of (claim, "bgs_claim_id", "-"),
            json_integer_value (json_object_get (claim, "attempts")));
  }
  if (json_is_object (package))
    printf ("package       %s  %s\n", text_of (package, "uuid", "-"),
            text_of (package, "state", "-"));
  print_papers (json_object_get (report, "papers"));
  for (gsize i = 0; i < json_array_size (emails); i++) {
    const json_t *email = json_array_get (emails, i);

    printf ("e-mail        %s: %s\n", text_of (email, "kind", "-"), text_of (email, "state", "-"));
  }
}

int
status_main (int argc, char **argv)
{
  gboolean is_json = FALSE;
  const GOptionEntry options[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "Prints JSON.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings = read_command_line (
      "GUID", "Tells how far a claim group has come.", options, tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  g_autoptr (ClaimApiClient) client = NULL;
  g_autoptr (json_t) answer = NULL;
  const json_t *report;
  long status = 0;

  if (argc != 2)
    return complain (EXIT_USAGE, "status takes one confirmation number");
  client = claim_api_client_new (settings, &error);
  if (!client)
    return complain (EXIT_USAGE, "%s", error->message);
  answer = claim_api_status (client, argv[1], &status, &error);
  if (!answer)
    return complain (EXIT_FAILED, "%s", error->message);
  if (status == 404)
    return complain (EXIT_NOT_FOUND, "no claim group has this number");
  report = json_object_get (json_object_get (answer, "data"), "attributes");
  if (status != 200 || !report)
    return complain (EXIT_FAILED, "claim-api answered %ld", status);
  (is_json ? print_json : print_for_people) (report);
  return EXIT_DONE;
}
