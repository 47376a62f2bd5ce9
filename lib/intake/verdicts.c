/* What becomes of a package whose call has failed. How a page is read: pipeline/policy.h. What an
 * answer is: answer.c. */
#include "intake/verdicts.h"

#include "intake/intake.h"

#define FAILED  CALL_FAILED
#define UNKNOWN CALL_UNKNOWN
#define INTAKE  DOWNSTREAM_INTAKE
#define AWAY    TRUE
#define FOR_ALL TRUE

static const VerdictRow rows[] = {
  { intake_error_quark, INTAKE_ERROR_NOT_SENT, NULL, VERDICT_RETRY, FAILED, "intake-not-reached",
    INTAKE, AWAY },
  { intake_error_quark, INTAKE_ERROR_UNKNOWN, NULL, VERDICT_RETRY, UNKNOWN, "intake-unknown",
    INTAKE, AWAY },
  /* A gateway that has waited too long says it too, and what is behind it may have acted. */
  { intake_error_quark, INTAKE_ERROR_UNAVAILABLE, NULL, VERDICT_RETRY, UNKNOWN,
    "intake-unavailable", INTAKE, AWAY },
  /* Nobody's claim is at fault, and nobody else's would fare better. */
  { intake_error_quark, INTAKE_ERROR_QUOTA, NULL, VERDICT_RETRY, FAILED, "intake-quota", INTAKE,
    AWAY },
  { intake_error_quark, INTAKE_ERROR_CONFIGURATION, NULL, VERDICT_RETRY, FAILED,
    "intake-configuration", INTAKE, AWAY, FOR_ALL },

  /* This package's own. */
  { intake_error_quark, INTAKE_ERROR_REFUSED, NULL, VERDICT_DEAD, FAILED, "intake-refused",
    INTAKE },
  { intake_error_quark, INTAKE_ERROR_ARGUMENT, NULL, VERDICT_DEAD, FAILED, "intake-package" },
  { intake_error_quark, INTAKE_ERROR_LOCATION, NULL, VERDICT_RETRY, FAILED, "intake-location",
    INTAKE },
  /* Something is stored. */
  { intake_error_quark, INTAKE_ERROR_DAMAGED, NULL, VERDICT_RETRY, UNKNOWN, "intake-damaged",
    INTAKE },

  /* Nobody was called: it is this process that is ill. */
  { intake_error_quark, INTAKE_ERROR_OWN, NULL, VERDICT_ILL, FAILED, "this-process-is-ill" },
};

static const VerdictPage page = VERDICT_PAGE (rows);
const VerdictPage *const intake_verdicts[] = { &page, NULL };
