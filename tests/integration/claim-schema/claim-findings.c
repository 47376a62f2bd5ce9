/* claim-findings: one claim a line on stdin, one JSON array of [rule, pointer] a line on stdout.
 * Lets a test in another language ask lib/claims/validate.c. */
#include "claims/validate.h"

#include <stdio.h>
#include <stdlib.h>

static void
answer (const char *line, size_t length)
{
  static const char *const rules[] = { [CLAIM_RULE_LENIENT] = "lenient",
                                       [CLAIM_RULE_STRICT] = "strict",
                                       [CLAIM_RULE_WARNING] = "warning" };
  g_autoptr (json_t) claim = json_loadb (line, length, JSON_DECODE_ANY, NULL);
  g_autoptr (json_t) told = json_array ();
  g_autoptr (GPtrArray) findings = NULL;

  if (!claim)
    g_error ("a line is no JSON");
  findings = claim_validate (claim);
  for (guint i = 0; i < findings->len; i++) {
    const ClaimFinding *finding = g_ptr_array_index (findings, i);

    json_array_append_new (told, json_pack ("[ss]", rules[finding->rule], finding->pointer));
  }
  json_dumpf (told, stdout, JSON_COMPACT);
  putchar ('\n');
}

int
main (void)
{
  char *line = NULL;
  size_t size = 0;
  ssize_t length;

  while ((length = getline (&line, &size, stdin)) > 0)
    answer (line, (size_t)length);
  free (line);
  return 0;
}
