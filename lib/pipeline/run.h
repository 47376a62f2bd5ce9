/* A run: one delivery being handled, as its handler sees it.
 *
 * A handler is straight code in a thread of its own. It holds no database connection during a call.
 * It returns FALSE with an error when it cannot go on; it never sleeps, never loops over retries,
 * never logs a failure. */
#pragma once

#include <glib.h>
#include "base/seal.h"
#include "events/codec.h"
#include "pipeline/error.h"
#include "pipeline/work.h"

/* What the message says. Borrowed from the run. */
const char *run_message_id (const Run *run);
guint run_hop (const Run *run);
guint run_attempt (const Run *run); /* attempts spent before this one; 0 at first */
guint run_replay (const Run *run);
/* When its retry tier let it go, by the database's clock; 0: first time */
gint64 run_due_ms (const Run *run);
const char *run_scope (const Run *run);
const char *run_claim_group_id (const Run *run); /* guid or NULL */
gint64 run_claim_id (const Run *run);            /* 0 for a group's message */
gint64 run_token (const Run *run);               /* of the run row of run_scope() */
const char *run_key (const Run *run);            /* the veteran key */
const char *run_consumer (const Run *run);

/* What the process has. */
gpointer run_context (const Run *run); /* what the consumer's start() made */
const Settings *run_settings (const Run *run);
Sealer *run_sealer (const Run *run);
EventCodec *run_codec (const Run *run);
char *run_topic (const Run *run, const char *name); /* with prefix; owned */

/* A pooled connection for reads; give it back before any call (run_db_give accepts NULL). */
Db *run_db_take (Run *run, GError **error);
void run_db_give (Run *run, Db *db);

/* --- Leaving a handler. Each sets @error and returns FALSE, so: return run_snooze (…). --- */

/* Not now, no attempt spent: the record waits in memory until @ms have passed (at most 60,000), its
 * key blocked. */
gboolean run_snooze (Run *run, gint64 ms, const char *reason, GError **error);
/* What is to wait for long without an attempt: goes through look-tier. Counts towards
 * outage-max-wait; over it the verdict is DEAD. */
gboolean run_look_later (Run *run, const char *reason, GError **error);
/* A person must decide: needs-person with @reason, event, alert. @behind_claim_id 0, or whose hold
 * it waits behind. */
gboolean run_hold (Run *run, const char *reason, gint64 behind_claim_id, GError **error);
/* What the person chooses from, kept with the hold: a JSON array, nothing personal. Before
 * run_hold(). */
void run_hold_candidates (Run *run, const char *json);
/* Refused for good by a rule of ours: DEAD. @reason is a short code such as no-participant-id. */
gboolean run_refuse (Run *run, const char *reason, GError **error);
/* How often this record has snoozed in a row in this process. */
guint run_snoozes (const Run *run);
/* Nothing to do: TRUE, with a debug line. */
gboolean run_skip (Run *run, const char *reason);

/* --- Transactions (program/transaction.h) --- */

/* Work runs on the desk's connection; nothing in it may call outside or block on another lock. */

/* Adds work to the transaction that settles this message as DONE. Run in the order given. */
void run_on_settle (Run *run, RunWork work, gpointer data, GDestroyNotify free_data);
/* A transaction of its own, now, conditional on the run row's token (PIPELINE_ERROR_LOST
 * otherwise). */
gboolean run_transaction (Run *run, RunWork work, gpointer data, GError **error);

/* Takes a second scope's run row for this delivery (the closer takes the group's beside its
 * child's). */
gboolean run_take_scope (Run *run, const char *scope, GError **error);
