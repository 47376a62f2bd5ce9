/* The ledger of e-mails: one row a claim and kind, there since the e-mail was asked for. One function
 * changes its state, by one table, and writes with it what follows: the event, what operations must
 * know, the second try of an error e-mail that came back, and whether a failure stays silent.
 * Source: README.md, "The ledger". */
#pragma once

#include "program/transaction.h"

/* States of an e-mail. */
#define MAIL_REQUESTED "requested"
#define MAIL_SENT      "sent"      /* accepted, and no more */
#define MAIL_DEFERRED  "deferred"  /* not delivered yet */
#define MAIL_DELIVERED "delivered" /* also then it may come back */
#define MAIL_BOUNCED   "bounced"
#define MAIL_FAILED    "failed"  /* certainly not sent */
#define MAIL_UNKNOWN   "unknown" /* nobody knows, and it is not sent again */
#define MAIL_OFF       "off"     /* not sent in this environment */

/* Reasons of holds. */
#define SILENT_FAILURE     "silent-failure"
#define ERROR_MAIL_UNKNOWN "error-email-unknown"

typedef struct {
  gint64 id, parent_claim_id;
  char *guid; /* of the claim group */
  char *kind; /* submitted, in_progress, received, error, error_again */
  char *state;
  char *reference;
  char *notification_id; /* NULL: not known */
} LedgerRow;
void ledger_row_free (LedgerRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LedgerRow, ledger_row_free)

/* Errors: %CLAIMS_ERROR_NOT_FOUND: nobody has asked for it; database errors. */
LedgerRow *ledger_get (Db *db, gint64 parent_claim_id, const char *kind, GError **error);
/* NULL without @error: nobody has. */
LedgerRow *ledger_find (Db *db, gint64 parent_claim_id, const char *kind, GError **error);
/* By our reference, else by the notification's id; either may be NULL. NULL without @error: none. */
LedgerRow *ledger_find_told (Db *db, const char *reference, const char *notification_id,
                             GError **error);

typedef struct {
  const char *to;              /* a state */
  const char *notification_id; /* NULL: not known */
  const char *told;            /* the service's own word; NULL: it has told nothing */
  const char *why;             /* neutral text; NULL: none */
  gboolean by_its_address;     /* another address may fare better */
} LedgerNews;

/**
 * ledger_move:
 *
 * Takes the group's row. What the state as it stands does not allow changes nothing but what is known
 * of the notification: repeats, disorder and lateness are harmless.
 *
 * Errors: database errors. *@ret_moved tells; may be NULL.
 */
gboolean ledger_move (Transaction *transaction, const LedgerRow *row, const LedgerNews *news,
                      gboolean *ret_moved, GError **error);
