/* Errors on demand: a test names a code, and the service answers with it in its own shape. Thread
 * safe. Source: README.md, "Its own control calls". */
#pragma once

#include <jansson.h>
#include "http/server.h"

typedef struct Refusals Refusals;

Refusals *refusals_new (void);
void refusals_free (Refusals *refusals);
void refusals_clear (Refusals *refusals);

/* NULL: fine. What is wrong with it, owned by the caller. */
char *refusals_add (Refusals *refusals, json_t *json);
json_t *refusals_json (Refusals *refusals);

/* @folder: its URI, or NULL. The refusal that takes this request, or NULL. */
HttpReply *refusals_take (Refusals *refusals, const char *operation, const char *folder,
                          const HttpServerRequest *request);
