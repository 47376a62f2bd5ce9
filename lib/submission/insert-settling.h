/* Settling an insert that was sent and not answered, whosever: take its journal row over, look,
 * write down what was seen.
 * Source: README.md, rules 9 and 10, and "An insert without an answer". */
#pragma once

#include "submission/inserts.h"

typedef enum {
  SETTLED_AGAIN,   /* something has changed: look at everything anew */
  SETTLED_FOUND,   /* it is finished now */
  SETTLED_FREE,    /* not there, and its increment is still to be had */
  SETTLED_TAKEN,   /* not there, and somebody else has its increment */
  SETTLED_UNCLEAR, /* a person must decide */
  SETTLED_FAILED,  /* error is set */
  SETTLED_NO_LOOK, /* error is set: BGS could not be asked */
} Settled;

/**
 * insert_settle:
 * @inserts: whose newest one stands started for longer than its limits, or ended without an answer
 * @holder_token: of the lock row when it is another child's, and comes with the transaction; 0: our
 * own
 *
 * Takes the step over, looks, and writes down what was seen. On SETTLED_FREE and _TAKEN the row
 * ends as "not there", with SETTLED_UNCLEAR it stays as it is.
 */
Settled insert_settle (Submission *submission, const Inserts *inserts, gint64 holder_token,
                       GError **error);
/* @inserts, another child's, has nothing under way: its lock row alone becomes ours, if both still
 * are as read. TRUE also when they are not: look at everything anew. */
gboolean insert_take_lock_over (Submission *submission, const Inserts *inserts, gint64 holder_token,
                                GError **error);

/* How long after its start no request of an insert can act any more. */
gint64 insert_limit_ms (const Submission *submission);
/* All benefit claims that BGS has for the Veteran, but for those that another child than @claim_id
 * has recorded; array of BgsClaimRow, owned. @ret_no_look: the error says that BGS could not be
 * asked. */
GPtrArray *insert_find_claims (Submission *submission, gint64 claim_id, gboolean *ret_no_look,
                               GError **error);
/* Of @claims (BgsClaimRow), those that another child than @claim_id has recorded are nobody's any
 * more; their increments stay taken. */
gboolean insert_leave_others_out (Db *db, const GPtrArray *claims, gint64 claim_id, GError **error);
/* A claim that was found, as the insert's own answer would have been kept. Owned. */
char *insert_kept_of_claim (const BgsClaimRow *claim);
