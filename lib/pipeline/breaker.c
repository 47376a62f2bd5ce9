/* The breaker, see breaker.h. What everybody asks stands in memory, under one lock; one thread
 * carries it to the database and back. A change is one transaction, conditional on the row being as
 * last read, with its event. */
#include "pipeline/breaker.h"

#include <string.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "pipeline/breaker.sql.h"

#define WAIT_MAX_MS     60000 /* a snooze may not be longer */
#define TAKE_WAIT_MS    20    /* one short transaction: taking the probe, or the first look */
#define RAMP_SECONDS    10    /* 2^10 is more than in-flight may be */
#define OFFSET_ERROR_MS 1000
/* In looks. */
#define IDLE_LOOKS      10 /* closed and nobody asks: this much rarer */
#define GIVE_LOOKS      5  /* a probe that nobody asks for is given back */
/* How long a failure waits at most for the database to say what came of it. */
#define KNOWN_WITHIN_MS 5000

const Setting breaker_settings[] = {
  { "breaker-failures", SETTING_NUMBER, "5",
    "Claims in succession without an answer after which a downstream counts as down.", NULL, 1,
    1000 },
  { "breaker-window", SETTING_DURATION, "5m", "Failures older than this do not count." },
  { "breaker-probe-ms", SETTING_NUMBER, "15000",
    "Wait of an open breaker until its first probe; doubled by each that fails.", NULL, 1, 600000 },
  { "breaker-probe-max-ms", SETTING_NUMBER, "60000", "Longest such wait.", NULL, 1, 600000 },
  { "breaker-probe-limit-ms", SETTING_NUMBER, "180000",
    "How long a process may hold the probe: longer than a call can take, its settle time included.",
    NULL, 1, 3600000 },
  { "breaker-look-ms", SETTING_NUMBER, "1000",
    "How often a process looks whether others have changed the breaker.", NULL, 1, 60000 },
  { NULL },
};

typedef enum { STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN } BreakerState; /* as the gauge shows it */

/* The row as last read; moments on this process's monotonic clock. */
typedef struct {
  gboolean is_known; /* FALSE: not read yet */
  BreakerState state;
  gint64 asked_ms; /* before the question went out */
  gint64 change_no;
  gboolean is_mine;    /* half-open: this process holds the probe */
  gint64 due_ms;       /* open: when it may be probed; half-open: when another may take the probe */
  gint64 closed_at_ms; /* -1: it has never been open */
  gint64 opened_at_ms; /* UTC, the database's */
  gint64 failure_count; /* rows in breaker_failures */
  gint64 offset_ms;     /* the database's UTC less this process's monotonic clock */
} View;

typedef enum {
  TASK_NONE,
  TASK_LOOK,
  TASK_DECIDE, /* the probe's outcome */
  TASK_RECORD, /* failures, and open when they are enough */
  TASK_FORGET, /* the failures before a success */
  TASK_TAKE,   /* the probe */
  TASK_GIVE,   /* the probe, to whoever wants it */
} Task;

struct Breaker {
  Program *program;
  char *downstream;
  BreakerChanged changed;
  gpointer data;
  gint64 failures_max, window_ms, probe_ms, probe_max_ms, probe_limit_ms, look_ms;
  GThread *thread;

  GMutex lock; /* all below */
  GCond wake;
  GCond turned; /* a look has ended */
  gboolean is_stopping;
  View view;
  guint in_flight; /* admitted and not reported, of whatever state */
  gboolean is_probing;
  BreakerReport outcome;   /* of the probe; BREAKER_NOT_CALLED: not decided */
  const char *error_class; /* static, of the last that was down; NULL: not told */
  GHashTable *failures;    /* scope -> gint64 *, when: reported in this state and not written yet */
  gboolean is_recording;   /* some that were in it are being written */
  gint64 worked_at_ms;     /* a success whose earlier failures may still stand; -1: none */
  gboolean wants_probe;    /* somebody has asked while it was due */
  gboolean was_refused;    /* somebody whom a place that becomes free would help */
  gboolean is_active;      /* somebody has asked or reported since the last look */
  gint64 look_by_ms;       /* somebody waits for a look that begins then or later; -1: nobody */
  gint64 asked_at_ms, looked_at_ms;
  gint64 again_at_ms; /* the database does not answer: nothing before that; 0: it does */
};

