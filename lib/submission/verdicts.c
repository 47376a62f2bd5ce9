/* The page of verdicts of the rooms that the form consumers and proc-setup call with: BGS, BID, and
 * this room's own errors. How a page is read: pipeline/policy.h.
 *
 * Texts are matched against the useful text of a fault (bgs/fault.h), as the job that we replace
 * did. What is permanent, and what is left off that list on purpose, is BGS's own list of faults,
 * as lib/bgs/README.md has it. */
#include "bgs/bgs.h"
#include "bgs/bid.h"
#include "http/http.h"
#include "submission/submission.h"

#define ANY    VERDICT_ANY_CODE
#define FAILED CALL_FAILED
#define BGS    DOWNSTREAM_BGS
#define BID    DOWNSTREAM_BID
#define AWAY   TRUE

static const VerdictRow rows[] = {
  /* Faults that no retry can mend: the backup way, at once. By their shortest certain part, for BGS
   * cuts its texts. */
  { bgs_error_quark, BGS_ERROR_FAULT, "insertBenefitClaim: Invalid zipcode", VERDICT_DEAD, FAILED,
    "bgs-invalid-zipcode", BGS },
  { bgs_error_quark, BGS_ERROR_FAULT, "Maximum number of EPs reached", VERDICT_DEAD, FAILED,
    "bgs-maximum-eps", BGS },
  { bgs_error_quark, BGS_ERROR_FAULT, "due to an Incident Flas", VERDICT_DEAD, FAILED,
    "bgs-incident-flash", BGS },
  { bgs_error_quark, BGS_ERROR_FAULT, "ORA-20099", VERDICT_DEAD, FAILED, "bgs-identifiers-differ",
    BGS },
  { bgs_error_quark, BGS_ERROR_FAULT, "ORA-00001: unique constraint", VERDICT_DEAD, FAILED,
    "bgs-unique-constraint", BGS },
  { bgs_error_quark, BGS_ERROR_FAULT, "length of the EXTERNAL_UID or EXTERNAL_KEY", VERDICT_DEAD,
    FAILED, "bgs-external-key-length", BGS },
  /* They come from the claim's own data, which are the same at every attempt. */
  { bgs_error_quark, BGS_ERROR_FAULT, "ORA-12899", VERDICT_DEAD, FAILED, "bgs-value-too-long",
    BGS },
  { bgs_error_quark, BGS_ERROR_FAULT, "City is null", VERDICT_DEAD, FAILED, "bgs-city-is-null",
    BGS },
  { bgs_error_quark, BGS_ERROR_FAULT, "has invalid character(s)", VERDICT_DEAD, FAILED,
    "bgs-invalid-characters", BGS },
  { bgs_error_quark, BGS_ERROR_FAULT, "Invalid data for MLTY_POSTAL_TY", VERDICT_DEAD, FAILED,
    "bgs-invalid-military-area", BGS },
  { bgs_error_quark, BGS_ERROR_FAULT, "parent key not found", VERDICT_DEAD, FAILED,
    "bgs-parent-key-missing", BGS },

  /* BGS answers, and says that what it needs for any answer is down. The step has failed, nothing
   * has happened. */
  { bgs_error_quark, BGS_ERROR_FAULT, "The Tuxedo service is down", VERDICT_RETRY, FAILED,
    "bgs-down", BGS, AWAY },
  { bgs_error_quark, BGS_ERROR_FAULT, "System error with BGS", VERDICT_RETRY, FAILED, "bgs-down",
    BGS, AWAY },
  { bgs_error_quark, BGS_ERROR_FAULT, "WssVerification Exception - Security Verification Exception",
    VERDICT_RETRY, FAILED, "bgs-down", BGS, AWAY },

  /* All others, also those of which BGS has told us and that are not on that list: a retry asks for
   * a new increment (GUIE50010), a log-on can be mended, and the rest may be a bad day of BGS. */
  { bgs_error_quark, BGS_ERROR_FAULT, NULL, VERDICT_RETRY, FAILED, "bgs-fault", BGS },

  /* Who wrote it is not known, nor what BGS has done; but somebody was there to write it. */
  { bgs_error_quark, BGS_ERROR_UNPROVEN, NULL, VERDICT_RETRY, CALL_UNKNOWN, "bgs-unproven-fault",
    BGS },

  { bgs_error_quark, BGS_ERROR_UNKNOWN, NULL, VERDICT_RETRY, CALL_UNKNOWN, "bgs-unknown", BGS,
    AWAY },
  { bgs_error_quark, BGS_ERROR_NOT_SENT, NULL, VERDICT_RETRY, FAILED, "bgs-not-reached", BGS,
    AWAY },
  /* Nobody was called: it is this process that is ill, and the others go on. */
  { bgs_error_quark, BGS_ERROR_OWN, NULL, VERDICT_ILL, FAILED, "this-process-is-ill" },
  { bid_error_quark, BID_ERROR_OWN, NULL, VERDICT_ILL, FAILED, "this-process-is-ill" },
  { http_error_quark, HTTP_ERROR_OWN, NULL, VERDICT_ILL, FAILED, "this-process-is-ill" },

  /* What a claim lacks today it lacks tomorrow. The job that we replace tries it 17 times. */
  { bgs_error_quark, BGS_ERROR_ARGUMENT, NULL, VERDICT_DEAD, FAILED, "bgs-value-missing" },

  { bid_error_quark, BID_ERROR_NOT_SENT, NULL, VERDICT_RETRY, FAILED, "bid-not-reached", BID,
    AWAY },
  { bid_error_quark, BID_ERROR_NO_ANSWER, NULL, VERDICT_RETRY, CALL_UNKNOWN, "bid-no-answer", BID,
    AWAY },
  { bid_error_quark, BID_ERROR_UNAVAILABLE, NULL, VERDICT_RETRY, FAILED, "bid-unavailable", BID,
    AWAY },
  /* A token that has run out, a Veteran not yet known there: nothing of it is for good. */
  { bid_error_quark, BID_ERROR_REFUSED, NULL, VERDICT_RETRY, FAILED, "bid-refused", BID },
  { bid_error_quark, BID_ERROR_ARGUMENT, NULL, VERDICT_DEAD, FAILED, "bid-value-missing" },

  /* Rooms that call somebody say it in words of their own; here only for completeness. */
  { http_error_quark, HTTP_ERROR_NOT_SENT, NULL, VERDICT_RETRY, FAILED, "not-reached" },
  { http_error_quark, ANY, NULL, VERDICT_RETRY, CALL_UNKNOWN, "http-unknown" },

  { submission_error_quark, ANY, NULL, VERDICT_RETRY, FAILED, "submission" },
};

static const VerdictPage page = VERDICT_PAGE (rows);
const VerdictPage *const submission_verdicts[] = { &page, NULL };
