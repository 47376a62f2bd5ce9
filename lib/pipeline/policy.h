/* What an error means, as rows of a page. Every room that calls somebody has a page of its own; a
 * consumer's descriptor names those of the rooms that it uses, and verdicts.h asks them all. */
#pragma once

#include <glib.h>

/* What becomes of a message. Closed: README.md, "When a message fails". */
typedef enum {
  VERDICT_DONE,
  VERDICT_RETRY,
  VERDICT_SNOOZE,
  VERDICT_HOLD,
  VERDICT_DEAD,
  VERDICT_ILL,
  VERDICT_LOST
} Verdict;

/* What is known of a call that ended with an error. */
typedef enum {
  CALL_UNKNOWN, /* nothing is known: it may have been acted on */
  CALL_FAILED,  /* it is certain that nothing has happened */
} CallOutcome;

#define VERDICT_ANY_CODE (-1)

typedef struct {
  GQuark (*domain) (void);
  int code;         /* VERDICT_ANY_CODE: every code of the domain */
  const char *text; /* contained in the message; NULL: any */
  Verdict verdict;
  CallOutcome outcome; /* of the call that gave the error */
  const char *error_class;
  const char *downstream; /* whom the call was made to; NULL: nobody was called */
  gboolean is_away;       /* the downstream's trouble, whoever had asked it; it is named then */
  gboolean for_all;       /* away, and nobody else would fare better: one is enough to tell */
} VerdictRow;

/* The first row that fits counts: those with a text stand before the one without. A domain has all
 * its rows on one page. */
typedef struct {
  const VerdictRow *rows;
  gsize count;
} VerdictPage;
#define VERDICT_PAGE(rows)                                                                         \
  {                                                                                                \
    (rows), G_N_ELEMENTS (rows)                                                                    \
  }
