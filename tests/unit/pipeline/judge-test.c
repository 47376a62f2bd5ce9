/* What a handler's end means, as far as no database is asked: how verdicts are settled, what
 * becomes of a settlement that is refused, and where an attempt or a claim is spared. The
 * expectations stand here in full, on purpose. */
#include <string.h>

#include "claims/claim-group.h"
#include "db/db.h"
#include "pipeline/judge.h"

#define NONE 99 /* no kind: nothing else is left */

static RetryTier look_tier = { .name = (char *)"1h", .wait_ms = 3600000, .repeats = 1 };

typedef struct {
  Consumer consumer;
  Context context;
  RunPlace place;
  Partition *partition;
  Delivery *delivery;
} Case;

static Case *
case_new (guint attempt, gboolean has_tiers)
{
  Case *it = g_new0 (Case, 1);
  KafkaHeaders *headers = kafka_headers_new ();

  kafka_headers_set_int (headers, "dp-attempt", attempt);
  it->consumer.name = "form-686c";
  it->context.consumer = &it->consumer;
  it->context.attempts_max = 3;
  it->context.look_tier = has_tiers ? &look_tier : NULL;
  it->context.outage_max_wait_ms = 1000;
  it->place.context = &it->context;
  it->partition = partition_new ("claims.686c", 3, 0);
  it->delivery = delivery_new (it->partition, NULL, 7, NULL, 0, -1, 1000, headers);
  return it;
}

static void
case_free (Case *it)
{
  run_end (it->delivery);
  delivery_free (it->delivery);
  partition_unref (it->partition);
  g_free (it);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Case, case_free)

/* --- Verdicts and kinds --- */

