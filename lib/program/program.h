/* What every program of ours is: settings, a database it may wait for, an instance with a
 * heartbeat, a producer that publishes its outbox rows, the relay (one active, by lease), and
 * /metrics, /livez, /readyz on one port. */
#pragma once

#include "base/seal.h"
#include "base/settings.h"
#include "db/db.h"
#include "events/codec.h"
#include "program/transaction.h"

/* Rows every program has: database-url, kafka-brokers, topic-prefix, schema-registry-url,
 * metrics-port, log-level, … */
extern const Setting program_settings[];

#define PROGRAM_ERROR (program_error_quark ())
GQuark program_error_quark (void);
typedef enum {
  PROGRAM_ERROR_SECRETS, /* other keys than the programs that share the database */
} ProgramError;

/**
 * program_start:
 * Waits (with a message that says for what) for the database and the broker; refuses (error, exit
 * 1) an unknown schema version, missing or wrong topics, another secret's fingerprint. Logs the
 * effective configuration, secrets masked.
 */
Program *program_start (const char *name, const Settings *settings, GError **error);
/* Flushes, deletes published rows, marks the instance ended. NULL is fine. */
void program_stop (Program *program);

DbPool *program_pool (Program *program);
Sealer *program_sealer (Program *program);
EventCodec *program_codec (Program *program);
const Settings *program_settings_of (Program *program);
const char *program_instance_id (Program *program);
guint16 program_metrics_port (Program *program);
char *program_topic (Program *program, const char *name); /* with prefix; owned */
void program_set_ready (Program *program, gboolean ready);
Outbox *program_outbox (Program *program);
/* /livez asks it, in any thread, until it is given another. NULL: nobody has to be asked. */
typedef gboolean (*ProgramLiveness) (gpointer data);
void program_set_liveness (Program *program, ProgramLiveness is_alive, gpointer data);
/* A consumer's desks: take, settle, and three for steps. The rest of database-connections is its workers' pool. */
#define PROGRAM_DESK_CONNECTIONS 5
/* What /readyz asks beside the program's own conditions: NULL, or a line that says why not. Called
 * from other threads, at any time until program_stop(). */
typedef const char *(*ProgramReadiness) (gpointer data);
void program_set_readiness (Program *program, ProgramReadiness readiness, gpointer data);

/* BEGIN, @work, COMMIT, then publish the outbox rows it made. Repeated on
 * conflict. A COMMIT without an answer is an error (DB_ERROR_COMMIT_UNKNOWN): the caller looks
 * whether its rows are there. */
gboolean program_transaction (Program *program, TransactionWork work, gpointer data,
                              GError **error);
/* Waits until all rows this process made have their delivery report, at most @timeout_ms. */
gboolean program_flush (Program *program, gint64 timeout_ms, GError **error);

/* SIGTERM and SIGINT are blocked from program_start() on and read here: TRUE when one has come;
 * waits at most @ms. */
gboolean program_wait_for_stop (Program *program, gint64 ms);
int program_signal_fd (Program *program);
/* Ready to serve: logs "listening" with the ports and writes the address-file (METRICS_URL=…, and
 * URL=… when @url is given). */
void program_announce (Program *program, const char *url);