/* What a task takes with it from under the lock. */
typedef struct {
  Breaker *breaker;
  Task task;
  gint64 change_no;
  BreakerReport outcome;
  GHashTable *failures; /* TASK_RECORD: owned */
  gint64 worked_at_ms;
  gint64 offset_ms;
  const char *error_class; /* static, of the last that was down; NULL: not told */
  const char *changed_to;  /* out, static: the change that was made; NULL: none */
  const char *why;         /* static */
} Change;

/* --- What memory says; with the lock held --- */

static gboolean
is_due (const View *view, gint64 now_ms)
{
  return view->state != STATE_CLOSED && now_ms >= view->due_ms;
}

/* Calls and records that may be in flight while closed. */
static guint
ramp (const View *view, gint64 now_ms)
{
  gint64 seconds = (now_ms - view->closed_at_ms) / 1000;

  return view->closed_at_ms < 0 || seconds >= RAMP_SECONDS ? G_MAXUINT : 1u << MAX (0, seconds);
}

static gint64
next_ramp_ms (const View *view, gint64 now_ms)
{
  gint64 seconds = MAX (0, (now_ms - view->closed_at_ms) / 1000);

  return view->closed_at_ms + (seconds + 1) * 1000;
}

/* Somebody is there whom the state concerns. The thread may be in its long sleep: from now on it
 * looks often, and at once if the last look is old. */
static void
note_active (Breaker *breaker)
{
  if (!breaker->is_active)
    g_cond_signal (&breaker->wake);
  breaker->is_active = TRUE;
}

static gboolean
admit_closed (Breaker *breaker, gint64 now_ms, gint64 *ret_wait_ms)
{
  if (breaker->in_flight < ramp (&breaker->view, now_ms))
    return TRUE;
  breaker->was_refused = TRUE;
  *ret_wait_ms = next_ramp_ms (&breaker->view, now_ms) - now_ms;
  return FALSE;
}

/* Open or half-open. */
static gboolean
admit_probe (Breaker *breaker, gint64 now_ms, gboolean *ret_is_probe, gint64 *ret_wait_ms)
{
  const View *view = &breaker->view;

  breaker->asked_at_ms = now_ms;
  if (is_due (view, now_ms)) {
    breaker->wants_probe = TRUE;
    g_cond_signal (&breaker->wake);
    *ret_wait_ms = MAX (TAKE_WAIT_MS, breaker->again_at_ms - now_ms);
    return FALSE;
  }
  if (view->state == STATE_OPEN) {
    *ret_wait_ms = view->due_ms - now_ms;
    return FALSE;
  }
  if (view->is_mine && !breaker->is_probing && breaker->outcome == BREAKER_NOT_CALLED) {
    *ret_is_probe = breaker->is_probing = TRUE;
    return TRUE;
  }
  /* The probe is under way; nobody knows for how long. */
  breaker->was_refused = TRUE;
  *ret_wait_ms = MIN (view->due_ms - now_ms, breaker->look_ms);
  return FALSE;
}

gboolean
breaker_admits (Breaker *breaker, BreakerCall *ret_call, gint64 *ret_wait_ms)
{
  gint64 now_ms = clock_monotonic_ms ();
  gint64 wait_ms = TAKE_WAIT_MS;
  gboolean is_admitted = FALSE, is_probe = FALSE;

  g_mutex_lock (&breaker->lock);
  note_active (breaker);
  if (breaker->view.is_known)
    is_admitted = breaker->view.state == STATE_CLOSED
                      ? admit_closed (breaker, now_ms, &wait_ms)
                      : admit_probe (breaker, now_ms, &is_probe, &wait_ms);
  if (is_admitted) {
    breaker->in_flight++;
    *ret_call = (BreakerCall){ breaker->view.change_no, is_probe, TRUE, NULL };
  } else {
    *ret_wait_ms = CLAMP (wait_ms, 1, WAIT_MAX_MS);
  }
  g_mutex_unlock (&breaker->lock);
  return is_admitted;
}