/* First, second and third of three attempts, with tiers and without. */
static void
every_verdict_has_its_kind (void)
{
  static const struct {
    Verdict verdict;
    int code; /* of PIPELINE_ERROR; -1: no error */
    SettleKind kinds[3], kinds_without_tiers[3];
  } expected[] = {
    { VERDICT_DONE,
      -1,
      { SETTLE_DONE, SETTLE_DONE, SETTLE_DONE },
      { SETTLE_DONE, SETTLE_DONE, SETTLE_DONE } },
    { VERDICT_DONE,
      PIPELINE_ERROR_GROUP_OVER,
      { SETTLE_DONE, SETTLE_DONE, SETTLE_DONE },
      { SETTLE_DONE, SETTLE_DONE, SETTLE_DONE } },
    { VERDICT_SNOOZE,
      PIPELINE_ERROR_SNOOZE,
      { SETTLE_SNOOZE, SETTLE_SNOOZE, SETTLE_SNOOZE },
      { SETTLE_SNOOZE, SETTLE_SNOOZE, SETTLE_SNOOZE } },
    { VERDICT_HOLD,
      PIPELINE_ERROR_HOLD,
      { SETTLE_HOLD, SETTLE_HOLD, SETTLE_HOLD },
      { SETTLE_HOLD, SETTLE_HOLD, SETTLE_HOLD } },
    { VERDICT_DEAD,
      PIPELINE_ERROR_DEAD,
      { SETTLE_DEAD, SETTLE_DEAD, SETTLE_DEAD },
      { SETTLE_DEAD, SETTLE_DEAD, SETTLE_DEAD } },
    { VERDICT_RETRY,
      PIPELINE_ERROR_UNKNOWN,
      { SETTLE_RETRY, SETTLE_RETRY, SETTLE_DEAD },
      { SETTLE_RETRY, SETTLE_RETRY, SETTLE_DEAD } },
    { VERDICT_RETRY,
      PIPELINE_ERROR_LOOK_LATER,
      { SETTLE_LATER, SETTLE_LATER, SETTLE_LATER },
      { SETTLE_DEAD, SETTLE_DEAD, SETTLE_DEAD } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    for (guint attempt = 0; attempt < 3; attempt++)
      for (guint has_tiers = 0; has_tiers < 2; has_tiers++) {
        g_autoptr (Case) it = case_new (attempt, has_tiers);
        g_autoptr (GError) error =
            expected[i].code < 0 ? NULL : g_error_new (PIPELINE_ERROR, expected[i].code, "x");

        g_test_message ("%s, attempt %u, tiers %u", verdict_name (expected[i].verdict), attempt,
                        has_tiers);
        g_assert_cmpint (judge_kind (&it->context, it->delivery, expected[i].verdict, error), ==,
                         has_tiers ? expected[i].kinds[attempt]
                                   : expected[i].kinds_without_tiers[attempt]);
      }
}

static void
what_is_no_verdict_has_no_kind (void)
{
  g_autoptr (Case) it = NULL;

  if (g_test_subprocess ()) {
    it = case_new (0, TRUE);
    (void)judge_kind (&it->context, it->delivery, VERDICT_LOST, NULL);
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
}

/* --- Refusals --- */

typedef struct {
  SettleKind kind;
  gboolean is_bare;
  /* what becomes of it when the database names somebody it does not have, and on any other
   * refusal */
  guint of_nobody, nobody_is_bare, of_other, other_is_bare;
} Refused;

static const Refused refusals[] = {
  { SETTLE_DONE, FALSE, SETTLE_RETRY, FALSE, SETTLE_RETRY, FALSE },
  { SETTLE_HOLD, FALSE, SETTLE_RETRY, FALSE, SETTLE_RETRY, FALSE },
  { SETTLE_RETRY, FALSE, SETTLE_RETRY, TRUE, SETTLE_RETRY, TRUE },
  { SETTLE_RETRY, TRUE, SETTLE_QUARANTINE, TRUE, SETTLE_QUARANTINE, TRUE },
  { SETTLE_LATER, FALSE, SETTLE_LATER, TRUE, SETTLE_LATER, TRUE },
  { SETTLE_LATER, TRUE, SETTLE_QUARANTINE, TRUE, SETTLE_QUARANTINE, TRUE },
  { SETTLE_DEAD, FALSE, SETTLE_DEAD, TRUE, SETTLE_QUARANTINE, TRUE },
  { SETTLE_DEAD, TRUE, SETTLE_QUARANTINE, TRUE, SETTLE_QUARANTINE, TRUE },
  { SETTLE_QUARANTINE, FALSE, SETTLE_QUARANTINE, TRUE, SETTLE_QUARANTINE, TRUE },
  { SETTLE_QUARANTINE, TRUE, NONE, TRUE, NONE, TRUE },
  { SETTLE_STALE, FALSE, NONE, FALSE, NONE, FALSE },
  { SETTLE_SNOOZE, FALSE, NONE, FALSE, NONE, FALSE },
};

static GError *
refusal (guint which)
{
  switch (which) {
  case 0:
    return g_error_new (CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND, "no such group");
  case 1:
    return g_error_new (DB_ERROR, DB_ERROR_CHECK, "a rule of the table");
  case 2:
    return g_error_new (DB_ERROR, DB_ERROR_STATEMENT, "a statement");
  default:
    return g_error_new (CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION, "a state");
  }
}

static void
every_refusal_has_its_way (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    for (guint which = 0; which < 4; which++) {
      const Refused *row = &refusals[i];
      g_autoptr (Case) it = case_new (0, TRUE);
      g_autoptr (GError) why = refusal (which);
      SettleUnit *unit = settle_unit_new (it->delivery, row->kind,
                                          row->kind == SETTLE_DONE || row->kind == SETTLE_STALE
                                              ? NULL
                                              : g_error_new (PIPELINE_ERROR, 0, "as decided"));
      guint kind = which < 2 ? row->of_nobody : row->of_other;
      gboolean goes_on;

      unit->is_bare = row->is_bare;
      g_test_message ("%s%s, refusal %u", settle_kind_name (row->kind),
                      row->is_bare ? ", bare" : "", which);
      goes_on = judge_refusal (&it->context, unit, why);
      g_assert_cmpint (goes_on, ==, kind != NONE);
      g_assert_cmpint (unit->kind, ==, kind == NONE ? row->kind : kind);
      g_assert_cmpint (unit->is_bare, ==, which < 2 ? row->nobody_is_bare : row->other_is_bare);
      /* What was no failure has one now; a failure keeps its own reason. */
      if (row->kind == SETTLE_DONE || row->kind == SETTLE_HOLD)
        g_assert_cmpstr (unit->why->message, ==, why->message);
      else if (unit->why)
        g_assert_cmpstr (unit->why->message, ==, "as decided");
      settle_unit_free (unit);
    }
}

static void
a_refusal_on_the_last_attempt_is_the_end (void)
{
  const SettleKind kinds[] = { SETTLE_DONE, SETTLE_HOLD };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autoptr (Case) it = case_new (2, TRUE);
    g_autoptr (GError) why = refusal (2);
    SettleUnit *unit = settle_unit_new (it->delivery, kinds[i], NULL);

    g_assert_true (judge_refusal (&it->context, unit, why));
    g_assert_cmpint (unit->kind, ==, SETTLE_DEAD);
    settle_unit_free (unit);
  }
}

/* Whatever is refused again and again, with whatever error: never back to what was refused, and not
 * for ever. */
static void
refused_again_and_again_it_comes_to_an_end (void)
{
  for (guint kind = SETTLE_DONE; kind <= SETTLE_STALE; kind++)
    for (guint attempt = 0; attempt < 3; attempt++)
      for (guint sequence = 0; sequence < 1024;
           sequence++) { /* five refusals, four kinds of each */
        g_autoptr (Case) it = case_new (attempt, TRUE);
        SettleUnit *unit = settle_unit_new (it->delivery, kind, NULL);
        gboolean seen[SETTLE_STALE + 1][2] = { { FALSE } };
        guint tries = 0;

        for (gboolean goes_on = TRUE; goes_on; tries++) {
          g_autoptr (GError) why = refusal (sequence >> (2 * MIN (tries, 4)) & 3);

          g_assert_cmpuint (tries, <, 6);
          g_assert_false (seen[unit->kind][unit->is_bare]);
          seen[unit->kind][unit->is_bare] = TRUE;
          goes_on = judge_refusal (&it->context, unit, why);
        }
        g_assert_true (unit->kind == SETTLE_QUARANTINE || unit->kind == SETTLE_STALE ||
                       unit->kind == SETTLE_SNOOZE);
        settle_unit_free (unit);
      }
}

/* --- Sparing --- */

static Verdict
judged (Case *it, GError *error_taken, char **ret_message)
{
  g_autoptr (GError) error = error_taken;
  Verdict verdict = judge (it->delivery->run, &error);

  if (ret_message)
    *ret_message = g_strdup (error ? error->message : NULL);
  return verdict;
}

static void
an_end_is_what_its_error_says (void)
{
  static const struct {
    int code;
    Verdict verdict;
  } expected[] = {
    { PIPELINE_ERROR_SNOOZE, VERDICT_SNOOZE }, { PIPELINE_ERROR_HOLD, VERDICT_HOLD },
    { PIPELINE_ERROR_DEAD, VERDICT_DEAD },     { PIPELINE_ERROR_GROUP_OVER, VERDICT_DONE },
    { PIPELINE_ERROR_UNKNOWN, VERDICT_RETRY }, { PIPELINE_ERROR_LOST, VERDICT_LOST },
    { PIPELINE_ERROR_BOUNDARY, VERDICT_LOST }, { PIPELINE_ERROR_DATABASE, VERDICT_ILL },
  };
  g_autoptr (Case) it = case_new (0, TRUE);

  (void)run_begin (&it->place, it->delivery);
  g_assert_cmpint (judged (it, NULL, NULL), ==, VERDICT_DONE);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
    g_autofree char *message = NULL;

    g_assert_cmpint (
        judged (it, g_error_new (PIPELINE_ERROR, expected[i].code, "as it said"), &message), ==,
        expected[i].verdict);
    g_assert_cmpstr (message, ==, "as it said");
  }
}

/* Nobody's fault, so no attempt: later and later, and never later than a minute. */
static void
a_row_that_somebody_holds_costs_no_attempt (void)
{
  const int codes[] = { DB_ERROR_TIMEOUT, DB_ERROR_CONFLICT };
  const gint64 waits_ms[] = { 1000, 2000, 4000, 8000, 16000, 32000, 32000, 32000 };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++) {
    g_autoptr (Case) it = case_new (2, TRUE);
    Run *run = run_begin (&it->place, it->delivery);

    for (guint snoozes = 0; snoozes < G_N_ELEMENTS (waits_ms); snoozes++) {
      g_autofree char *message = NULL;

      it->delivery->snoozes = snoozes;
      g_assert_cmpint (judged (it, g_error_new (DB_ERROR, codes[i], "held"), &message), ==,
                       VERDICT_SNOOZE);
      g_assert_cmpstr (message, ==, "held");
      g_assert_cmpint (run->snooze_ms, ==, waits_ms[snoozes]);
    }
    g_assert_false (run->waits_for_downstream);
  }
}

