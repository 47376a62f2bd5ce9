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