static gint64 *
moment_new (gint64 ms)
{
  gint64 *moment = g_new (gint64, 1);

  *moment = ms;
  return moment;
}

static void
note_worked (Breaker *breaker, gint64 now_ms)
{
  breaker->worked_at_ms = now_ms;
  g_hash_table_remove_all (breaker->failures);
  if (breaker->view.failure_count > 0)
    g_cond_signal (&breaker->wake);
}

static void
note_down (Breaker *breaker, const char *scope, gint64 now_ms)
{
  /* As many as open it are enough. */
  if (g_hash_table_size (breaker->failures) < breaker->failures_max ||
      g_hash_table_contains (breaker->failures, scope))
    g_hash_table_replace (breaker->failures, g_strdup (scope), moment_new (now_ms));
  g_cond_signal (&breaker->wake);
}

static void
note_probe (Breaker *breaker, BreakerReport report)
{
  breaker->is_probing = FALSE;
  breaker->outcome = report;
  if (report != BREAKER_NOT_CALLED)
    g_cond_signal (&breaker->wake);
}

void
breaker_report (Breaker *breaker, BreakerCall *call, const char *scope, BreakerReport report)
{
  gint64 now_ms = clock_monotonic_ms ();
  gboolean is_free_for_another;

  g_return_if_fail (call->is_out);
  g_return_if_fail (scope || report != BREAKER_DOWN);

  g_mutex_lock (&breaker->lock);
  call->is_out = FALSE;
  breaker->in_flight--;
  note_active (breaker);
  if (call->change_no == breaker->view.change_no) {
    if (report == BREAKER_DOWN)
      breaker->error_class = call->error_class;
    if (call->is_probe) {
      note_probe (breaker, report);
    } else if (report == BREAKER_WORKED) {
      note_worked (breaker, now_ms);
    } else if (report == BREAKER_DOWN) {
      note_down (breaker, scope, now_ms);
    }
  }
  is_free_for_another = breaker->was_refused && breaker->outcome == BREAKER_NOT_CALLED;
  if (is_free_for_another)
    breaker->was_refused = FALSE;
  g_mutex_unlock (&breaker->lock);
  if (is_free_for_another)
    breaker->changed (breaker->data);
}

guint
breaker_limit (Breaker *breaker, guint max)
{
  gint64 now_ms = clock_monotonic_ms ();
  const View *view = &breaker->view;
  guint limit = 0;

  g_mutex_lock (&breaker->lock);
  note_active (breaker);
  if (view->is_known && view->state == STATE_CLOSED)
    limit = ramp (view, now_ms);
  else if (view->is_known && (view->is_mine || is_due (view, now_ms)))
    limit = 1;
  g_mutex_unlock (&breaker->lock);
  return MIN (limit, max);
}

/* With the lock held: what was reported until then is written, and whoever was quicker is seen. */
static gboolean
is_known_since (const Breaker *breaker, gint64 ms)
{
  return breaker->view.asked_ms >= ms && g_hash_table_size (breaker->failures) == 0 &&
         !breaker->is_recording;
}

static void
want_look (Breaker *breaker, gint64 by_ms)
{
  if (breaker->look_by_ms >= 0 && breaker->look_by_ms <= by_ms)
    return;
  breaker->look_by_ms = by_ms;
  g_cond_signal (&breaker->wake);
}

gboolean
breaker_opens_within (Breaker *breaker, gint64 ms)
{
  gint64 known_ms = clock_monotonic_ms () + ms;
  gint64 until = g_get_monotonic_time () + (ms + KNOWN_WITHIN_MS) * 1000;
  gboolean is_open;

  g_mutex_lock (&breaker->lock);
  while ((breaker->view.state == STATE_CLOSED || breaker->outcome != BREAKER_NOT_CALLED) &&
         !breaker->is_stopping && !is_known_since (breaker, known_ms)) {
    want_look (breaker, known_ms);
    if (!g_cond_wait_until (&breaker->turned, &breaker->lock, until))
      break;
  }
  is_open = breaker->view.state != STATE_CLOSED;
  g_mutex_unlock (&breaker->lock);
  return is_open;
}