static void
any_other_trouble_of_a_statement_is_an_attempt (void)
{
  g_autoptr (Case) it = case_new (0, TRUE);

  (void)run_begin (&it->place, it->delivery);
  g_assert_cmpint (judged (it, g_error_new (DB_ERROR, DB_ERROR_STATEMENT, "x"), NULL), ==,
                   VERDICT_RETRY);
  g_assert_cmpint (judged (it, g_error_new (DB_ERROR, DB_ERROR_CHECK, "x"), NULL), ==,
                   VERDICT_RETRY);
  g_assert_cmpint (judged (it, g_error_new (DB_ERROR, DB_ERROR_AWAY, "x"), NULL), ==, VERDICT_ILL);
}

/* A run whose picture of the journal is read already. */
static Run *
run_with_insert (Case *it, const char *state)
{
  Run *run;
  OwnScope *own;

  it->consumer.in_doubt = "insert";
  run = run_begin (&it->place, it->delivery);
  run->scope.scope = g_strdup ("4711");
  run_own (run, 1, 0);
  own = run_own_scope (run, "4711");
  own->journal = g_ptr_array_new ();
  if (state) {
    static JournalRow row;

    row = (JournalRow){ .step = (char *)"insert", .ordinal = 1, .state = (char *)state };
    g_ptr_array_add (own->journal, &row);
  }
  return run;
}

