/* Retry tiers: what is written becomes waits, and each partition of a tier has a jitter of its own
 * that never changes. */
#include <string.h>

#include "base/settings.h"
#include "kafka/retry-tiers.h"

static GPtrArray *
parsed (const char *text)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *tiers = retry_tiers_parse (text, &error);

  g_assert_no_error (error);
  return tiers;
}

static void
repeats_choose_the_tier (void)
{
  g_autoptr (GPtrArray) tiers = parsed ("15s*3,2m*3,15m*3,1h*3,4h*2,12h*2");
  static const char *const expected[] = { "15s", "15s", "15s", "2m", "2m", "2m", "15m", "15m",
                                          "15m", "1h",  "1h",  "1h", "4h", "4h", "12h", "12h" };

  g_assert_cmpuint (retry_tiers_count (tiers), ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpstr (retry_tiers_of (tiers, i + 1)->name, ==, expected[i]);
  g_assert_null (retry_tiers_of (tiers, 0));
  g_assert_null (retry_tiers_of (tiers, G_N_ELEMENTS (expected) + 1));
  g_assert_cmpint (retry_tiers_find (tiers, "4h")->wait_ms, ==, 4 * 3600 * 1000);
  g_assert_null (retry_tiers_find (tiers, "5h"));
}

static void
none_is_no_retry (void)
{
  g_autoptr (GPtrArray) tiers = parsed ("");

  g_assert_cmpuint (retry_tiers_count (tiers), ==, 0);
  g_assert_null (retry_tiers_of (tiers, 1));
}

static void
what_is_no_tier_is_named (void)
{
  static const char *const wrong[] = { "15",     "s",        "15s*0",         "15s*", "15s*x",
                                       "15s**2", "0s",       "15s,,2m",       ",",    "15s ",
                                       "-5s",    "15s*1001", "15s*600,2m*600" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) tiers = retry_tiers_parse (wrong[i], &error);

    g_assert_null (tiers);
    g_assert_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID);
    g_assert_true (g_str_has_prefix (error->message, "retry-tiers: "));
  }
}

static void
topics_are_named_by_the_wait (void)
{
  g_autofree char *topic = retry_topic ("form-674", "15s");

  g_assert_cmpstr (topic, ==, "form-674.retry-15s");
  g_assert_cmpstr (retry_topic_tier ("form-674", topic), ==, "15s");
  g_assert_null (retry_topic_tier ("form-67", topic));
  g_assert_null (retry_topic_tier ("form-674", "claims.674"));
}

/* Up to a tenth, the same each time, and spread over the partitions. */
static void
jitter_is_fixed_and_spread (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_direct_hash, g_direct_equal);

  for (int partition = 0; partition < 12; partition++) {
    gint64 jitter = retry_jitter_ms ("form-674.retry-15s", partition, 15000);

    g_assert_cmpint (jitter, >=, 0);
    g_assert_cmpint (jitter, <=, 1500);
    g_assert_cmpint (retry_jitter_ms ("form-674.retry-15s", partition, 15000), ==, jitter);
    g_hash_table_add (seen, GINT_TO_POINTER ((int)jitter / 150));
  }
  g_assert_cmpuint (g_hash_table_size (seen), >=, 5);
  g_assert_cmpint (retry_jitter_ms ("form-674.retry-15s", 3, 15000), !=,
                   retry_jitter_ms ("form-674.retry-2m", 3, 15000));
  g_assert_cmpint (retry_jitter_ms ("form-674.retry-1ms", 3, 1), ==, 0);
}

static void
a_tier_needs_its_longest_wait_and_an_outage (void)
{
  g_assert_cmpint (retry_tier_needs_ms (1000, 0), ==, 1100);
  g_assert_cmpint (retry_tier_needs_ms (1000, 500), ==, 1600);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kafka/retry-tiers/repeats-choose-the-tier", repeats_choose_the_tier);
  g_test_add_func ("/kafka/retry-tiers/none-is-no-retry", none_is_no_retry);
  g_test_add_func ("/kafka/retry-tiers/what-is-no-tier-is-named", what_is_no_tier_is_named);
  g_test_add_func ("/kafka/retry-tiers/topics-are-named-by-the-wait", topics_are_named_by_the_wait);
  g_test_add_func ("/kafka/retry-tiers/jitter-is-fixed-and-spread", jitter_is_fixed_and_spread);
  g_test_add_func ("/kafka/retry-tiers/a-tier-needs-its-longest-wait-and-an-outage",
                   a_tier_needs_its_longest_wait_and_an_outage);
  return g_test_run ();
}