gint64
breaker_open_since_ms (Breaker *breaker)
{
  gint64 since_ms;

  g_mutex_lock (&breaker->lock);
  since_ms = breaker->view.state == STATE_CLOSED ? 0 : breaker->view.opened_at_ms;
  g_mutex_unlock (&breaker->lock);
  return since_ms;
}

gint64
breaker_next_ms (Breaker *breaker)
{
  gint64 now_ms = clock_monotonic_ms ();
  gint64 next_ms = -1;
  const View *view = &breaker->view;

  g_mutex_lock (&breaker->lock);
  if (breaker->outcome != BREAKER_NOT_CALLED)
    ; /* the probe has its answer, and what follows from it is on its way */
  else if (view->state != STATE_CLOSED && !is_due (view, now_ms))
    next_ms = view->due_ms;
  else if (view->state == STATE_CLOSED && ramp (view, now_ms) != G_MAXUINT)
    next_ms = next_ramp_ms (view, now_ms);
  g_mutex_unlock (&breaker->lock);
  return next_ms;
}

/* --- Changes: one transaction each --- */

/* Makes the conditional change's event when @count says that it was made. */
static gboolean
tell (Transaction *transaction, Change *change, guint count, const char *to, const char *why,
      GError **error)
{
  g_autofree char *kind = g_strconcat ("breaker-", to, NULL);
  gboolean is_open = g_str_equal (to, "open");
  const char *cause = is_open && change->error_class ? change->error_class : "";
  g_autofree char *detail =
      g_strdup_printf ("%s: %s%s%s", change->breaker->downstream, why, *cause ? ": " : "", cause);

  if (count == 0)
    return TRUE; /* somebody else was quicker; the look tells what he did */
  change->changed_to = to;
  change->why = why;
  return transaction_monitoring_event (transaction, kind, NULL, 0, detail, error);
}

/* TRUE without @ret_stands: not closed any more, or not the same closing. */
static gboolean
lock_closed (Transaction *transaction, const Change *change, gboolean *ret_stands, GError **error)
{
  guint count = 0;

  if (!db_execute (transaction_db (transaction), &count, error, SQL_LOCK_BREAKER, "ti",
                   change->breaker->downstream, change->change_no))
    return FALSE;
  *ret_stands = count == 1;
  return TRUE;
}

static gboolean
forget_before_success (Transaction *transaction, const Change *change, GError **error)
{
  return change->worked_at_ms < 0 ||
         db_execute (transaction_db (transaction), NULL, error, SQL_FORGET_FAILURES, "ti",
                     change->breaker->downstream, change->worked_at_ms + change->offset_ms);
}

static gboolean
forget_failures (Transaction *transaction, Change *change, GError **error)
{
  gboolean stands = FALSE;

  return lock_closed (transaction, change, &stands, error) &&
         (!stands || forget_before_success (transaction, change, error));
}

static gboolean
insert_failures (Transaction *transaction, const Change *change, GError **error)
{
  g_autoptr (GPtrArray) scopes = g_ptr_array_new ();
  g_autoptr (GArray) moments = g_array_new (FALSE, FALSE, sizeof (gint64));
  GHashTableIter iter;
  gpointer scope, moment;

  g_hash_table_iter_init (&iter, change->failures);
  while (g_hash_table_iter_next (&iter, &scope, &moment)) {
    gint64 at_ms = *(gint64 *)moment + change->offset_ms;

    g_ptr_array_add (scopes, scope);
    g_array_append_val (moments, at_ms);
  }
  g_ptr_array_add (scopes, NULL);
  return db_execute (transaction_db (transaction), NULL, error, SQL_RECORD_FAILURES, "tTI",
                     change->breaker->downstream, scopes->pdata, moments->data,
                     (gsize)moments->len);
}

