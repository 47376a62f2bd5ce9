/* A person's answer about a claim that is held, and what follows from it.
 *
 *   adopt      this benefit claim is the claim's own: journalled as the end of its insert, the rest goes on
 *   not-there  none of the benefit claims is: the insert counts as failed, another one is sent
 *   again      look and try again; what stands in doubt may be repeated where it is held because code or data changed under it
 *   paper      the claim goes the backup way: dead letter, the group fails
 *
 * Answer, new record (or dead letter), the holds it closes and those that stood behind it: one
 * transaction. A held proc-setup is named by its group's parent claim and takes again or paper. Of a
 * group whose package is being made "again" tries it again; where one has been accepted there is
 * nothing to decide, and "again" says that a person has seen to it; its papers that found no place are
 * sent again with it, the folder first. The reason is kept with the hold
 * and goes nowhere else, for it is a person's free text. Source: lib/pipeline/README.md, rules 6 and 7. */
#pragma once

#include <jansson.h>

#include "program/claim-record.h"
#include "program/transaction.h"

#define RESOLVE_ERROR (resolve_error_quark ())
GQuark resolve_error_quark (void);
typedef enum {
  RESOLVE_ERROR_REFUSED, /* the message says why */
  RESOLVE_ERROR_CHANGED, /* its group is not as it was when it was looked at */
} ResolveError;

typedef enum { RESOLVE_ADOPT, RESOLVE_NOT_THERE, RESOLVE_AGAIN, RESOLVE_PAPER } ResolveAnswer;
const char *resolve_answer_name (ResolveAnswer answer); /* as in the list above */

typedef struct {
  gint64 claim_id;
  ResolveAnswer answer;
  const char *adopted_id; /* RESOLVE_ADOPT alone */
  gboolean is_unseen;     /* nothing here need have seen it: a person has, in BGS */
  const char *who;        /* NULL: the user of this process */
  const char *reason;
  char *fingerprint; /* of its group, as looked at; NULL: as it is found */
  /* Read by resolve_plan(), for it says which row to lock first; never changes */
  char *veteran_id, *guid;
  guint freed; /* out: claims that stood behind this one */
} Resolve;
void resolve_clear (Resolve *resolve); /* what resolve_plan() has read */

/* { "claim_id", "group", "form_type", "state", "holds": [{ "opened_at", "reason", "candidates" (ids with commas) }],
 * "answer", "adopts", "outcome", "behind" }, owned: what would be done. Changes nothing. NULL without
 * @error: there is no such claim. Errors: RESOLVE_ERROR, database. */
json_t *resolve_plan (Db *db, Resolve *resolve, GError **error);
/* A TransactionWork, after resolve_plan(); @data: Resolve *. */
gboolean resolve_claim (Transaction *transaction, gpointer data, GError **error);
