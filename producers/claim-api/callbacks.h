/* What VA Notify tells of e-mails: who may tell it, and what is kept of it. Answered 200 once it is kept,
 * and for what nobody has sent too: a 200 is never told again, and neither is a 4xx.
 * Source: lib/notify/README.md, "Callbacks" and "The ledger". */
#pragma once

#include "errand.h"
#include "http/server.h"
#include "program/program.h"

#define CALLBACKS_PATH   "/dependents_benefits/v0/notify/callbacks"
#define CALLBACKS_CALLER "va-notify"

/* notify-callback-keys, notify-callback-token */
extern const Setting callbacks_settings[];

typedef struct Callbacks Callbacks;
/* Errors: %SETTINGS_ERROR_INVALID: a key that is none. */
Callbacks *callbacks_new (const Settings *settings, GError **error);
void callbacks_free (Callbacks *callbacks);

/* When the head is in: a refusal, or NULL. Of a signed callback only the body shows whether it is
 * genuine: so much of it is read, and no more. */
HttpReply *callbacks_judge (const Callbacks *callbacks, const HttpServerRequest *request);
/* Waits for the database until @until_us (monotonic), and not for longer than VA Notify waits for us. */
HttpReply *callbacks_take (const Callbacks *callbacks, Program *program, Errands *errands,
                           const HttpServerRequest *request, gint64 until_us);
