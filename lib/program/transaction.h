/* A transaction: what work on the database is done in, and what goes out with its commit.
 *
 * Records, events and e-mail requests that are made in it become outbox rows, which whoever owns
 * the transaction inserts before its commit and publishes after it. State and event are written
 * together: nothing ends without an event. */
#pragma once

#include "base/seal.h"
#include "claims/paper.h"
#include "db/db.h"
#include "events/codec.h"
#include "program/outbox.h"

/* Who writes: what a transaction needs of its program, and borrows for as long as that runs. */
typedef struct {
  const char *instance_id; /* message ids begin with it */
  const char *topic_prefix;
  EventCodec *codec;
  Sealer *sealer;
} TransactionWriter;

typedef struct Transaction {
  Db *db;
  const TransactionWriter *writer;
  const char *source;      /* program or consumer: the "consumer" of events */
  const char *traceparent; /* carried on; may be NULL */
  guint replay;
  gint64 now_ms;           /* the database's clock */
  const char *step_result; /* inside Step.on_end */
  GPtrArray *rows;         /* of OutboxRow *: made here, inserted by whoever owns the transaction */
} Transaction;

/* Work of a transaction; done again from the start after a conflict. */
typedef gboolean (*TransactionWork) (Transaction *transaction, gpointer data, GError **error);

/* --- For who owns it --- */

void transaction_init (Transaction *transaction, const TransactionWriter *writer, Db *db,
                       const char *source, const char *traceparent, guint replay);
void transaction_clear (Transaction *transaction);

/* BEGIN, @work, its rows into the outbox, COMMIT; repeated on conflict. @source: as in Transaction.
 * Returns: of OutboxRow *, those that it made, to be published; owned. NULL on failure; errors: those
 * of @work and the database. */
GPtrArray *transaction_run (const TransactionWriter *writer, Db *db, const char *source,
                            TransactionWork work, gpointer data, GError **error);

/* --- Inside --- */

Db *transaction_db (Transaction *transaction);
/* In the transaction that journals a step as finished: its result. Borrowed. */
const char *transaction_step_result (const Transaction *transaction);
/* An outbox row. @topic without prefix; @claim_group_id: whose it is; @key borrowed; @value NULL is a
 * tombstone. A new message id is made, unique; hop 0; traceparent is carried on, and is the group's
 * where there is none. */
gboolean transaction_emit (Transaction *transaction, const char *topic, const char *claim_group_id,
                           const char *key, GBytes *value, GError **error);
/* For producers: the trace and the replay number that rows made from here on carry. @traceparent
 * borrowed; NULL: what is of a group carries the group's. */
void transaction_set_origin (Transaction *transaction, const char *traceparent, guint replay);
/* Sets a header of the row that was emitted last. */
void transaction_emit_header (Transaction *transaction, const char *name, const char *text);
/* Whose record the row that was made last carries, as in runs: a claim's id, a group's guid. What
 * becomes of it on its way is watched then (watch.h). NULL: nobody's. */
void transaction_emit_scope (Transaction *transaction, const char *scope);
/* A row with given headers: dead letters, quarantine, retries. Takes all but the transaction.
 * @topic without prefix; @partition -1: by key. */
void transaction_add_row (Transaction *transaction, const char *topic, gint32 partition,
                          GBytes *key_taken, GBytes *value_taken, KafkaHeaders *headers_taken);
/* A result event of the group: takes the next sequence under the group's row lock (the row is
 * locked here if it was not before) and emits to claim-events. @subject "GROUP", "CLAIM", "ATTEMPT",
 * "STEP", "EMAIL" or "PAPER"; @claim_id 0: none. */
gboolean transaction_claim_event (Transaction *transaction, const char *claim_group_id,
                                  const char *subject, gint64 claim_id, const char *from_state,
                                  const char *to_state, const char *reason, GError **error);
/* @kind "SUBMITTED", "IN_PROGRESS", "RECEIVED", "ERROR", or "ERROR_AGAIN": to the other address. */
gboolean transaction_mail (Transaction *transaction, const char *claim_group_id,
                           gint64 parent_claim_id, const char *kind, GError **error);
gboolean transaction_monitoring_event (Transaction *transaction, const char *kind,
                                       const char *claim_group_id, gint64 claim_id,
                                       const char *detail, GError **error);

/* --- Changes of state with their events. Errors: CLAIMS_ERROR_TRANSITION and database errors.
 * --- */

gboolean transaction_change_group (Transaction *transaction, const char *claim_group_id,
                                   const char *to, const char *reason, GError **error);
gboolean transaction_change_child (Transaction *transaction, const char *claim_group_id,
                                   gint64 claim_id, const char *to, const char *reason,
                                   GError **error);
/* The same, where a change that the state does not allow is no failure, for somebody was quicker:
 * *ret_changed tells. */
gboolean transaction_try_group (Transaction *transaction, const char *claim_group_id,
                                const char *to, const char *reason, gboolean *ret_changed,
                                GError **error);
gboolean transaction_try_child (Transaction *transaction, const char *claim_group_id,
                                gint64 claim_id, const char *to, const char *reason,
                                gboolean *ret_changed, GError **error);
/* The same for a paper of the group. */
gboolean transaction_try_paper (Transaction *transaction, const char *claim_group_id,
                                const Paper *paper, const char *to, const PaperChange *change,
                                const char *reason, gboolean *ret_changed, GError **error);
/* needs-person with event and monitoring event. @behind_claim_id 0, or whose hold it waits
 * behind. */
gboolean transaction_needs_person (Transaction *transaction, const char *claim_group_id,
                                   gint64 claim_id, const char *reason, gint64 behind_claim_id,
                                   GError **error);
