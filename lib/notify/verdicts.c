/* What becomes of an e-mail whose call has failed. How a page is read: pipeline/policy.h. What an
 * answer is: answer.c. */
#include "notify/verdicts.h"

#include "notify/notify.h"

#define FAILED  CALL_FAILED
#define UNKNOWN CALL_UNKNOWN
#define NOTIFY  DOWNSTREAM_NOTIFY
#define AWAY    TRUE
#define FOR_ALL TRUE

static const VerdictRow rows[] = {
  { notify_error_quark, NOTIFY_ERROR_NOT_SENT, NULL, VERDICT_RETRY, FAILED, "notify-not-reached",
    NOTIFY, AWAY },
  { notify_error_quark, NOTIFY_ERROR_BETWEEN, NULL, VERDICT_RETRY, FAILED, "notify-between", NOTIFY,
    AWAY },
  /* Never sent again: the step that makes the call says so. */
  { notify_error_quark, NOTIFY_ERROR_UNKNOWN, NULL, VERDICT_RETRY, UNKNOWN, "notify-unknown",
    NOTIFY, AWAY },
  { notify_error_quark, NOTIFY_ERROR_UNAVAILABLE, NULL, VERDICT_RETRY, UNKNOWN,
    "notify-unavailable", NOTIFY, AWAY },
  /* No e-mail is at fault, and no other would fare better. */
  { notify_error_quark, NOTIFY_ERROR_AWAY, NULL, VERDICT_RETRY, FAILED, "notify-away", NOTIFY, AWAY,
    FOR_ALL },
  { notify_error_quark, NOTIFY_ERROR_RATE, NULL, VERDICT_RETRY, FAILED, "notify-rate", NOTIFY, AWAY,
    FOR_ALL },
  { notify_error_quark, NOTIFY_ERROR_DAY_LIMIT, NULL, VERDICT_RETRY, FAILED, "notify-day-limit",
    NOTIFY, AWAY, FOR_ALL },
  { notify_error_quark, NOTIFY_ERROR_CLOCK, NULL, VERDICT_RETRY, FAILED, "notify-clock", NOTIFY,
    AWAY, FOR_ALL },
  { notify_error_quark, NOTIFY_ERROR_CONFIGURATION, NULL, VERDICT_RETRY, FAILED,
    "notify-configuration", NOTIFY, AWAY, FOR_ALL },
  /* Until one to nobody has been taken, which says whose fault it is. */
  { notify_error_quark, NOTIFY_ERROR_SCHEMA, NULL, VERDICT_RETRY, FAILED, "notify-configuration",
    NOTIFY, AWAY, FOR_ALL },

  /* This e-mail's own. */
  { notify_error_quark, NOTIFY_ERROR_REFUSED, NULL, VERDICT_DEAD, FAILED, "notify-refused",
    NOTIFY },

  /* Nobody was called: it is this process that is ill. */
  { notify_error_quark, NOTIFY_ERROR_OWN, NULL, VERDICT_ILL, FAILED, "this-process-is-ill" },
};

static const VerdictPage page = VERDICT_PAGE (rows);
const VerdictPage *const notify_verdicts[] = { &page, NULL };
