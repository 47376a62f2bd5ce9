/* Answers of the Benefits Intake API: whatever comes, an error is a line that holds nothing of it
 * but a code, and what was read keeps its bounds and has a meaning. */
#include "intake/answer.h"

#include <string.h>

#include "fuzz.h"
#include "intake/follow.h"

void
fuzz_seeds (void)
{
  fuzz_seed_literals ("tests/unit/intake/answer-test.c", "\000", 1);
  fuzz_seed_literals ("tests/unit/intake/answer-test.c", "\013", 1);
  fuzz_seed_text (
      "\002{\"data\":[{\"id\":\"a\",\"attributes\":{\"status\":\"error\",\"code\":\"DOC104\","
      "\"detail\":\"x\",\"final_status\":true,\"updated_at\":\"2018-07-30T17:31:15.958Z\"}}]}");
  fuzz_seed_text ("\003{\"data\":{\"id\":\"6d8433c1\",\"attributes\":{\"status\":\"pending\","
                  "\"location\":\"https://h/x?y=%2F\",\"uploaded_pdf\":{\"total_documents\":2,"
                  "\"total_pages\":3}}}}");
  fuzz_seed_text ("\001<?xml version=\"1.0\"?><Error><Code>Quexalotl</Code></Error>");
}

static gboolean
is_code (const char *text)
{
  for (; *text; text++)
    if (!g_ascii_isalnum (*text) && *text != '-' && *text != '_')
      return FALSE;
  return TRUE;
}

static void
check_error (GError *error)
{
  g_assert_nonnull (error);
  fuzz_check_line (error->message);
  g_assert_cmpuint (strlen (error->message), <, 200);
}

static void
check_upload (const IntakeUpload *upload)
{
  g_assert_true (is_code (upload->guid) && *upload->guid);
  g_assert_true (!upload->code || is_code (upload->code));
  g_assert_true (!upload->detail || g_utf8_strlen (upload->detail, -1) <= INTAKE_DETAIL_MAX_CHARS);
  g_assert_cmpint (upload->documents, >=, -1);
  g_assert_nonnull (intake_next_name (intake_next (upload)));
}

static void
read_all (GBytes *body)
{
  g_autoptr (GError) no_location = NULL;
  g_autoptr (GError) no_upload = NULL;
  g_autoptr (GError) no_report = NULL;
  g_autoptr (IntakeLocation) location = intake_location_parse (body, &no_location);
  g_autoptr (IntakeUpload) upload = intake_upload_parse (body, &no_upload);
  g_autoptr (GHashTable) report = intake_report_parse (body, &no_report);

  if (location)
    g_assert_true (g_str_has_prefix (location->location, "http") && is_code (location->guid));
  else
    check_error (no_location);
  if (upload)
    check_upload (upload);
  else
    check_error (no_upload);
  if (report) {
    GHashTableIter iter;
    gpointer row = NULL;

    g_hash_table_iter_init (&iter, report);
    while (g_hash_table_iter_next (&iter, NULL, &row))
      check_upload (row);
  } else {
    check_error (no_report);
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const long statuses[] = { 200, 202, 400, 401, 403, 404, 413, 422, 429, 500, 503, 0 };
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) error = NULL;

  if (size == 0)
    return 0;
  body = g_bytes_new (data + 1, size - 1);
  if (!intake_judge ((IntakeCall)(data[0] % 4), statuses[data[0] / 4 % G_N_ELEMENTS (statuses)],
                     body, &error))
    check_error (error);
  read_all (body);
  return 0;
}
