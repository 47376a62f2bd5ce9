/* Log lines: whatever the values hold, a line is one line and one JSON object with the fields that
 * were given. */
#include "base/log.c" /* the line before it is written */

#include <jansson.h>

#include "base/cleanup.h"
#include "fuzz.h"

#define VALUES 4

void
fuzz_seeds (void)
{
  fuzz_seed_literals ("tests/unit/base/log-test.c", NULL, 0);
  FUZZ_SEED_LITERAL ("postgresql://user:pass\001@host/db\0x\0https://\001:\001@h/?a=b");
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_auto (GStrv) texts = fuzz_texts (data, size, VALUES);
  const char *values[VALUES] = { "" };
  g_autoptr (GString) line = NULL;
  g_autoptr (json_t) read = NULL;

  for (guint i = 0; i < VALUES && texts[i]; i++)
    values[i] = texts[i];
  line = make_line_of (LOG_LEVEL_INFO, values[0], "reason", values[1], "at", values[2], "step",
                       values[3], NULL);
  g_assert_true (g_str_has_suffix (line->str, "}\n"));
  g_assert_cmpuint (strlen (line->str), ==, line->len);
  line->str[line->len - 1] = '\0';
  fuzz_check_line (line->str);
  read = json_loads (line->str, JSON_REJECT_DUPLICATES, NULL);
  g_assert_true (json_is_object (read));
  g_assert_true (json_is_string (json_object_get (read, "message")));
  g_assert_true (!values[2] == !json_object_get (read, "field_at"));
  return 0;
}
