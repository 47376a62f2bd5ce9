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
assert_page_lacks (const char *unwanted)
{
  g_autofree char *page = metrics_render ();

  if (strstr (page, unwanted))
    g_error ("“%s” is in\n%s", unwanted, page);
}

static void
counters_add_up (void)
{
  metrics_start ("form-686c");
  metrics_count (METRIC_MESSAGES, 2, "done", NULL);
  metrics_count (METRIC_MESSAGES, 3, "done", NULL);
  metrics_count (METRIC_MESSAGES, -5, "done", NULL);
  metrics_set_count (METRIC_KAFKA_REBALANCES, 7, NULL);
  metrics_set_count (METRIC_KAFKA_REBALANCES, 4, NULL); /* a counter never falls */

  g_assert_cmpfloat (metrics_value (METRIC_MESSAGES, "done", NULL), ==, 5);
  g_assert_cmpfloat (metrics_value (METRIC_KAFKA_REBALANCES, NULL), ==, 7);
  assert_page_has ("# TYPE dependents_messages_total counter\n"
                   "dependents_messages_total{consumer=\"form-686c\",verdict=\"done\"} 5\n");
}

static void
every_series_is_there_from_the_start (void)
{
  metrics_start ("form-674");
  assert_page_has ("dependents_messages_total{consumer=\"form-674\",verdict=\"dead\"} 0\n");
  assert_page_has ("dependents_message_seconds_bucket{consumer=\"form-674\",verdict=\"dead\","
                   "le=\"0.001\"} 0\n");
  assert_page_has ("dependents_http_requests_total{peer=\"bgs\",operation=\"insertBenefitClaim\","
                   "class=\"none\"} 0\n");
  assert_page_has ("dependents_build_info{version=\"");
}

static void
what_is_not_its_own_is_not_told (void)
{
  metrics_start ("form-674");
  assert_page_lacks ("dependents_claim_api_tokens");
  assert_page_lacks ("peer=\"intake\"");
  metrics_start ("claim-api");
  assert_page_has ("dependents_claim_api_tokens 0\n");
  assert_page_lacks ("dependents_messages_total");
}

static void
gauges_hold_the_last (void)
{
  metrics_gauge (METRIC_OUTBOX_OLDEST, 12, NULL);
  metrics_gauge (METRIC_OUTBOX_OLDEST, 0.5, NULL);
  g_assert_cmpfloat (metrics_value (METRIC_OUTBOX_OLDEST, NULL), ==, 0.5);
  assert_page_has ("# TYPE dependents_outbox_oldest_seconds gauge\n"
                   "dependents_outbox_oldest_seconds 0.5\n");
}

static void
a_partition_is_told_while_it_is_ours (void)
{
  metrics_start ("form-686c");
  assert_page_lacks ("dependents_consumer_lag_messages");
  metrics_gauge (METRIC_LAG_MESSAGES, 3, "11", NULL);
  assert_page_has ("dependents_consumer_lag_messages{consumer=\"form-686c\",partition=\"11\"} 3\n");
  metrics_forget (METRIC_LAG_MESSAGES, "11", NULL);
  assert_page_lacks ("dependents_consumer_lag_messages");
}

static void
learned_values_are_there_with_0 (void)
{
  metrics_start ("form-686c");
  metrics_learn (&metric_label_tier, "15s");
  metrics_learn (&metric_label_tier, "2m");
  metrics_count (METRIC_TIER_RECORDS, 1, "2m", NULL);
  metrics_count (METRIC_RECORDS_LOST, 2, "claims.686c", "passed", NULL);
  metrics_learn (&metric_label_topic, "claims.674");
  assert_page_has ("dependents_retry_tier_messages_total{consumer=\"form-686c\",tier=\"15s\"} 0\n"
                   "dependents_retry_tier_messages_total{consumer=\"form-686c\",tier=\"2m\"} 1\n");
  assert_page_has ("dependents_records_lost_total{topic=\"claims.686c\",why=\"passed\"} 2\n");
  assert_page_has ("dependents_records_lost_total{topic=\"claims.674\",why=\"other\"} 0\n");
}

static void
histograms_are_cumulative_and_in_seconds (void)
{
  metrics_start ("claim-api");
  metrics_observe_ms (METRIC_API_SECONDS, 1, "GET", NULL);
  metrics_observe_ms (METRIC_API_SECONDS, 2, "GET", NULL);
  metrics_observe_ms (METRIC_API_SECONDS, 120000, "GET", NULL);
  metrics_observe_ms (METRIC_API_SECONDS, 120001, "GET", NULL);
  metrics_observe_ms (METRIC_API_SECONDS, -4, "GET", NULL);

  assert_page_has ("# TYPE dependents_claim_api_request_seconds histogram\n"
                   "dependents_claim_api_request_seconds_bucket{method=\"GET\",le=\"0.001\"} 2\n"
                   "dependents_claim_api_request_seconds_bucket{method=\"GET\",le=\"0.002\"} 3\n");
  assert_page_has ("dependents_claim_api_request_seconds_bucket{method=\"GET\",le=\"120\"} 4\n"
                   "dependents_claim_api_request_seconds_bucket{method=\"GET\",le=\"+Inf\"} 5\n"
                   "dependents_claim_api_request_seconds_sum{method=\"GET\"} 240.004\n"
                   "dependents_claim_api_request_seconds_count{method=\"GET\"} 5\n");
  g_assert_cmpfloat (metrics_value (METRIC_API_SECONDS, "GET", NULL), ==, 5);
}

