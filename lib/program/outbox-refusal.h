/* A record that its topic does not take, as noted in its row: counted there by all processes that
 * have tried it, told once. Knows no memory and no producer: what becomes of the row is its
 * caller's. */
#pragma once

#include "program/outbox-row.h"

typedef struct {
  OutboxRow *row; /* owned; whoever keeps the row steals it */
  char *text;     /* the broker's; owned */
} OutboxRefusal;
OutboxRefusal *outbox_refusal_new (OutboxRow *row_taken, const char *text);
void outbox_refusal_free (gpointer refusal);

/* Who notes it. All borrowed. */
typedef struct {
  const char *instance_id; /* this process */
  OutboxRefused refused;   /* may be NULL */
  gpointer data;
} OutboxNoter;

/**
 * outbox_refusal_note:
 * @ret_events: what to publish now, owned (of OutboxRow *); NULL: nothing
 *
 * In a transaction of its own on @db, which waits for it: the row's count and next time, and at the
 * first refusal its event and a line of the log. An event that cannot be made is logged, and the
 * refusal noted without it.
 * Errors: database errors; nothing is noted then, or nobody knows (%DB_ERROR_COMMIT_UNKNOWN) and a
 * second try counts twice.
 */
gboolean outbox_refusal_note (const OutboxRefusal *refusal, Db *db, const OutboxNoter *noter,
                              GPtrArray **ret_events, GError **error);
