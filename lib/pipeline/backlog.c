/* Lag as gauges, see backlog.h. Messages are the broker's count (statistics of librdkafka), seconds
 * are the window's: it has the oldest record of each partition in hand. One thread. */
#include "pipeline/backlog.h"

#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"

typedef struct {
  gint64 *lags; /* by partition; -1: not told, or not ours */
  guint count;
} TierLag;

struct Backlog {
  const Context *context;
  Window *window;
  GHashTable *tiers;     /* name -> TierLag *, of the tiers that are ours */
  GHashTable *next_dues; /* name -> gint64 *: of the last look */
  gint64 oldest_ms;
  GHashTable *source_partitions; /* set of number texts */
};

static void
tier_lag_free (gpointer data)
{
  TierLag *lag = data;

  g_free (lag->lags);
  g_free (lag);
}

Backlog *
backlog_new (const Context *context, Window *window)
{
  Backlog *backlog = g_new0 (Backlog, 1);

  backlog->context = context;
  backlog->window = window;
  backlog->tiers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, tier_lag_free);
  backlog->next_dues = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  backlog->source_partitions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < context->tiers->len; i++) {
    const RetryTier *tier = g_ptr_array_index (context->tiers, i);

    metrics_learn (&metric_label_tier, tier->name);
  }
  return backlog;
}

void
backlog_free (Backlog *backlog)
{
  if (!backlog)
    return;
  g_hash_table_unref (backlog->tiers);
  g_hash_table_unref (backlog->next_dues);
  g_hash_table_unref (backlog->source_partitions);
  g_free (backlog);
}

/* NULL: the source. */
static const char *
tier_of (const Backlog *backlog, const char *topic)
{
  const char *prefix = settings_text (backlog->context->settings, "topic-prefix");

  return retry_topic_tier (backlog->context->consumer->name, topic + strlen (prefix));
}

static TierLag *
lag_of_tier (Backlog *backlog, const char *tier, guint partition)
{
  TierLag *lag = g_hash_table_lookup (backlog->tiers, tier);

  if (!lag) {
    lag = g_new0 (TierLag, 1);
    g_hash_table_insert (backlog->tiers, g_strdup (tier), lag);
  }
  if (partition >= lag->count) {
    lag->lags = g_renew (gint64, lag->lags, partition + 1);
    while (lag->count <= partition)
      lag->lags[lag->count++] = -1;
  }
  return lag;
}

void
backlog_assign (Backlog *backlog, const char *topic, int partition)
{
  g_autofree char *number = g_strdup_printf ("%d", partition);

  if (tier_of (backlog, topic))
    return;
  metrics_gauge (METRIC_LAG_MESSAGES, 0, number, NULL);
  g_hash_table_add (backlog->source_partitions, g_steal_pointer (&number));
}

void
backlog_revoke_all (Backlog *backlog)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, backlog->source_partitions);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    metrics_forget (METRIC_LAG_MESSAGES, key, NULL);
  g_hash_table_remove_all (backlog->source_partitions);
  g_hash_table_iter_init (&iter, backlog->tiers);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    metrics_gauge (METRIC_TIER_MESSAGES, 0, key, NULL);
  g_hash_table_remove_all (backlog->tiers);
}

void
backlog_note_lag (Backlog *backlog, const char *topic, int partition, gint64 lag)
{
  const char *tier = tier_of (backlog, topic);
  g_autofree char *number = g_strdup_printf ("%d", partition);
  gint64 sum = 0;
  TierLag *of_tier;

  if (!tier) {
    if (g_hash_table_contains (backlog->source_partitions, number))
      metrics_gauge (METRIC_LAG_MESSAGES, (double)lag, number, NULL);
    return;
  }
  of_tier = lag_of_tier (backlog, tier, (guint)partition);
  of_tier->lags[partition] = lag;
  for (guint i = 0; i < of_tier->count; i++)
    sum += MAX (0, of_tier->lags[i]);
  metrics_gauge (METRIC_TIER_MESSAGES, (double)sum, tier, NULL);
}

static void
add_up (const WindowBacklog *of_lane, gpointer data)
{
  Backlog *backlog = data;
  const char *tier = tier_of (backlog, of_lane->partition->topic);
  const gint64 *before;

  if (of_lane->since_ms > 0)
    backlog->oldest_ms =
        backlog->oldest_ms ? MIN (backlog->oldest_ms, of_lane->since_ms) : of_lane->since_ms;
  if (!tier || of_lane->next_due_ms == 0)
    return;
  before = g_hash_table_lookup (backlog->next_dues, tier);
  if (!before || of_lane->next_due_ms < *before)
    g_hash_table_insert (backlog->next_dues, g_strdup (tier),
                         g_memdup2 (&of_lane->next_due_ms, sizeof of_lane->next_due_ms));
}

void
backlog_tell (Backlog *backlog)
{
  const gint64 now_ms = clock_database_now_ms ();

  backlog->oldest_ms = 0;
  g_hash_table_remove_all (backlog->next_dues);
  window_backlog (backlog->window, now_ms, add_up, backlog);
  metrics_gauge (METRIC_LAG_SECONDS,
                 backlog->oldest_ms ? (double)MAX (0, now_ms - backlog->oldest_ms) / 1000 : 0,
                 NULL);
  for (guint i = 0; i < backlog->context->tiers->len; i++) {
    const RetryTier *tier = g_ptr_array_index (backlog->context->tiers, i);
    const gint64 *due_ms = g_hash_table_lookup (backlog->next_dues, tier->name);

    metrics_gauge (METRIC_TIER_NEXT_DUE, due_ms ? (double)MAX (0, *due_ms - now_ms) / 1000 : 0,
                   tier->name, NULL);
  }
}
