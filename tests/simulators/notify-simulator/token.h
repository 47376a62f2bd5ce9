/* Who asks: the JWT of a request, as VA Notify checks it. Source: README.md, rule 1. */
#pragma once

#include <glib.h>

/* The service and its API key, as an operator of VA Notify has made it. */
typedef struct {
  char *service_id, *secret;
  gboolean is_revoked;
} ServiceKey;

/* @text: name, service id and secret (a UUID), joined by hyphens. FALSE: it is none. */
gboolean service_key_read (ServiceKey *key, const char *text);
void service_key_clear (ServiceKey *key);

typedef enum {
  TOKEN_FINE,
  TOKEN_MISSING,    /* 401 */
  TOKEN_NOT_BEARER, /* 401 */
  TOKEN_UNREADABLE, /* 403, as the rest */
  TOKEN_NO_ISSUER,
  TOKEN_UNKNOWN_SERVICE,
  TOKEN_OUT_OF_TIME, /* more than 30 s from the clock here */
  TOKEN_REVOKED,
  TOKEN_WRONG_SIGNATURE,
} TokenFinding;
TokenFinding token_check (const ServiceKey *key, const char *authorization, gint64 now_s);
