/* What a row of a page of verdicts says, and how it is compared. */
#pragma once

#include "pipeline/verdicts.h"

typedef struct {
  GQuark domain;
  int code;
  const char *text;
  Verdict verdict;
  const char *error_class;
  const char *downstream;
  gboolean is_away;
} Expected;

static inline void
check (const Expected *expected)
{
  g_autoptr (GError) error = g_error_new_literal (expected->domain, expected->code, expected->text);

  g_test_message ("%s %d: %s", g_quark_to_string (expected->domain), expected->code,
                  expected->text);
  g_assert_cmpstr (verdict_name (verdict_of (error)), ==, verdict_name (expected->verdict));
  g_assert_cmpstr (verdict_error_class (error), ==, expected->error_class);
  g_assert_cmpstr (verdict_downstream (error), ==, expected->downstream);
  g_assert_cmpint (verdict_is_downstream_away (error), ==, expected->is_away);
}

static inline void
check_all (const Expected *expected, guint count)
{
  for (guint i = 0; i < count; i++)
    check (&expected[i]);
}
