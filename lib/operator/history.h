/* A claim group's history as data: one timeline over rows and topics, and what comes next. Reads
 * rows by index and may ask the broker about single records; changes nothing, opens nothing sealed. */
#pragma once

#include <jansson.h>

#include "base/settings.h"
#include "db/db.h"

/* The groups that a guid, claim id, proc id, benefit claim id or package uuid names: array of
 * { "what", "guid" }; empty: none. Errors: database. */
json_t *history_find (Db *db, const char *id, GError **error);

typedef enum {
  HISTORY_OF_ROWS = 0,
  HISTORY_ASKS_BROKER = 1, /* where each record lies; a broker that does not answer within 5 s is
                              said to ("broker": why) */
  HISTORY_REVEALS = 2,     /* what people have written freely, too */
} HistoryWishes;

/**
 * history_read:
 * @settings: topic-prefix, and where the broker is
 *
 * { "group", "state", "claims": […], "timeline": [{ "at", "kind", "claim_id", "what", "detail" }],
 * "emails": [{ "kind", "now", "next", … }] that have not gone out, "outlook": […], "now", "next" },
 * owned; NULL without @error: there is no such group. Errors: database.
 */
json_t *history_read (Db *db, const Settings *settings, const char *guid, HistoryWishes wishes,
                      GError **error);