static gboolean
record_failures (Transaction *transaction, Change *change, GError **error)
{
  Breaker *breaker = change->breaker;
  Db *db = transaction_db (transaction);
  g_autoptr (DbRows) rows = NULL;
  gboolean stands = FALSE;
  guint count = 0;

  if (!lock_closed (transaction, change, &stands, error))
    return FALSE;
  if (!stands)
    return TRUE; /* they say nothing about now */
  /* In this order: what failed after the success counts. */
  if (!forget_before_success (transaction, change, error) ||
      !insert_failures (transaction, change, error) ||
      !db_execute (db, NULL, error, SQL_PURGE_FAILURES, "ti", breaker->downstream,
                   breaker->window_ms))
    return FALSE;
  rows = db_query (db, error, SQL_COUNT_FAILURES, "ti", breaker->downstream,
                   (gint64)breaker->failures_max);
  if (!rows)
    return FALSE;
  if (db_rows_int (rows, 0, "failures") < breaker->failures_max)
    return TRUE;
  return db_execute (db, NULL, error, SQL_FORGET_ALL_FAILURES, "t", breaker->downstream) &&
         db_execute (db, &count, error, SQL_OPEN_BREAKER, "tii", breaker->downstream,
                     change->change_no, breaker->probe_ms) &&
         tell (transaction, change, count, "open", "claims in succession got no answer", error);
}

static gboolean
take_probe (Transaction *transaction, Change *change, GError **error)
{
  Breaker *breaker = change->breaker;
  guint count = 0;

  return db_execute (transaction_db (transaction), &count, error, SQL_TAKE_PROBE, "titi",
                     breaker->downstream, change->change_no, program_instance_id (breaker->program),
                     breaker->probe_limit_ms) &&
         tell (transaction, change, count, "half-open", "the next call is the probe", error);
}

static gboolean
decide (Transaction *transaction, Change *change, GError **error)
{
  Breaker *breaker = change->breaker;
  Db *db = transaction_db (transaction);
  guint count = 0;

  if (change->outcome == BREAKER_DOWN)
    return db_execute (db, &count, error, SQL_REOPEN_BREAKER, "tii", breaker->downstream,
                       change->change_no, breaker->probe_max_ms) &&
           tell (transaction, change, count, "open", "the probe got no answer", error);
  return db_execute (db, &count, error, SQL_CLOSE_BREAKER, "ti", breaker->downstream,
                     change->change_no) &&
         tell (transaction, change, count, "closed", "the probe was answered", error);
}

/* No change of state, so no event. */
static gboolean
give_probe (Transaction *transaction, Change *change, GError **error)
{
  return db_execute (transaction_db (transaction), NULL, error, SQL_GIVE_PROBE, "ti",
                     change->breaker->downstream, change->change_no);
}

static gboolean
change_work (Transaction *transaction, gpointer data, GError **error)
{
  Change *change = data;

  change->changed_to = NULL; /* work is repeated on a conflict */
  switch (change->task) {
  case TASK_NONE:
  case TASK_LOOK:
    return TRUE;
  case TASK_DECIDE:
    return decide (transaction, change, error);
  case TASK_RECORD:
    return record_failures (transaction, change, error);
  case TASK_FORGET:
    return forget_failures (transaction, change, error);
  case TASK_TAKE:
    return take_probe (transaction, change, error);
  case TASK_GIVE:
    return give_probe (transaction, change, error);
  }
  g_assert_not_reached ();
}

static gboolean
make_change (Change *change, GError **error)
{
  Breaker *breaker = change->breaker;
  gboolean is_open;

  CRASH_POINT ("breaker/before-change");
  if (!program_transaction (breaker->program, change_work, change, error))
    return FALSE;
  CRASH_POINT ("breaker/after-change");
  if (!change->changed_to)
    return TRUE;
  metrics_count (METRIC_BREAKER_CHANGES, 1, breaker->downstream, change->changed_to, NULL);
  is_open = g_str_equal (change->changed_to, "open");
  log_line (is_open ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "breaker changed", "downstream",
            breaker->downstream, "state", change->changed_to, "reason", change->why,
            is_open && change->error_class ? "error" : NULL, change->error_class, NULL);
  return TRUE;
}

