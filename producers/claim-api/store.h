/* One submission into the database: everything in one transaction, once per idempotency key. */
#pragma once

#include "errand.h"
#include "program/program.h"
#include "received.h"

#define STORE_ERROR (store_error_quark ())
GQuark store_error_quark (void);
typedef enum {
  STORE_ERROR_OTHER_BODY, /* the idempotency key came before with another body: nothing is stored */
  STORE_ERROR_AWAY,       /* the database does not answer; nothing is stored */
  STORE_ERROR_UNKNOWN,    /* a COMMIT without an answer, and no way to ask: it may be stored */
} StoreError;

typedef struct {
  const Received *submission;
  const char *idempotency_key; /* NULL: none */
  const char *traceparent;     /* of the request; NULL: none */
  const json_t *body;          /* what the key belongs to, and by which a claim is known again */
  gint64 same_claim_window_ms; /* 0: a claim that comes again is another one */
  const char *submitted_by;    /* the name of the caller's token; NULL: none */
  Errand *errand;              /* asked before anything is stored; NULL: nobody may go */
  gint64 until_us;             /* monotonic: no statement waits longer */
} StoreRequest;

/**
 * store_submission:
 *
 * Stores group, children, attachments, idempotency key, e-mail request, events and the record for
 * proc-setup, and publishes what is to be published. With a key that came before, with the same
 * body, gives the first answer again; two at the same moment store one. So it is, with and without
 * a key, when the same request comes again within the window: the same Veteran's same document. A
 * COMMIT without an answer is asked after by its transaction id. The server ends a statement that
 * waits beyond @until_us, and the transaction with it.
 *
 * Errors: StoreError; everything else is a mistake of ours.
 * Returns: the answer's body as JSON text, owned. @ret_is_repeat: it is that of an earlier request
 * which this one is the same as, by its key or by itself.
 */
char *store_submission (Program *program, const StoreRequest *request, gboolean *ret_is_repeat,
                        GError **error);
