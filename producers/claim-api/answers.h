/* What claim-api says: JSON:API documents, and errors that never repeat what was sent. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include "http/server.h"

/* @is_camel: keys of the answer in camelCase, as the caller asked by X-Key-Inflection. @document:
 * borrowed. */
HttpReply *answer_document (int status, const json_t *document, gboolean is_camel);
/* @text: a JSON document of ours. */
HttpReply *answer_text (int status, const char *text, gboolean is_camel);
HttpReply *answer_error (int status, const char *title, const char *detail);
/* 422, one entry per finding. @refusals: of ClaimFinding *. */
HttpReply *answer_refusals (GPtrArray *refusals, gboolean is_camel);