/* --- The look --- */

static gint64
moment_in (const DbRows *rows, const char *column, gint64 now_ms)
{
  return db_rows_is_null (rows, 0, column) ? -1 : now_ms + db_rows_int (rows, 0, column);
}

/* What is to come counts from the answer on, so that it is rather late than early; the two clocks
 * are compared at the middle between question and answer, which errs by half the trip at most. */
static View
view_of (const DbRows *rows, gint64 asked_ms)
{
  gint64 now_ms = clock_monotonic_ms ();
  const char *state = db_rows_text (rows, 0, "state");
  View view = { .is_known = TRUE,
                .asked_ms = asked_ms,
                .change_no = db_rows_int (rows, 0, "change_no"),
                .is_mine = db_rows_boolean (rows, 0, "is_mine"),
                .opened_at_ms = db_rows_int (rows, 0, "opened_at_ms"),
                .failure_count = db_rows_int (rows, 0, "failures"),
                .offset_ms = db_rows_int (rows, 0, "now_ms") - (asked_ms + (now_ms - asked_ms) / 2),
                .closed_at_ms = -1 };

  if (strcmp (state, "open") == 0) {
    view.state = STATE_OPEN;
    view.due_ms = moment_in (rows, "probe_in_ms", now_ms);
  } else if (strcmp (state, "half-open") == 0) {
    view.state = STATE_HALF_OPEN;
    view.due_ms = moment_in (rows, "probe_until_in_ms", now_ms);
  } else if (!db_rows_is_null (rows, 0, "closed_for_ms")) {
    view.closed_at_ms = now_ms - db_rows_int (rows, 0, "closed_for_ms");
  }
  return view;
}

static gboolean
read_row (Breaker *breaker, View *ret_view, GError **error)
{
  Db *db = db_pool_take (program_pool (breaker->program), error);
  g_autoptr (DbRows) rows = NULL;
  gint64 asked_ms = 0;

  for (guint tries = 0; db && tries < 2; tries++) {
    g_clear_pointer (&rows, db_rows_free);
    asked_ms = clock_monotonic_ms ();
    rows = db_query (db, error, SQL_LOOK_AT_BREAKER, "tt", breaker->downstream,
                     program_instance_id (breaker->program));
    if (!rows || db_rows_count (rows) == 1)
      break;
    if (!db_execute (db, NULL, error, SQL_MAKE_BREAKER, "t", breaker->downstream)) {
      g_clear_pointer (&rows, db_rows_free);
      break;
    }
  }
  db_pool_give (program_pool (breaker->program), db);
  if (!rows)
    return FALSE;
  g_assert (db_rows_count (rows) == 1); /* made a moment ago, and nobody deletes it */
  *ret_view = view_of (rows, asked_ms);
  return TRUE;
}

/* With the lock held; TRUE: others should know. */
static gboolean
apply (Breaker *breaker, const View *view)
{
  gint64 now_ms = clock_monotonic_ms ();
  View before = breaker->view;

  breaker->view = *view;
  /* Kept although each look measures it a little differently: what this process writes must be in
   * the order in which it happened. */
  if (before.is_known && ABS (view->offset_ms - before.offset_ms) < OFFSET_ERROR_MS)
    breaker->view.offset_ms = before.offset_ms;
  breaker->looked_at_ms = now_ms;
  if (view->asked_ms >= breaker->look_by_ms)
    breaker->look_by_ms = -1; /* who waits for a later one says so again */
  g_cond_broadcast (&breaker->turned);
  breaker->is_active = FALSE;
  if (before.is_known && before.change_no == view->change_no)
    return is_due (&before, now_ms) != is_due (view, now_ms); /* a probe given back */
  /* What belonged to the state that has ended. */
  breaker->is_probing = breaker->wants_probe = breaker->was_refused = FALSE;
  breaker->outcome = BREAKER_NOT_CALLED;
  g_hash_table_remove_all (breaker->failures);
  breaker->worked_at_ms = -1;
  return TRUE;
}

