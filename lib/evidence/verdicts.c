/* What becomes of a paper whose call has failed. How a page is read: pipeline/policy.h. What an
 * answer is: answer.c. */
#include "evidence/verdicts.h"

#include "evidence/evidence.h"

#define FAILED   CALL_FAILED
#define UNKNOWN  CALL_UNKNOWN
#define EVIDENCE DOWNSTREAM_EVIDENCE
#define AWAY     TRUE
#define FOR_ALL  TRUE

static const VerdictRow rows[] = {
  { evidence_error_quark, EVIDENCE_ERROR_NOT_SENT, NULL, VERDICT_RETRY, FAILED,
    "evidence-not-reached", EVIDENCE, AWAY },
  { evidence_error_quark, EVIDENCE_ERROR_BETWEEN, NULL, VERDICT_RETRY, FAILED, "evidence-between",
    EVIDENCE, AWAY },
  { evidence_error_quark, EVIDENCE_ERROR_BUSY, NULL, VERDICT_RETRY, FAILED, "evidence-busy",
    EVIDENCE, AWAY },
  /* Looked for by its name before it is sent again. */
  { evidence_error_quark, EVIDENCE_ERROR_UNKNOWN, NULL, VERDICT_RETRY, UNKNOWN, "evidence-unknown",
    EVIDENCE, AWAY },
  { evidence_error_quark, EVIDENCE_ERROR_UNAVAILABLE, NULL, VERDICT_RETRY, UNKNOWN,
    "evidence-unavailable", EVIDENCE, AWAY },
  /* No paper is at fault, and no other would fare better. */
  { evidence_error_quark, EVIDENCE_ERROR_TOKEN, NULL, VERDICT_RETRY, FAILED, "evidence-token",
    EVIDENCE, AWAY, FOR_ALL },
  { evidence_error_quark, EVIDENCE_ERROR_CONFIGURATION, NULL, VERDICT_RETRY, FAILED,
    "evidence-configuration", EVIDENCE, AWAY, FOR_ALL },

  /* This paper's own: for good by the code, or perhaps not. */
  { evidence_error_quark, EVIDENCE_ERROR_REFUSED, "VEFSERR40001", VERDICT_DEAD, FAILED,
    "evidence-schema", EVIDENCE },
  { evidence_error_quark, EVIDENCE_ERROR_REFUSED, "VEFSERR40008", VERDICT_DEAD, FAILED,
    "evidence-folder-invalid", EVIDENCE },
  { evidence_error_quark, EVIDENCE_ERROR_REFUSED, "VEFSERR40010", VERDICT_DEAD, FAILED,
    "evidence-request-invalid", EVIDENCE },
  { evidence_error_quark, EVIDENCE_ERROR_REFUSED, "VEFSERR40059", VERDICT_DEAD, FAILED,
    "evidence-identifier-disabled", EVIDENCE },
  { evidence_error_quark, EVIDENCE_ERROR_REFUSED, "VEFSERR40301", VERDICT_DEAD, FAILED,
    "evidence-not-authorised", EVIDENCE },
  { evidence_error_quark, EVIDENCE_ERROR_REFUSED, "VEFSERR40302", VERDICT_DEAD, FAILED,
    "evidence-no-such-veteran", EVIDENCE },
  { evidence_error_quark, EVIDENCE_ERROR_REFUSED, NULL, VERDICT_DEAD, FAILED, "evidence-refused",
    EVIDENCE },
  { evidence_error_quark, EVIDENCE_ERROR_FAULT, NULL, VERDICT_RETRY, FAILED, "evidence-fault",
    EVIDENCE },

  /* Nobody was called: it is this process that is ill. */
  { evidence_error_quark, EVIDENCE_ERROR_OWN, NULL, VERDICT_ILL, FAILED, "this-process-is-ill" },
};

static const VerdictPage page = VERDICT_PAGE (rows);
const VerdictPage *const evidence_verdicts[] = { &page, NULL };
