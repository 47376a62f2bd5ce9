/* SOAP answers: a reply, or an error that says which kind and never holds contents. The first byte
 * chooses operation and status. */
#include "bgs/envelope.h"

#include <string.h>

#include "fuzz.h"

#define NS "http://procService.services.v2.vonapp.vba.va.gov/"

/* The longest error: names and numbers of ours around a fault's text. */
#define MESSAGE_MAX_CHARS 3000
#define DEPTH_LOOKED_AT   64

static const BgsOperation operations[] = {
  { "/path", NS, "vnpProcCreate", .is_harmless = TRUE },
  { "/path", NS, "vnpProcCreate" },
};
static const long statuses[] = { 200, 500, 400, 503 };

void
fuzz_seeds (void)
{
  for (guint8 choice = 0; choice < 8; choice++)
    fuzz_seed_literals ("tests/unit/bgs/envelope-test.c", &choice, 1);
}

static void
walk (const BgsNode *node, guint depth)
{
  static const char *const names[] = { "return", "vnpProcId", "row", "nm" };

  for (gsize i = 0; node && depth > 0 && i < G_N_ELEMENTS (names); i++) {
    g_autofree char *text = bgs_node_child_text (node, names[i]);
    g_autofree char *id = bgs_node_child_id (node, names[i]);
    const BgsNode *child = bgs_node_child (node, names[i]);

    g_assert_true (!text || (*text && g_utf8_validate (text, -1, NULL)));
    g_assert_true (!id || (*id && strspn (id, "0123456789") == strlen (id)));
    g_assert_true (child || (!text && !id));
    for (guint rows = 0; child && rows < 3; rows++, child = bgs_node_next (child))
      walk (child, depth - 1);
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const char *const private_values[] = { FUZZ_PRIVATE, NULL };
  guint8 choice = size > 0 ? data[0] : 0;
  g_autofree char *raw = size > 0 ? g_strndup ((const char *)data + 1, size - 1) : g_strdup ("");
  g_autofree char *text = fuzz_with_private (raw);
  gsize length = strlen (text);
  /* Bytes behind a NUL, as they are; else what stands for a private value is spelt out. */
  g_autoptr (GBytes) body = size > 0 && memchr (data + 1, 0, size - 1)
                                ? g_bytes_new (data + 1, size - 1)
                                : g_bytes_new (text, length);
  const BgsOperation *operation = &operations[choice % G_N_ELEMENTS (operations)];
  long status = statuses[choice / G_N_ELEMENTS (operations) % G_N_ELEMENTS (statuses)];
  g_autoptr (GError) error = NULL;
  g_autoptr (BgsReply) reply = bgs_reply_parse (operation, status, body, private_values, &error);

  g_assert_true ((reply == NULL) == (error != NULL));
  if (reply) {
    g_assert_cmpint (status, ==, 200);
    walk (bgs_reply_root (reply), DEPTH_LOOKED_AT);
    return 0;
  }
  g_assert_true (error->domain == BGS_ERROR &&
                 (error->code == BGS_ERROR_FAULT || error->code == BGS_ERROR_UNPROVEN ||
                  error->code == BGS_ERROR_UNKNOWN));
  g_assert_true (g_str_has_prefix (error->message, "vnpProcCreate: "));
  fuzz_check_line (error->message);
  g_assert_cmpint (g_utf8_strlen (error->message, -1), <=, MESSAGE_MAX_CHARS);
  g_assert_false (fuzz_holds_private (error->message));
  return 0;
}