static gboolean
look (Breaker *breaker, GError **error)
{
  View view;
  gboolean is_news;

  if (!read_row (breaker, &view, error))
    return FALSE;
  metrics_gauge (METRIC_BREAKER_STATE, view.state, breaker->downstream, NULL);
  g_mutex_lock (&breaker->lock);
  is_news = apply (breaker, &view);
  g_mutex_unlock (&breaker->lock);
  if (is_news)
    breaker->changed (breaker->data);
  return TRUE;
}

/* --- The thread --- */

/* With the lock held. @ret_until_ms: when there may be one, if there is none. */
static Task
next_task (const Breaker *breaker, gint64 now_ms, gint64 *ret_until_ms)
{
  const View *view = &breaker->view;
  gboolean is_idle = view->is_known && view->state == STATE_CLOSED && !breaker->is_active;
  gint64 look_at_ms = breaker->looked_at_ms + breaker->look_ms * (is_idle ? IDLE_LOOKS : 1);
  gint64 give_at_ms = breaker->asked_at_ms + GIVE_LOOKS * breaker->look_ms;
  gboolean holds_probe = view->state == STATE_HALF_OPEN && view->is_mine && !is_due (view, now_ms);

  if (breaker->look_by_ms >= 0)
    look_at_ms = MIN (look_at_ms, breaker->look_by_ms);
  *ret_until_ms = breaker->again_at_ms;
  if (now_ms < breaker->again_at_ms)
    return TASK_NONE;
  if (!view->is_known)
    return TASK_LOOK;
  if (breaker->outcome != BREAKER_NOT_CALLED)
    return TASK_DECIDE;
  if (g_hash_table_size (breaker->failures) > 0)
    return TASK_RECORD;
  if (breaker->worked_at_ms >= 0 && view->failure_count > 0)
    return TASK_FORGET;
  if (breaker->wants_probe && is_due (view, now_ms) && !breaker->is_stopping)
    return TASK_TAKE;
  if (holds_probe && !breaker->is_probing && (now_ms >= give_at_ms || breaker->is_stopping))
    return TASK_GIVE;
  if (now_ms >= look_at_ms)
    return TASK_LOOK;
  *ret_until_ms = holds_probe && !breaker->is_probing ? MIN (look_at_ms, give_at_ms) : look_at_ms;
  return TASK_NONE;
}

static GHashTable *
failures_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

/* With the lock held: what could not be written is written later, if it still says something
 * then. */
static void
keep_for_later (Breaker *breaker, const Change *change)
{
  GHashTableIter iter;
  gpointer scope, moment;

  if (change->change_no != breaker->view.change_no || breaker->worked_at_ms >= 0)
    return; /* another state, or a success since, which clears them */
  breaker->worked_at_ms = change->worked_at_ms;
  if (!change->failures)
    return;
  g_hash_table_iter_init (&iter, change->failures);
  while (g_hash_table_iter_next (&iter, &scope, &moment))
    if (!g_hash_table_contains (breaker->failures, scope))
      g_hash_table_insert (breaker->failures, g_strdup (scope), moment_new (*(gint64 *)moment));
}

/* With the lock held. */
static void
begin_task (Breaker *breaker, Task task, Change *ret_change)
{
  *ret_change = (Change){ .breaker = breaker,
                          .task = task,
                          .change_no = breaker->view.change_no,
                          .outcome = breaker->outcome,
                          .error_class = breaker->error_class,
                          .worked_at_ms = breaker->worked_at_ms,
                          .offset_ms = breaker->view.offset_ms };
  if (task == TASK_RECORD) {
    ret_change->failures = breaker->failures;
    breaker->failures = failures_new ();
    breaker->is_recording = TRUE;
  }
  if (task == TASK_RECORD || task == TASK_FORGET)
    breaker->worked_at_ms = -1;
}

/* Without the lock. Every change is followed by a look, which says what stands now, whoever made
 * it. */
