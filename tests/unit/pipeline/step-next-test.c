/* What to do next about a step: every state of its newest row, every rule, before and after its
 * limit. The expectations stand here in full, on purpose: a row that is changed has to be changed
 * twice. */
#include <string.h>

#include "pipeline/step-next.h"

#define STARTED_MS G_GINT64_CONSTANT (1700000000000)
#define LIMIT_MS   150000
#define ERROR_MS   40

/* One letter a rule, in this order:
 *   looks         - - - - + + + +
 *   once          - - + + - - + +
 *   same request  - + - + - + - +
 * S start, G give, H hold, L look, W wait. */
typedef struct {
  const char *state; /* NULL: never started */
  const char *before, *after;
} Expected;

static const Expected table[] = {
  { NULL, "SSSSSSSS", "SSSSSSSS" },       { "failed", "SSSSSSSS", "SSSSSSSS" },
  { "finished", "GGGGGGGG", "GGGGGGGG" }, { "given up", "GGGGGGGG", "GGGGGGGG" },
  { "unknown", "HSHSHSHS", "HSHSHSHS" },  { "not there", "HSHSHSHS", "HSHSHSHS" },
  { "started", "WWWWWWWW", "HLLLLLLL" },
};

static char
letter_of (StepNext next)
{
  switch (next) {
  case STEP_GIVE:
    return 'G';
  case STEP_WAIT:
    return 'W';
  case STEP_LOOK:
    return 'L';
  case STEP_HOLD:
    return 'H';
  case STEP_START:
    return 'S';
  }
  g_assert_not_reached ();
}

static StepNext
ask (const char *state, guint rule, gint64 limit_ms, gint64 now_ms, gint64 error_ms,
     gint64 *ret_wait_ms)
{
  const StepRule how = { .looks = (rule & 4) != 0,
                         .once = (rule & 2) != 0,
                         .is_same_request = (rule & 1) != 0,
                         .limit_ms = limit_ms };
  JournalRow row = { .step = (char *)"create-person",
                     .state = (char *)state,
                     .started_at_ms = STARTED_MS };

  return step_next (&how, state ? &row : NULL, now_ms, error_ms, ret_wait_ms);
}

static void
every_row_of_the_table (void)
{
  /* After: not a millisecond sooner than its request may still act, by the worst of both clocks. */
  static const struct {
    gint64 now_ms;
    gboolean is_after;
    gint64 wait_ms; /* of a wait: until it is certainly after */
  } moments[] = {
    { STARTED_MS - 5000, FALSE, LIMIT_MS + ERROR_MS + 5001 }, /* by a clock that was set back */
    { STARTED_MS, FALSE, LIMIT_MS + ERROR_MS + 1 },
    { STARTED_MS + LIMIT_MS - 1, FALSE, ERROR_MS + 2 },
    { STARTED_MS + LIMIT_MS, FALSE, ERROR_MS + 1 },
    { STARTED_MS + LIMIT_MS + ERROR_MS - 1, FALSE, 2 },
    { STARTED_MS + LIMIT_MS + ERROR_MS, TRUE, 0 },
    { STARTED_MS + LIMIT_MS + ERROR_MS + 1, TRUE, 0 },
    { STARTED_MS + G_GINT64_CONSTANT (100000000000), TRUE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    for (guint rule = 0; rule < 8; rule++)
      for (guint m = 0; m < G_N_ELEMENTS (moments); m++) {
        gint64 wait_ms = -77;
        const char *letters = moments[m].is_after ? table[i].after : table[i].before;
        StepNext next = ask (table[i].state, rule, LIMIT_MS, moments[m].now_ms, ERROR_MS, &wait_ms);

        g_test_message ("%s, rule %u, moment %u", table[i].state ? table[i].state : "never", rule,
                        m);
        g_assert_cmpint (letter_of (next), ==, letters[rule]);
        g_assert_cmpint (wait_ms, ==, next == STEP_WAIT ? moments[m].wait_ms : 0);
      }
}

/* Whoever has waited as told finds the limit passed. */
static void
one_wait_is_enough (void)
{
  for (gint64 error_ms = 0; error_ms < 100; error_ms += 33)
    for (gint64 now_ms = STARTED_MS - 10; now_ms < STARTED_MS + 300; now_ms++) {
      gint64 wait_ms, no_wait_ms;

      if (ask ("started", 1, 200, now_ms, error_ms, &wait_ms) != STEP_WAIT) {
        g_assert_cmpint (now_ms, >=, STARTED_MS + 200 + error_ms);
        continue;
      }
      g_assert_cmpint (wait_ms, >, 0);
      g_assert_cmpint (ask ("started", 1, 200, now_ms + wait_ms, error_ms, &no_wait_ms), ==,
                       STEP_LOOK);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pipeline/step-next/every-row-of-the-table", every_row_of_the_table);
  g_test_add_func ("/pipeline/step-next/one-wait-is-enough", one_wait_is_enough);
  return g_test_run ();
}
