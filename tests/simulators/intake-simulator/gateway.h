/* The gateway in front of the API: the key, and the quota with its headers. Source: README.md, "The
 * gateway". */
#pragma once

#include "http/server.h"
#include "intake-simulator/uploads.h"

typedef struct {
  const char *expected_key; /* "": any */
  guint per_minute;         /* 0: no quota */
  Uploads *uploads;         /* for the clock */

  GMutex lock; /* guards what follows */
  gint64 minute;
  guint used;
} Gateway;

/* What the gateway says of one call. */
typedef struct {
  guint limit, left, reset_s; /* limit 0: no quota */
} Quota;

/* A refusal, or NULL to go on with @ret_quota filled. */
HttpReply *gateway_refusal (Gateway *gateway, const HttpServerRequest *request, Quota *ret_quota);
void gateway_add_headers (const Quota *quota, HttpReply *reply);