static gboolean
do_task (Change *change, GError **error)
{
  return (change->task == TASK_LOOK || make_change (change, error)) &&
         look (change->breaker, error);
}

/* With the lock held. */
static void
end_task (Breaker *breaker, Change *change, gboolean is_done)
{
  gint64 now_ms = clock_monotonic_ms ();

  if (!is_done && (change->task == TASK_RECORD || change->task == TASK_FORGET))
    keep_for_later (breaker, change);
  if (change->task == TASK_TAKE)
    breaker->wants_probe = FALSE; /* who still wants it asks again */
  if (breaker->is_recording)
    g_cond_broadcast (&breaker->turned);
  breaker->is_recording = FALSE;
  breaker->again_at_ms = is_done ? 0 : now_ms + breaker->look_ms;
  g_clear_pointer (&change->failures, g_hash_table_unref);
}

static gpointer
serve (gpointer data)
{
  Breaker *breaker = data;

  g_mutex_lock (&breaker->lock);
  for (;;) {
    gint64 now_ms = clock_monotonic_ms ();
    gint64 until_ms = 0;
    Task task = next_task (breaker, now_ms, &until_ms);
    g_autoptr (GError) error = NULL;
    gboolean is_done;
    Change change;

    if (breaker->is_stopping && (task == TASK_NONE || task == TASK_LOOK))
      break;
    if (task == TASK_NONE) {
      g_cond_wait_until (&breaker->wake, &breaker->lock,
                         g_get_monotonic_time () + (until_ms - now_ms) * 1000);
      continue;
    }
    begin_task (breaker, task, &change);
    g_mutex_unlock (&breaker->lock);
    is_done = do_task (&change, &error);
    if (!is_done)
      log_limited (LOG_LEVEL_WARNING, "breaker",
                   "the breaker's state cannot be read or written; the last known one holds",
                   "downstream", breaker->downstream, "error", error->message, NULL);
    g_mutex_lock (&breaker->lock);
    end_task (breaker, &change, is_done);
  }
  g_mutex_unlock (&breaker->lock);
  return NULL;
}

Breaker *
breaker_new (Program *program, const char *downstream, BreakerChanged changed, gpointer data)
{
  const Settings *settings = program_settings_of (program);
  Breaker *breaker = g_new0 (Breaker, 1);

  breaker->program = program;
  breaker->downstream = g_strdup (downstream);
  breaker->changed = changed;
  breaker->data = data;
  breaker->failures_max = settings_number (settings, "breaker-failures");
  breaker->window_ms = settings_duration_ms (settings, "breaker-window");
  breaker->probe_ms = settings_number (settings, "breaker-probe-ms");
  breaker->probe_max_ms = settings_number (settings, "breaker-probe-max-ms");
  breaker->probe_limit_ms = settings_number (settings, "breaker-probe-limit-ms");
  breaker->look_ms = settings_number (settings, "breaker-look-ms");
  breaker->view.closed_at_ms = breaker->worked_at_ms = breaker->look_by_ms = -1;
  breaker->outcome = BREAKER_NOT_CALLED;
  breaker->failures = failures_new ();
  g_mutex_init (&breaker->lock);
  g_cond_init (&breaker->wake);
  g_cond_init (&breaker->turned);
  breaker->thread = g_thread_new ("breaker", serve, breaker);
  return breaker;
}

void
breaker_free (Breaker *breaker)
{
  if (!breaker)
    return;
  g_mutex_lock (&breaker->lock);
  breaker->is_stopping = TRUE;
  breaker->is_probing = FALSE; /* nobody will report it */
  g_cond_signal (&breaker->wake);
  g_cond_broadcast (&breaker->turned);
  g_mutex_unlock (&breaker->lock);
  g_thread_join (breaker->thread);
  g_hash_table_unref (breaker->failures);
  g_mutex_clear (&breaker->lock);
  g_cond_clear (&breaker->wake);
  g_cond_clear (&breaker->turned);
  g_free (breaker->downstream);
  g_free (breaker);
}
