/* The step journal's rows: who ends one, when two wait for it at the same moment. needs: postgres
 */
#include "program/journal.h"

#include "support/database.h"

#define STEP "create-proc"

static void
begin_step (Db *db, const char *scope, gint64 token)
{
  g_autofree char *sql =
      g_strdup_printf ("insert into step_journal (scope, step, ordinal, token, state) "
                       "values ('%s', '" STEP "', 1, %d, 'started')",
                       scope, (int)token);

  database_run (db, sql);
}

static StepEnd *
add_end (GPtrArray *ends, const char *scope, gint64 token, const char *state)
{
  StepEnd *end = step_end_new (scope, STEP, 1, token, state, NULL);

  g_ptr_array_add (ends, end);
  return end;
}

static void
write_ends (Db *db, const GPtrArray *ends)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (journal_write_ends (db, NULL, ends, &error)); /* nothing to seal */
  g_assert_no_error (error);
}

static void
test_one_of_two_owners_ends_it (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (GPtrArray) ends = g_ptr_array_new_with_free_func (step_end_free);
  StepEnd *before, *owner, *other;

  begin_step (db, "one", 2);
  begin_step (db, "other", 7);
  before = add_end (ends, "one", 1, "failed");
  owner = add_end (ends, "one", 2, "finished");
  other = add_end (ends, "other", 7, "finished");
  write_ends (db, ends);
  g_assert_false (before->is_hit);
  g_assert_true (owner->is_hit);
  g_assert_true (other->is_hit);
  g_assert_cmpint (database_number (db, "select count (*) as n from step_journal where scope = "
                                        "'one' and state = 'finished' and token = 2"),
                   ==, 1);
}

static void
test_what_has_ended_is_not_ended_again (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (GPtrArray) ends = g_ptr_array_new_with_free_func (step_end_free);
  StepEnd *end;

  begin_step (db, "ended", 3);
  end = add_end (ends, "ended", 3, "finished");
  write_ends (db, ends);
  g_assert_true (end->is_hit);
  write_ends (db, ends);
  g_assert_false (end->is_hit);
}

static void
test_a_read_counts_as_written (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (GPtrArray) ends = g_ptr_array_new_with_free_func (step_end_free);
  StepEnd *end = add_end (ends, "read", 4, "finished");

  end->is_new = TRUE;
  write_ends (db, ends); /* nobody has the run row any more: no row is made */
  g_assert_true (end->is_hit);
  g_assert_cmpint (
      database_number (db, "select count (*) as n from step_journal where scope = 'read'"), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/program/journal/one-of-two-owners-ends-it", test_one_of_two_owners_ends_it);
  g_test_add_func ("/program/journal/what-has-ended-is-not-ended-again",
                   test_what_has_ended_is_not_ended_again);
  g_test_add_func ("/program/journal/a-read-counts-as-written", test_a_read_counts_as_written);
  return g_test_run ();
}
