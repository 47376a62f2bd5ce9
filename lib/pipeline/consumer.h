/* A consumer: one folder, one handler, one descriptor, and a main of one line.
 *
 * Everything a reader does not see in a handler is the runner's (pipeline/README.md): take the
 * record, count the delivery, decode, look into the inbox, own the scope, handle, judge, settle,
 * publish, store the offset. */
#pragma once

#include "base/settings.h"
#include "events/codec.h"
#include "pipeline/policy.h"
#include "pipeline/work.h"
#include "program/program.h"
#include "program/record.h"

/* Whose run row and journal a message uses, and whose group it belongs to. All borrowed from the
 * message, but for scope, which is owned by the caller (g_free). */
typedef struct {
  char *scope;                /* journal and run row: child claim id or group guid */
  const char *claim_group_id; /* guid; NULL where there is no group */
  gint64 claim_id;            /* child claim; 0 for a message of the whole group */
  /* This message goes on whatever becomes of its group, as all of a consumer that outlives_groups;
   * what becomes of it is told as of its own scope */
  gboolean outlives_group;
} RunScope;

typedef struct {
  const char *name;  /* "proc-setup": folder, binary, consumer group, log field */
  const char *topic; /* without prefix: "claims.submitted" */

  /* Bytes to a message, beside what the record's headers say; owned by the runner, freed with
   * free_message. NULL + error: quarantine. */
  gpointer (*decode) (EventCodec *codec, GBytes *value, const Record *record, GError **error);
  void (*free_message) (gpointer message);

  /* NULL for a handler without steps: then there is no run row and no group. */
  void (*scope) (gconstpointer message, RunScope *ret_scope);

  /* The story. TRUE: DONE. FALSE: the pages of verdicts say what the error means. May be called
   * again for the same message at any time. */
  gboolean (*handle) (Run *run, gconstpointer message, GError **error);

  /* In the transaction that settles DEAD: say what that means (child dead, group failure, …). May
   * be NULL. Sets *ret_dead_letter to FALSE when no dead letter is to go out (the group had failed
   * before). */
  gboolean (*give_up) (Transaction *transaction, Run *run, gconstpointer message,
                       const GError *reason, gboolean *ret_dead_letter, GError **error);

  /* In the transaction that settles RETRY, HOLD or DEAD: record the attempt (submission, attempt).
   * May be NULL.
   * @status "failure", or "unknown" when a call's outcome is not known. */
  gboolean (*attempted) (Transaction *transaction, Run *run, gconstpointer message,
                         const char *status, const GError *reason, GError **error);

  /* NULL-terminated: whom its handler calls ("bgs"). Each has a breaker; while the first one's is
   * open no record is taken. NULL: nobody. */
  const char *const *downstreams;

  /* Its source holds what others have given up: what they have spent is not its own
   * (record_begin_anew()). */
  gboolean begins_anew;

  /* The step after which it cannot die: while it is in doubt the record goes on, looking only, and
   * the dead letter says so. With a '/' at its end: each step of that kind. NULL: none. */
  const char *in_doubt;
  /* Where what has failed for good goes, without prefix; NULL: claims.dead-letter. */
  const char *dead_letter;
  /* The group states in which its steps may start; NULL-terminated. NULL: accepted alone. A message
   * of a group in any other state is over. */
  const char *const *works_in;

  /* Its messages go on whatever becomes of their group: neither its state nor a newer replay ends
   * one. */
  gboolean outlives_groups;

  /* At most so many records are worked on at once, whatever in-flight says; 0: as it says. */
  guint in_flight_max;

  /* NULL-terminated: what the errors of the rooms mean that its handler calls with, and what they
   * tell of the call; each such room has a page (policy.h). An error that neither these nor the
   * pipeline's own page knows is RETRY, and its call's outcome unknown. NULL: none. */
  const VerdictPage *const *verdicts;

  /* The longest that a call may be under way before its first byte is sent, ms: the connect limit
   * of its clients. unknown-settle-ms may not be shorter than this and send-within-ms together.
   * NULL: 0, for a handler that calls nobody. */
  gint64 (*call_limit_ms) (const Settings *settings);

  /* Once at start: clients the handler needs, given back by run_context(). May be NULL. */
  gpointer (*start) (const Settings *settings, GError **error);
  void (*stop) (gpointer context);
  /* Work beside its records, in a thread of its own: begun once the program has started, before a
   * record is taken; ended before stop(). FALSE: it still waits for an answer at @until_us
   * (monotonic). May be NULL. */
  void (*begin_beside) (gpointer context, Program *program);
  gboolean (*end_beside) (gpointer context, gint64 until_us);

  const Setting *const *settings; /* NULL-terminated: its own rows and those of the rooms it uses */
} Consumer;

/* Runs until SIGTERM or SIGINT. Exit status: 0 after a clean shutdown, 1 when it cannot go on (and
 * everything is delivered again), 2 for a wrong setting. */
int consumer_main (const Consumer *consumer, int argc, char **argv);