static gpointer
count_a_lot (gpointer data)
{
  (void)data;
  for (guint i = 0; i < 20000; i++) {
    metrics_count (METRIC_STEPS, 1, i % 2 ? "create-person" : "create-note", "ok", NULL);
    metrics_observe_ms (METRIC_RETRY_LATENESS, 3, NULL);
  }
  return NULL;
}

static void
threads_lose_nothing (void)
{
  GThread *threads[4];

  metrics_start ("form-686c");
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("count", count_a_lot, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpfloat (metrics_value (METRIC_STEPS, "create-person", "ok", NULL), ==, 40000);
  g_assert_cmpfloat (metrics_value (METRIC_STEPS, "other", "ok", NULL), ==, 40000);
  g_assert_cmpfloat (metrics_value (METRIC_RETRY_LATENESS, NULL), ==, 80000);
}

static void
what_has_no_place_is_counted (void)
{
  double before;

  metrics_start ("form-686c");
  before = metrics_value (METRIC_METRICS_LOST, NULL);
  metrics_count (METRIC_MESSAGES, 1, "lost", NULL);          /* no such verdict */
  metrics_count (METRIC_API_STRANGERS, 1, "no token", NULL); /* claim-api's */
  g_assert_cmpfloat (metrics_value (METRIC_METRICS_LOST, NULL) - before, ==, 2);
  for (guint i = 0; i < 300; i++) {
    g_autofree char *tier = g_strdup_printf ("%us", i);

    metrics_learn (&metric_label_tier, tier);
  }
  metrics_count (METRIC_TIER_RECORDS, 1, "299s", NULL);
  g_assert_cmpfloat (metrics_value (METRIC_METRICS_LOST, NULL) - before, ==, 3);
}

static gboolean
is_plain (const char *name)
{
  return *name && strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen (name);
}

static void
assert_row_is_well_made (const MetricRow *row)
{
  g_test_message ("%s", row->name);
  g_assert_true (is_plain (row->name));
  g_assert_true (*row->help && !strchr (row->help, '\n') && !strchr (row->help, '\\'));
  g_assert_cmpuint (row->programs, !=, 0);
  g_assert_true (g_str_has_suffix (row->name, "_total") == (row->kind == KIND_COUNTER));
  if (*row->unit)
    g_assert_true (g_str_has_suffix (row->name, row->unit));
  else
    g_assert_false (g_str_has_suffix (row->name, "_seconds") ||
                    g_str_has_suffix (row->name, "_bytes"));
  if (row->kind == KIND_HISTOGRAM)
    g_assert_cmpstr (row->unit, ==, "seconds");
}

static void
rows_are_well_made (void)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  for (Metric metric = 0; metric < METRICS; metric++) {
    const MetricRow *row = metric_row (metric);

    g_assert_nonnull (row->name);
    assert_row_is_well_made (row);
    g_assert_true (g_hash_table_add (names, (char *)row->name));
    for (guint i = 0; i < METRIC_LABELS_MAX && row->labels[i]; i++)
      g_assert_true (row->labels[i]->values || i == 0); /* cells are added at the end */
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/metrics/counters-add-up", counters_add_up);
  g_test_add_func ("/base/metrics/every-series-is-there-from-the-start",
                   every_series_is_there_from_the_start);
  g_test_add_func ("/base/metrics/what-is-not-its-own-is-not-told",
                   what_is_not_its_own_is_not_told);
  g_test_add_func ("/base/metrics/gauges-hold-the-last", gauges_hold_the_last);
  g_test_add_func ("/base/metrics/a-partition-is-told-while-it-is-ours",
                   a_partition_is_told_while_it_is_ours);
  g_test_add_func ("/base/metrics/learned-values-are-there-with-0",
                   learned_values_are_there_with_0);
  g_test_add_func ("/base/metrics/histograms-are-cumulative-and-in-seconds",
                   histograms_are_cumulative_and_in_seconds);
  g_test_add_func ("/base/metrics/threads-lose-nothing", threads_lose_nothing);
  g_test_add_func ("/base/metrics/what-has-no-place-is-counted", what_has_no_place_is_counted);
  g_test_add_func ("/base/metrics/rows-are-well-made", rows_are_well_made);
  return g_test_run ();
}
