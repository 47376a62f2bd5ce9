/* Findings, see finding.h. */
#include "claims/finding.h"

void
claim_finding_free (ClaimFinding *finding)
{
  if (!finding)
    return;
  g_free (finding->pointer);
  g_free (finding->message);
  g_free (finding);
}

void
claim_finding_add (GPtrArray *findings, ClaimRule rule, const char *message, char *pointer_taken)
{
  ClaimFinding *finding = g_new0 (ClaimFinding, 1);

  finding->pointer = pointer_taken;
  finding->message = g_strdup (message);
  finding->rule = rule;
  g_ptr_array_add (findings, finding);
}
