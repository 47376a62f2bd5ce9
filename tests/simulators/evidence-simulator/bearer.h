/* Who asks: the token of a request. Source: README.md, rule 1. Thread safe. */
#pragma once

#include "http/server.h"

typedef struct Bearers Bearers;

Bearers *bearers_new (const char *secret);
void bearers_free (Bearers *bearers);
/* NULL: the request may go on. A token is good for one. */
HttpReply *bearers_refusal (Bearers *bearers, const HttpServerRequest *request, gint64 now_s);
/* Forgets which tokens have been seen. */
void bearers_clear (Bearers *bearers);
