/* The part payload of an upload: a name and what the sender knows of the document. Pure.
 * Source: README.md, rules 4 and 5. */
#pragma once

#include <glib.h>
#include <jansson.h>
#include "http/server.h"

/* What the service knows. */
typedef struct {
  GHashTable *type_ids; /* of documents, as GINT_TO_POINTER */
  const char *today;    /* YYYY-MM-DD, where the service is */
} PayloadRules;

typedef struct {
  char *content_name;
  json_t *provider_data;
} Payload;

void payload_clear (Payload *payload);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Payload, payload_clear)

/* NULL and @ret_payload filled, or a refusal. */
HttpReply *payload_read (GBytes *text, const PayloadRules *rules, Payload *ret_payload);
