/* What every program of ours is: settings, a database it may wait for, an instance with a
 * heartbeat, a producer that publishes its outbox rows, the relay (one active, by lease), and
 * /metrics, /livez, /readyz on one port. */
#pragma once

#include "base/seal.h"
#include "base/settings.h"
#include "db/db.h"
#include "events/codec.h"
#include "program/lease.h"
#include "program/transaction.h"

typedef struct Program Program;

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
 * @settings: borrowed for the program's life
 *
 * Waits, with a line and a 503 of /readyz that say for what, for the database, its schema and the
 * broker; a signal that comes meanwhile ends the process at once. Refuses (error, exit 1) a schema
 * that does not admit it, wrong topics, another secret's fingerprint. Logs the effective
 * configuration, secrets masked. Returns: owned; program_stop().
 */
Program *program_start (const char *name, const Settings *settings, GError **error);
/* Flushes, deletes published rows, marks the instance ended. NULL is fine. */
void program_stop (Program *program);

DbPool *program_pool (Program *program);
Sealer *program_sealer (Program *program);
EventCodec *program_codec (Program *program);
const TransactionWriter *program_writer (Program *program);
const Settings *program_settings_of (Program *program);
const char *program_instance_id (Program *program);
guint16 program_metrics_port (Program *program);
char *program_topic (Program *program, const char *name); /* with prefix; owned */
void program_set_ready (Program *program, gboolean ready);
Outbox *program_outbox (Program *program);
/* /livez asks it too, in any thread, until program_stop(). */
typedef gboolean (*ProgramLiveness) (gpointer data);
void program_set_liveness (Program *program, ProgramLiveness is_alive, gpointer data);
/* A consumer's desks: take, settle, and three for steps. The rest of database-connections is its
 * workers' pool. */
#define PROGRAM_DESK_CONNECTIONS 5
/* What /readyz asks beside the program's own conditions: NULL, or a line that says why not. Called
 * from other threads, at any time until program_stop(). */
typedef const char *(*ProgramReadiness) (gpointer data);
void program_set_readiness (Program *program, ProgramReadiness readiness, gpointer data);
/* An operator has paused it (pipelinectl pause): it takes nothing new. Any thread; cheap. */
gboolean program_is_paused (Program *program);
/* How many records wait in its memory: an operator reads it, as of the last heartbeat. Any thread. */
void program_note_snoozing (Program *program, guint count);
/* What stands in the way of work and is tried again: see health_note_trouble() for what comes of
 * it. @kind is a constant; @why NULL: over. Any thread; cheap. */
void program_note_trouble (Program *program, const char *kind, const char *why);
/* A lease that this process takes when it can, and keeps. @name is a constant; the same name is the
 * same lease, the program's. Held by one process of all at a time: ask it, see lease.h. */
Lease *program_lease (Program *program, const char *name);

/* Whether what can be read now is kept, also by a standby that takes over: see
 * db_primary_acknowledges(). Who has found something stored, and is about to give that to somebody
 * who then forgets it, asks first. */
gboolean program_acknowledges (Program *program, GError **error);

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
/* For a start that goes on after program_start() and finds the broker away: says so, to /readyz too,
 * and waits a moment. FALSE: a signal has come. */
gboolean program_wait_for_broker (Program *program, const GError *problem);
int program_signal_fd (Program *program);
/* Ready to serve: logs "listening" with the ports and writes the address-file (METRICS_URL=…, and
 * URL=… when @url is given). */
void program_announce (Program *program, const char *url);
