/* The ledger of a simulator: every exchange with the service, in the order in which requests
 * arrived.
 *
 * Bounded by entries and by bytes; the oldest go first. Thread safe. It holds what was said as it
 * was said, personal data included, so it is for tests and demonstrations with invented people
 * only. Source: README.md. */
#pragma once

#include <glib.h>
#include "http/server.h"

typedef struct Ledger Ledger;

Ledger *ledger_new (guint max_entries, gsize max_bytes);
void ledger_free (Ledger *ledger);

/* Writes an exchange down as it arrives, so that a test can see a request that is still being
 * answered: until ledger_end() its status is null and acted is false. Returns its seq, from 1. */
guint64 ledger_begin (Ledger *ledger, const HttpServerRequest *request, const char *operation);

/* @status: 0 when the connection is closed without an answer. @response, @rule: may be NULL. */
void ledger_end (Ledger *ledger, guint64 seq, int status, GBytes *response, const char *rule,
                 gboolean acted);

/* A JSON array of the entries after @since, oldest first, at most @limit (0: all).
 * Seqs keep growing over ledger_clear(), so that "since" never means two things. */
char *ledger_json (Ledger *ledger, guint64 since, guint limit);
void ledger_clear (Ledger *ledger);

/* How full it is, and how many entries have been pushed out since the last ledger_clear(). */
void ledger_count (Ledger *ledger, guint *ret_entries, gsize *ret_bytes, guint64 *ret_dropped);
