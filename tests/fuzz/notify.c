/* Answers and callbacks of VA Notify: whatever comes, an error is a line that holds nothing of it but
 * a class's name; what was read keeps its bounds; and a signature is that of these very bytes. */
#include <string.h>

#include "fuzz.h"
#include "notify/answer.h"
#include "notify/callback.h"

#define SECRET "5c8b1f0e-9c3d-4a59-8a1f-1d0f7f7b6a11"

void
fuzz_seeds (void)
{
  fuzz_seed_literals ("tests/unit/notify/answer-test.c", "\001", 1);
  fuzz_seed_literals ("tests/unit/notify/answer-test.c", "\004", 1);
  fuzz_seed_literals ("tests/unit/notify/callback-test.c", "\000", 1);
  fuzz_seed_text ("\003{\"errors\":[{\"error\":\"Quexalotl\",\"message\":\"system clock\"}]}");
}

static void
judge (long status, GBytes *body)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *id = notify_judge (status, body, &error);

  if (id) {
    g_assert_true (g_uuid_string_is_valid (id));
    g_assert_no_error (error);
    return;
  }
  g_assert_nonnull (error);
  fuzz_check_line (error->message);
  g_assert_cmpuint (strlen (error->message), <, 200);
}

static void
read_callback (GBytes *body)
{
  const char *const secrets[] = { SECRET, NULL }, *const others[] = { "other", NULL };
  g_autoptr (NotifyCallback) callback = notify_callback_parse (body);
  g_autofree char *signature = notify_callback_signature (body, SECRET);

  if (signature) {
    g_assert_true (notify_callback_is_signed (body, signature, secrets));
    g_assert_false (notify_callback_is_signed (body, signature, others));
  }
  if (!callback)
    return;
  g_assert_true (g_uuid_string_is_valid (callback->id));
  g_assert_cmpuint (strlen (callback->status), <=, 64);
  (void)notify_news_of (callback->status); /* any word has a meaning */
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const long statuses[] = { 201, 400, 401, 403, 404, 429, 500, 0 };
  g_autoptr (GBytes) body = NULL;

  if (size == 0)
    return 0;
  body = g_bytes_new (data + 1, size - 1);
  judge (statuses[data[0] % G_N_ELEMENTS (statuses)], body);
  read_callback (body);
  return 0;
}
