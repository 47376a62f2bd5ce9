/* What becomes of a message whose papers cannot be made. How a page is read: pipeline/policy.h. None of these calls
 * anybody. */
#include "dossier/verdicts.h"

#include <glib/gstdio.h>

#include "pdf/error.h"
#include "press/press.h"

#define ANY    VERDICT_ANY_CODE
#define FAILED CALL_FAILED

static const VerdictRow rows[] = {
  /* For want of memory, or by a fault of ours: nothing that a claim holds makes them fail. */
  { pdf_error_quark, ANY, NULL, VERDICT_RETRY, FAILED, "papers" },
  { press_error_quark, PRESS_ERROR_BUSY, NULL, VERDICT_RETRY, FAILED, "press-is-busy" },
  { press_error_quark, PRESS_ERROR_OWN, NULL, VERDICT_ILL, FAILED, "this-process-is-ill" },
  /* A descriptor, or memory for a file that is nowhere else. */
  { g_file_error_quark, ANY, NULL, VERDICT_ILL, FAILED, "this-process-is-ill" },
};

static const VerdictPage page = VERDICT_PAGE (rows);
const VerdictPage *const dossier_verdicts[] = { &page, NULL };
