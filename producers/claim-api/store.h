/* One submission into the database: everything in one transaction, once per idempotency key. */
#pragma once

#include "errand.h"
#include "program/program.h"
#include "submission.h"

#define STORE_ERROR (store_error_quark ())
GQuark store_error_quark (void);
typedef enum {
  STORE_ERROR_OTHER_BODY, /* the idempotency key came before with another body: nothing is stored */
  STORE_ERROR_AWAY,       /* the database does not answer; nothing is stored */
  STORE_ERROR_UNKNOWN,    /* a COMMIT without an answer, and no way to ask: it may be stored */
} StoreError;

typedef struct {
  const Submission *submission;
  const char *idempotency_key; /* NULL: none */
  const char *traceparent;     /* of the request; NULL: none */
  const json_t *body;          /* what the key belongs to; NULL without a key */
  const char *submitted_by;    /* the name of the caller's token; NULL: none */
  Errand *errand;              /* asked before anything is stored; NULL: nobody may go */
  gint64 until_us;             /* monotonic: no statement waits longer */
} StoreRequest;

/**
 * store_submission:
 *
 * Stores group, children, attachments, idempotency key, e-mail request, events and the record for
 * proc-setup, and publishes what is to be published. With a key that came before, with the same
 * body, gives the first answer again; two at the same moment store one. A COMMIT without an answer
 * is asked after by its transaction id. The
 * server ends a statement that waits beyond @until_us, and the transaction with it.
 *
 * Errors: StoreError; everything else is a mistake of ours.
 * Returns: the answer's body as JSON text, owned.
 */
char *store_submission (Program *program, const StoreRequest *request, GError **error);
