/* The outbox of this process: rows are made in a transaction, published after its commit, deleted
 * at their delivery report.
 *
 * A row is named by the process that made it and that process's own number. Rows of dead processes
 * are published by the relay (one active, by lease), each process's in its order. Readers drop
 * doubles by message id.
 *
 * What the relay may read: every row that it sees, whatever other transactions are open. A process
 * makes a later record of a key only after the commit of the earlier one was answered, so whoever
 * sees the later row sees the earlier one too, in any one snapshot; numbers are given at the
 * insert, so the earlier one has the smaller. A row that becomes visible late (a server process
 * that outlives its killed client, a prepared transaction) is therefore of no key that has gone on,
 * and the next look finds it: nothing remembers how far was read. So no transaction that stays
 * open, in this database or another of the server, holds up any row. A row that was found is
 * published once a later commit is acknowledged: what can be read may be on a primary alone that
 * others have left.
 *
 * A row may say whose record it carries (scope). The statement that deletes it then notes where
 * that record lies now (record_places), so that a record which the log loses is missed: see
 * watch.h.
 *
 * What a topic refuses (larger than its limit, a partition that is not there) is told once, and
 * tried again with growing pauses, by its process while that lives, then by the relay; the row
 * itself keeps count. Nobody waits for it. */
#pragma once

#include "kafka/producer.h"
#include "program/health.h"
#include "program/lease.h"
#include "program/outbox-row.h"

typedef struct Outbox Outbox;
typedef struct {
  const char *database_url;
  const char *instance_id;
  gint64 instance_timeout_ms; /* an instance without a heartbeat for this long is dead */
  OutboxRefused refused;      /* may be NULL */
  gpointer data;
  Lease *relay;   /* whose holder is the relay; NULL: never this process */
  Health *health; /* told when the database is in the way; may be NULL */
} OutboxOptions;
Outbox *outbox_new (const Settings *settings, const OutboxOptions *options, GError **error);
void outbox_free (Outbox *outbox);

/* After the commit: takes the rows out of @rows. Never blocks. */
void outbox_publish (Outbox *outbox, GPtrArray *rows);
/* Rows of this process that were committed without this process knowing (a COMMIT without an
 * answer) are looked for, several times, for the server may still be at it. */
void outbox_sweep_soon (Outbox *outbox);
/* Rows handed over and not yet reported; readers stop taking when there are many. */
guint outbox_waiting (Outbox *outbox);
/* Waits until all are reported and deleted, or noted as refused; FALSE after @timeout_ms. */
gboolean outbox_flush (Outbox *outbox, gint64 timeout_ms);
rd_kafka_t *outbox_kafka_handle (Outbox *outbox);
gboolean outbox_is_fatal (Outbox *outbox);

/**
 * outbox_learn_topics:
 * @topics: full names, NULL-ended
 *
 * At the start, before the first row: asks the broker for the topics' partitions and, where it
 * answers such questions (broker-admin), for the size of a record that each takes. The answers are
 * renewed every 5 minutes, and sooner when a record is refused. The outbox's Kafka handle may be
 * another one after it. Errors: %KAFKA_ERROR_AWAY.
 */
gboolean outbox_learn_topics (Outbox *outbox, const char *const *topics, int timeout_ms,
                              GError **error);
/* Bytes of key, value and headers (kafka_headers_size()) that a record of @topic (full name) may
 * have; 0: unknown. */
gsize outbox_record_limit (Outbox *outbox, const char *topic);
/* Partitions of @topic (full name), at least; 0: unknown. */
int outbox_partitions (Outbox *outbox, const char *topic);
