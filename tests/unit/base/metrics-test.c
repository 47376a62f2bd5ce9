#include "base/metrics.h"

#include <string.h>

static void
assert_page_has (const char *wanted)
{
  g_autofree char *page = metrics_render ();

  if (!strstr (page, wanted))
    g_error ("“%s” is not in\n%s", wanted, page);
}

static void
counters_add_up (void)
{
  metrics_describe ("claims_total", "Claims\nby \\ verdict.");
  metrics_count ("claims_total", 2, "verdict", "DONE", "consumer", "form-686c", NULL);
  metrics_count ("claims_total", 3, "consumer", "form-686c", "verdict", "DONE", NULL);
  metrics_count ("claims_total", 1, "consumer", "form-674", "verdict", "DONE", NULL);
  metrics_count ("claims_total", -5, "consumer", "form-674", "verdict", "DONE", NULL);
  metrics_count ("bare_total", 1, NULL);

  g_assert_cmpfloat (
      metrics_value ("claims_total", "verdict", "DONE", "consumer", "form-686c", NULL), ==, 5);
  g_assert_cmpfloat (metrics_value ("claims_total", "verdict", "DEAD", NULL), ==, 0);
  assert_page_has ("# HELP claims_total Claims\\nby \\\\ verdict.\n# TYPE claims_total counter\n");
  assert_page_has ("\nclaims_total{consumer=\"form-686c\",verdict=\"DONE\"} 5\n");
  assert_page_has ("\nclaims_total{consumer=\"form-674\",verdict=\"DONE\"} 1\n");
  assert_page_has ("# TYPE bare_total counter\nbare_total 1\n");
}

static void
gauges_hold_the_last (void)
{
  metrics_gauge ("lag", 12, "partition", "0", NULL);
  metrics_gauge ("lag", 0.5, "partition", "0", NULL);
  g_assert_cmpfloat (metrics_value ("lag", "partition", "0", NULL), ==, 0.5);
  assert_page_has ("# TYPE lag gauge\nlag{partition=\"0\"} 0.5\n");
}

static void
histograms_are_cumulative_and_in_seconds (void)
{
  metrics_observe_ms ("call_seconds", 1, "service", "a", NULL);
  metrics_observe_ms ("call_seconds", 2, "service", "a", NULL);
  metrics_observe_ms ("call_seconds", 120000, "service", "a", NULL);
  metrics_observe_ms ("call_seconds", 120001, "service", "a", NULL);
  metrics_observe_ms ("call_seconds", -4, "service", "a", NULL);
  metrics_observe_ms ("plain_seconds", 500, NULL);

  assert_page_has ("# TYPE call_seconds histogram\n"
                   "call_seconds_bucket{service=\"a\",le=\"0.001\"} 2\n"
                   "call_seconds_bucket{service=\"a\",le=\"0.002\"} 3\n");
  assert_page_has ("call_seconds_bucket{service=\"a\",le=\"120\"} 4\n"
                   "call_seconds_bucket{service=\"a\",le=\"+Inf\"} 5\n"
                   "call_seconds_sum{service=\"a\"} 240.004\n"
                   "call_seconds_count{service=\"a\"} 5\n");
  assert_page_has ("plain_seconds_bucket{le=\"0.5\"} 1\n");
  assert_page_has ("plain_seconds_sum 0.5\nplain_seconds_count 1\n");
  g_assert_cmpfloat (metrics_value ("call_seconds", "service", "a", NULL), ==, 5);
}

static void
label_values_are_escaped (void)
{
  metrics_count ("escaped_total", 1, "reason", "a\"b\\c\nd", NULL);
  assert_page_has ("escaped_total{reason=\"a\\\"b\\\\c\\nd\"} 1\n");
}

static gpointer
count_a_lot (gpointer data)
{
  (void)data;
  for (guint i = 0; i < 20000; i++) {
    metrics_count ("threads_total", 1, "kind", i % 2 ? "odd" : "even", NULL);
    metrics_observe_ms ("threads_seconds", 3, NULL);
  }
  return NULL;
}

static void
threads_lose_nothing (void)
{
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("count", count_a_lot, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpfloat (metrics_value ("threads_total", "kind", "odd", NULL), ==, 40000);
  g_assert_cmpfloat (metrics_value ("threads_total", "kind", "even", NULL), ==, 40000);
  g_assert_cmpfloat (metrics_value ("threads_seconds", NULL), ==, 80000);
}

static void
what_has_no_place_is_counted (void)
{
  g_autofree char *long_value = g_strnfill (2000, 'x');

  metrics_gauge ("claims_total", 1, NULL); /* a counter above */
  metrics_count ("long_total", 1, "value", long_value, NULL);
  assert_page_has ("metrics_lost_total 2\n");

  for (guint i = 0; i < 6000; i++) {
    g_autofree char *value = g_strdup_printf ("%u", i);

    metrics_count ("many_total", 1, "value", value, NULL);
  }
  g_assert_cmpfloat (metrics_value ("many_total", "value", "0", NULL), ==, 1);
  g_assert_cmpfloat (metrics_value ("many_total", "value", "5999", NULL), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/metrics/counters-add-up", counters_add_up);
  g_test_add_func ("/base/metrics/gauges-hold-the-last", gauges_hold_the_last);
  g_test_add_func ("/base/metrics/histograms-are-cumulative-and-in-seconds",
                   histograms_are_cumulative_and_in_seconds);
  g_test_add_func ("/base/metrics/label-values-are-escaped", label_values_are_escaped);
  g_test_add_func ("/base/metrics/threads-lose-nothing", threads_lose_nothing);
  g_test_add_func ("/base/metrics/what-has-no-place-is-counted", what_has_no_place_is_counted);
  return g_test_run ();
}
