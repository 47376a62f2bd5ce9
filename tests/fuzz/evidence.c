/* Answers of the folder service: whatever comes, an error is a line that holds nothing of it but a
 * code of the service's own; a uuid is one; and a file that bears our name is never "not there". */
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "evidence/answer.h"
#include "fuzz.h"

#define NAME "21-686C-6f1d2b3c-1.pdf"
#define MD5  "0123456789abcdef0123456789abcdef"

void
fuzz_seeds (void)
{
  fuzz_seed_literals ("tests/unit/evidence/answer-test.c", "\000", 1);
  fuzz_seed_literals ("tests/unit/evidence/answer-test.c", "\002", 1);
  fuzz_seed_text ("\002{\"code\":\"VEFSERR40302\",\"message\":\"" FUZZ_PRIVATE "\"}");
  FUZZ_SEED_LITERAL ("\000{\"page\":{\"totalResults\":1},\"files\":[{\"uuid\":\"c30626c9-954d-4dd1-"
                     "9f70-1e38756d9d98\","
                     "\"currentVersion\":{\"systemData\":{\"contentName\":\"" NAME "\"}}}]}");
}

static void
check_error (const GError *error)
{
  g_assert_nonnull (error);
  fuzz_check_line (error->message);
  g_assert_false (fuzz_holds_private (error->message));
  g_assert_cmpuint (strlen (error->message), <, 200);
}

static void
check_upload (long status, GBytes *body)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EvidenceFile) file = evidence_judge_upload (status, body, MD5, &error);

  if (!file) {
    check_error (error);
    return;
  }
  g_assert_no_error (error);
  g_assert_true (g_uuid_string_is_valid (file->uuid));
  g_assert_true (status == 200 || status == 201);
}

/* As a reader of its own would look: whether any file of the list bears our name. */
static gboolean
bears_name (GBytes *body)
{
  g_autoptr (json_t) json =
      json_loadb (g_bytes_get_data (body, NULL), g_bytes_get_size (body), 0, NULL);
  const json_t *files = json_object_get (json, "files");

  for (gsize i = 0; i < json_array_size (files); i++) {
    const json_t *version = json_object_get (json_array_get (files, i), "currentVersion");
    const json_t *name = json_object_get (json_object_get (version, "systemData"), "contentName");

    if (g_strcmp0 (json_string_value (name), NAME) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
check_search (long status, GBytes *body)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *uuid = NULL;

  if (!evidence_judge_search (status, body, NAME, &uuid, &error)) {
    check_error (error);
    return;
  }
  g_assert_no_error (error);
  g_assert_true (status == 200 || status == 201);
  g_assert_true (!uuid || g_uuid_string_is_valid (uuid));
  g_assert_true ((uuid != NULL) == bears_name (body)); /* else it is not known */
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const long statuses[] = { 200, 201, 400, 401, 403, 404, 429, 500, 302, 0 };
  g_autoptr (GBytes) body = NULL;
  long status;

  if (size == 0)
    return 0;
  body = g_bytes_new (data + 1, size - 1);
  status = statuses[data[0] % G_N_ELEMENTS (statuses)];
  check_upload (status, body);
  check_search (status, body);
  return 0;
}
