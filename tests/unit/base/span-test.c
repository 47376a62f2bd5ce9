#include "base/span.h"

#include <string.h>

#include "base/metrics.h"

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static void
nothing_is_kept_while_nobody_takes_them (void)
{
  g_autoptr (GPtrArray) spans = NULL;
  Span span;

  span_begin (&span, SPAN_CONSUMER, TRACE, "work");
  g_assert_false (span.is_on);
  span_set (&span, "key", "value");
  span_end (&span, NULL);
  spans_take (4);
  spans = spans_wait (4, 0);
  g_assert_cmpuint (spans->len, ==, 0);
  spans_take (0);
}

static void
what_begins_inside_is_a_child (void)
{
  g_autoptr (GPtrArray) spans = NULL;
  const Span *inner_told, *outer_told;
  Span outer, inner, after;

  spans_take (4);
  span_begin (&outer, SPAN_CONSUMER, TRACE, "work");
  span_begin (&inner, SPAN_CLIENT, NULL, "call");
  span_set_int (&inner, "status", -7);
  span_set (&inner, "left-out", NULL);
  span_end (&inner, "5xx");
  span_end (&outer, NULL);
  span_begin (&after, SPAN_CLIENT, NULL, "of nobody");
  g_assert_false (after.is_on);

  spans = spans_wait (4, 0);
  g_assert_cmpuint (spans->len, ==, 2);
  inner_told = g_ptr_array_index (spans, 0);
  outer_told = g_ptr_array_index (spans, 1);
  g_assert_cmpstr (outer_told->trace, ==, "0af7651916cd43dd8448eb211c80319c");
  g_assert_cmpstr (outer_told->parent, ==, "b7ad6b7169203331");
  g_assert_cmpstr (inner_told->trace, ==, outer_told->trace);
  g_assert_cmpstr (inner_told->parent, ==, outer_told->id);
  g_assert_cmpstr (inner_told->failure, ==, "5xx");
  g_assert_cmpuint (inner_told->attribute_count, ==, 1);
  g_assert_cmpstr (inner_told->attributes[0].value, ==, "-7");
  g_assert_cmpint (inner_told->began_us, <=, inner_told->ended_us);
  spans_take (0);
}

static void
a_root_is_what_others_name_as_their_parent (void)
{
  g_autoptr (GPtrArray) spans = NULL;
  const Span *told;
  Span span, dropped;

  spans_take (4);
  span_begin (&span, SPAN_SERVER, "00-00000000000000000000000000000000-0000000000000000-01",
              "store");
  span_join (&span, TRACE, TRUE);
  span_begin (&dropped, SPAN_CLIENT, NULL, "call");
  span_drop (&dropped);
  span_end (&span, NULL);
  spans = spans_wait (4, 0);
  g_assert_cmpuint (spans->len, ==, 1);
  told = g_ptr_array_index (spans, 0);
  g_assert_cmpstr (told->trace, ==, "0af7651916cd43dd8448eb211c80319c");
  g_assert_cmpstr (told->id, ==, "b7ad6b7169203331");
  g_assert_cmpstr (told->parent, ==, "");
  spans_take (0);
}

static void
what_has_no_room_is_dropped_and_counted (void)
{
  g_autoptr (GPtrArray) spans = NULL;
  double before = metrics_value (METRIC_SPANS_DROPPED, NULL);

  spans_take (3);
  for (guint i = 0; i < 10; i++) {
    Span span;

    span_begin (&span, SPAN_CONSUMER, TRACE, "work");
    span_end (&span, NULL);
  }
  g_assert_cmpfloat (metrics_value (METRIC_SPANS_DROPPED, NULL) - before, ==, 7);
  spans = spans_wait (10, 0);
  g_assert_cmpuint (spans->len, ==, 3);
  spans_take (0);
}

static gpointer
wait_long (gpointer data)
{
  (void)data;
  return spans_wait (1, 60000);
}

static void
who_waits_is_woken_at_the_end (void)
{
  GThread *thread;
  GPtrArray *spans;

  spans_take (3);
  thread = g_thread_new ("waits", wait_long, NULL);
  spans_wake ();
  spans = g_thread_join (thread);
  g_assert_cmpuint (spans->len, ==, 0);
  g_ptr_array_unref (spans);
  spans_take (0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/span/nothing-is-kept-while-nobody-takes-them",
                   nothing_is_kept_while_nobody_takes_them);
  g_test_add_func ("/base/span/what-begins-inside-is-a-child", what_begins_inside_is_a_child);
  g_test_add_func ("/base/span/a-root-is-what-others-name-as-their-parent",
                   a_root_is_what_others_name_as_their_parent);
  g_test_add_func ("/base/span/what-has-no-room-is-dropped-and-counted",
                   what_has_no_room_is_dropped_and_counted);
  g_test_add_func ("/base/span/who-waits-is-woken-at-the-end", who_waits_is_woken_at_the_end);
  return g_test_run ();
}
