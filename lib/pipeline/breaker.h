/* The breaker of one downstream, shared by all processes through the database: closed, open,
 * half-open.
 *
 * It opens when breaker-failures different claims in succession got no answer, counted over all
 * processes; then nobody calls until the probe is due. One process takes the probe, and one call
 * decides: closed again, or open for twice as long. After it closes, each process has at most
 * 2^(whole seconds) calls in flight. One poisoned claim cannot open it, for a claim counts once,
 * nor keep it open, for the probe is whoever asks next (a claim whose probe failed belongs at the
 * end of the line: its caller's doing).
 *
 * The functions below are any thread's, answer from memory and never wait for the database: a
 * thread of the breaker's own does that. While the database is away the last known state holds.
 * Every change writes a monitoring event (breaker-open, breaker-half-open, breaker-closed) in its
 * own transaction.
 *
 * Source: README.md, "When a message fails". */
#pragma once

#include "program/program.h"

typedef struct Breaker Breaker;

/* breaker-failures, breaker-window, breaker-probe-ms, breaker-probe-max-ms, breaker-probe-limit-ms,
 * breaker-look-ms */
extern const Setting breaker_settings[];

/* Something to reconsider: what breaker_limit() or breaker_admits() says may differ from before,
 * and not by time. Called in the breaker's thread, the first time maybe before breaker_new() has
 * returned, and in that of a reporter, without any lock of the breaker's; must not block. */
typedef void (*BreakerChanged) (gpointer data);

/**
 * breaker_new:
 * @downstream: "bgs", "bid": the row of breakers, and the label of metrics; one Breaker per process
 *
 * Until the first look at the database, some milliseconds later, nothing is admitted. Stop it
 * before its program.
 */
Breaker *breaker_new (Program *program, const char *downstream, BreakerChanged changed,
                      gpointer data);
/* Gives a probe that it holds to the others. Calls still out need not be reported and must not be
 * later. Waits for a statement that is under way, so up to half a minute when the database hangs.
 * NULL is fine. */
void breaker_free (Breaker *breaker);

/* One call: filled by breaker_admits(), handed to breaker_report(). It says to which state of the
 * breaker the call belongs: one that hung since before the outage says nothing about now, and must
 * not decide somebody's probe. */
typedef struct {
  gint64 change_no;
  gboolean is_probe, is_out;
  const char *error_class; /* static; of who reports %BREAKER_DOWN, for the event; NULL: not told */
} BreakerCall;

/**
 * breaker_admits:
 * @ret_wait_ms: 1 to 60000, when FALSE: after that long asking again may help (the probe, the
 *   ramp's next second)
 *
 * TRUE: the call may be sent, and must be followed by breaker_report(). FALSE: not now. Asking
 * while the probe is due makes this process take it: ask only with a call in hand. Whoever asks
 * again within some seconds gets it; else it is given back.
 */
gboolean breaker_admits (Breaker *breaker, BreakerCall *ret_call, gint64 *ret_wait_ms);

typedef enum {
  BREAKER_WORKED, /* it answered; a refusal is an answer */
  BREAKER_DOWN,   /* not reached, or no answer that is one */
  BREAKER_NOT_CALLED,
} BreakerReport;

/* Of a failure that everybody would meet. Also in breaker.sql. */
#define BREAKER_EVERYBODY "*"
/**
 * breaker_report:
 * @scope: whose call it was, for BREAKER_DOWN; what shares a poison should share a scope, so a
 *   claim group's guid rather than a child's id; %BREAKER_EVERYBODY: it opens at once
 *
 * Cheap when closed and working. The failure that decides is in the database, and this process's
 * state, some milliseconds after this returns.
 */
void breaker_report (Breaker *breaker, BreakerCall *call, const char *scope, BreakerReport report);

/* How many records this process may have in flight now, at most @max: 0 while open; 1 when a probe
 * is due, for it needs somebody who asks, and while this process holds the probe; 2^(whole seconds)
 * after the closing. Ask when there is something to hand out: a process that never asks does not
 * look at the database while the breaker is closed. */
guint breaker_limit (Breaker *breaker, guint max);
/**
 * breaker_opens_within:
 * @ms: others' time to fail as well, from now
 *
 * For who has just reported %BREAKER_DOWN: in an outage many fail at the same moment, and the one
 * that decides may be the next, in whatever process. Waits, unlike all else here, until the breaker
 * is known to be open, and the probe decided if there was one; or until the database, asked @ms
 * after this call and with this process's own failures written, says that it is not: as long as it
 * takes to answer, at most 5 s. FALSE: it is not open, as far as anybody knows.
 */
#define BREAKER_OPENS_WITHIN_MS                                                                    \
  250 /* of others under way: what a failure waits before it costs an attempt */
gboolean breaker_opens_within (Breaker *breaker, gint64 ms);
/* UTC ms of the database's clock; 0: closed. While it probes, and after a probe that failed: since
 * it was opened. */
gint64 breaker_open_since_ms (Breaker *breaker);
/* clock_monotonic_ms() at which the answers of breaker_limit() and breaker_admits() next change by
 * themselves; -1: not by time. */
gint64 breaker_next_ms (Breaker *breaker);
