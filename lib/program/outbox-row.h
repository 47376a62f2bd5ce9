/* Rows of the outbox: made here, inserted in their maker's transaction, found, deleted, counted as
 * refused. What becomes of them in between is outbox.h's. */
#pragma once

#include "db/db.h"
#include "kafka/producer.h"

typedef struct {
  char *instance_id; /* NULL: this process made it */
  gint64 id;         /* that process's number, given by outbox_insert() */
  char *topic;       /* with prefix */
  gint32 partition;  /* -1: by key */
  GBytes *key;       /* may be NULL */
  GBytes *value;     /* NULL: a tombstone */
  KafkaHeaders *headers;
  /* Whose record it carries, as in runs: a claim's id, a group's guid; NULL: nobody's */
  char *scope;
  KafkaPlace place; /* the outbox's own: where it lies, from its delivery report on */
  guint64 ticket;   /* the outbox's own: what the delivery report brings back */
  /* The outbox's own: was refused, perhaps for what was in one batch with it */
  gboolean goes_alone;
} OutboxRow;
OutboxRow *outbox_row_new (char *topic_taken, gint32 partition, GBytes *key_taken,
                           GBytes *value_taken, KafkaHeaders *headers_taken);
void outbox_row_free (gpointer row);

/* Numbers @rows (of OutboxRow *) and inserts them in the caller's transaction. Numbers are never
 * used again, also when the transaction is; so the rows of a COMMIT without an answer, once it is
 * known to have happened, may be given to outbox_publish() as if it had been answered. */
gboolean outbox_insert (Db *db, const char *instance_id, GPtrArray *rows, GError **error);

/* The row at @i of what outbox.sql finds; @instance_id: this process. NULL: nobody here has written
 * it; told, and it stays. Owned. */
OutboxRow *outbox_row_read (DbRows *found, guint i, const char *instance_id);

/* One statement for @rows (of OutboxRow *), which are published; notes where those lie that carry
 * somebody's record, and what carries nobody's pays for no place. @instance_id: this process. */
gboolean outbox_rows_delete (Db *db, const char *instance_id, GPtrArray *rows, GError **error);

/* *ret_is_first: the row's own count says so, over all processes that have tried. */
gboolean outbox_row_note_refusal (Db *db, const char *instance_id, const OutboxRow *row,
                                  const char *text, gboolean *ret_is_first, GError **error);
/* In the transaction that notes the first refusal of @row: writes the event. @ret_rows: what to
 * publish after the commit, owned (of OutboxRow *), already inserted. */
typedef gboolean (*OutboxRefused) (Db *db, const OutboxRow *row, const char *text,
                                   GPtrArray **ret_rows, gpointer data, GError **error);
