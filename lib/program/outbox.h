/* The outbox of this process: rows are made in a transaction, published after its commit, deleted
 * at their delivery report.
 *
 * A row names the process that made it; rows of dead processes are published by the relay (one
 * active, by lease), in id order, below the oldest running transaction. Readers drop doubles by
 * message id. Source: design section 5 (9). */
#pragma once

#include "db/db.h"
#include "kafka/producer.h"

typedef struct {
  gint64 id;        /* given by the insert */
  char *topic;      /* with prefix */
  gint32 partition; /* -1: by key */
  GBytes *key;      /* may be NULL */
  GBytes *value;    /* NULL: a tombstone */
  KafkaHeaders *headers;
} OutboxRow;
OutboxRow *outbox_row_new (char *topic_taken, gint32 partition, GBytes *key_taken,
                           GBytes *value_taken, KafkaHeaders *headers_taken);
void outbox_row_free (gpointer row);

/* Inserts @rows (of OutboxRow *) in the caller's transaction, in order, and gives them their ids.
 */
gboolean outbox_insert (Db *db, const char *instance_id, GPtrArray *rows, GError **error);

typedef struct Outbox Outbox;
typedef struct {
  const char *database_url;
  const char *instance_id;
  gint64 instance_timeout_ms; /* an instance without a heartbeat for this long is dead */
} OutboxOptions;
Outbox *outbox_new (const Settings *settings, const OutboxOptions *options, GError **error);
void outbox_free (Outbox *outbox);

/* After the commit: takes the rows out of @rows. Never blocks. */
void outbox_publish (Outbox *outbox, GPtrArray *rows);
/* Rows of this process that were committed without this process knowing (a COMMIT without an
 * answer) are looked for. */
void outbox_sweep_soon (Outbox *outbox);
/* Whether this process is the relay now; told by whoever keeps the lease. */
void outbox_set_relay (Outbox *outbox, gboolean active);
/* Rows handed over and not yet reported; readers stop taking when there are many. */
guint outbox_waiting (Outbox *outbox);
/* Waits until all are reported and deleted; FALSE after @timeout_ms. */
gboolean outbox_flush (Outbox *outbox, gint64 timeout_ms);
rd_kafka_t *outbox_kafka_handle (Outbox *outbox);
gboolean outbox_is_fatal (Outbox *outbox);
