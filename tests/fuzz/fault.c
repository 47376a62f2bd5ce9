/* Fault texts: what comes out is a line, bounded, and never holds what was sent. */
#include "bgs/fault.h"

#include <string.h>

#include "fuzz.h"

/* The texts that decide are put back behind a cut, all of them at the worst. */
#define DECIDING_MAX_CHARS 2000

void
fuzz_seeds (void)
{
  fuzz_seed_literals ("tests/unit/bgs/fault-test.c", NULL, 0);
  fuzz_seed_literals ("tests/simulators/bgs-simulator/fault.c", NULL, 0);
  fuzz_seed_literals ("tests/simulators/bgs-simulator/corporate.c", NULL, 0);
  fuzz_seed_literals ("tests/simulators/bgs-simulator/vnp.c", NULL, 0);
  fuzz_seed_text (
      "ORA-20099: Error - File Number and Social Security number of \001 are different");
  fuzz_seed_text ("CEST11 \001 SSN 796-04-3735");
  FUZZ_SEED_LITERAL ("value too long: <nm>\001</nm>\0&#60;x&#62;\001&lt;/x&gt;");
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const char *const private_values[] = { FUZZ_PRIVATE, "796043735", "Łukasz-Åse", NULL };
  g_auto (GStrv) texts = fuzz_texts (data, size, 2);
  g_autofree char *outer = texts[0] ? fuzz_with_private (texts[0]) : NULL;
  g_autofree char *inner = outer && texts[1] ? fuzz_with_private (texts[1]) : NULL;
  g_autofree char *text = bgs_fault_text (outer, inner, private_values);

  fuzz_check_line (text);
  g_assert_cmpint (g_utf8_strlen (text, -1), <=, BGS_FAULT_MAX_CHARS + DECIDING_MAX_CHARS);
  g_assert_false (fuzz_holds_private (text));
  g_assert_null (strstr (text, "796043735"));
  bgs_fault_is_refusal (outer, inner);
  return 0;
}