static void
while_its_insert_is_in_doubt_it_cannot_die (void)
{
  static const struct {
    const char *state;
    gboolean is_spared;
  } states[] = { { NULL, FALSE },     { "started", TRUE },  { "finished", FALSE },
                 { "failed", FALSE }, { "unknown", FALSE }, { "not there", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    for (guint attempt = 0; attempt < 3; attempt++) {
      g_autoptr (Case) it = case_new (attempt, TRUE);
      g_autofree char *message = NULL;
      Run *run = run_with_insert (it, states[i].state);
      gboolean would_die = attempt == 2;
      GError *error = g_error_new (PIPELINE_ERROR, PIPELINE_ERROR_DEAD, "refused");

      g_test_message ("%s, attempt %u", states[i].state ? states[i].state : "never", attempt);
      /* Refused for good. */
      g_assert_cmpint (judge (run, &error), ==, states[i].is_spared ? VERDICT_RETRY : VERDICT_DEAD);
      g_assert_cmpint (g_error_matches (error, PIPELINE_ERROR, PIPELINE_ERROR_LOOK_LATER), ==,
                       states[i].is_spared);
      g_assert_cmpstr (error->message, ==, "refused");
      g_clear_error (&error);
      /* Its attempts are used up. */
      error = g_error_new (PIPELINE_ERROR, PIPELINE_ERROR_UNKNOWN, "no answer");
      g_assert_cmpint (judge (run, &error), ==, VERDICT_RETRY);
      g_assert_cmpint (g_error_matches (error, PIPELINE_ERROR, PIPELINE_ERROR_LOOK_LATER), ==,
                       states[i].is_spared && would_die);
      g_clear_error (&error);
      /* A person decides: nothing is to be spared. */
      g_assert_cmpint (
          judged (it, g_error_new (PIPELINE_ERROR, PIPELINE_ERROR_HOLD, "held"), &message), ==,
          VERDICT_HOLD);
    }
}

/* Up to outage-max-wait: a package in time beats a claim late. */
static void
worn_out_it_may_die_in_doubt (void)
{
  g_autoptr (Case) it = case_new (2, TRUE);
  Run *run = run_with_insert (it, "started");
  GError *error = g_error_new (PIPELINE_ERROR, PIPELINE_ERROR_UNKNOWN, "no answer");

  it->delivery->known.waiting_since_ms = 1; /* 1970 */
  g_assert_cmpint (judge (run, &error), ==, VERDICT_DEAD);
  g_assert_true (g_error_matches (error, PIPELINE_ERROR, PIPELINE_ERROR_OUTAGE));
  g_assert_true (run->is_worn_out);
  g_clear_error (&error);
  error = g_error_new (PIPELINE_ERROR, PIPELINE_ERROR_DEAD, "refused");
  g_assert_cmpint (judge (run, &error), ==, VERDICT_DEAD);
  g_assert_cmpstr (error->message, ==, "refused");
  g_clear_error (&error);
}

#define ADD(name, function) g_test_add_func ("/pipeline/judge/" name, function)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("every-verdict-has-its-kind", every_verdict_has_its_kind);
  ADD ("what-is-no-verdict-has-no-kind", what_is_no_verdict_has_no_kind);
  ADD ("every-refusal-has-its-way", every_refusal_has_its_way);
  ADD ("a-refusal-on-the-last-attempt-is-the-end", a_refusal_on_the_last_attempt_is_the_end);
  ADD ("refused-again-and-again-it-comes-to-an-end", refused_again_and_again_it_comes_to_an_end);
  ADD ("an-end-is-what-its-error-says", an_end_is_what_its_error_says);
  ADD ("a-row-that-somebody-holds-costs-no-attempt", a_row_that_somebody_holds_costs_no_attempt);
  ADD ("any-other-trouble-of-a-statement-is-an-attempt",
       any_other_trouble_of_a_statement_is_an_attempt);
  ADD ("while-its-insert-is-in-doubt-it-cannot-die", while_its_insert_is_in_doubt_it_cannot_die);
  ADD ("worn-out-it-may-die-in-doubt", worn_out_it_may_die_in_doubt);
  return g_test_run ();
}
