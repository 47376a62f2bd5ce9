/* Retry tiers, see retry-tiers.h. */
#include "kafka/retry-tiers.h"

#include <string.h>

#include "base/settings.h"

#define JITTER_PARTS 10 /* the jitter is at most this part of the wait */

static void
retry_tier_free (gpointer data)
{
  RetryTier *tier = data;

  g_free (tier->name);
  g_free (tier);
}

static RetryTier *
parse_one (const char *part)
{
  g_auto (GStrv) wait_and_repeats = g_strsplit (part, "*", 2);
  gint64 wait_ms, repeats = 1;
  RetryTier *tier;

  if (!wait_and_repeats[0] || !parse_duration_ms (wait_and_repeats[0], &wait_ms) || wait_ms < 1 ||
      (wait_and_repeats[1] && !parse_int64 (wait_and_repeats[1], 1, RETRY_TIERS_MAX, &repeats)))
    return NULL;
  tier = g_new0 (RetryTier, 1);
  tier->name = g_strdup (wait_and_repeats[0]);
  tier->wait_ms = wait_ms;
  tier->repeats = (guint)repeats;
  return tier;
}

GPtrArray *
retry_tiers_parse (const char *text, GError **error)
{
  g_autoptr (GPtrArray) tiers = g_ptr_array_new_with_free_func (retry_tier_free);
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);

  for (guint i = 0; parts[i]; i++) {
    RetryTier *tier = parse_one (parts[i]);

    if (!tier) {
      g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
                   "retry-tiers: “%s” is no tier such as 15s or 15s*3", parts[i]);
      return NULL;
    }
    g_ptr_array_add (tiers, tier);
  }
  if (retry_tiers_count (tiers) <= RETRY_TIERS_MAX)
    return g_steal_pointer (&tiers);
  g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID, "retry-tiers: more than %d retries",
               RETRY_TIERS_MAX);
  return NULL;
}

guint
retry_tiers_count (const GPtrArray *tiers)
{
  guint count = 0;

  for (guint i = 0; i < tiers->len; i++)
    count += ((const RetryTier *)g_ptr_array_index (tiers, i))->repeats;
  return count;
}

const RetryTier *
retry_tiers_of (const GPtrArray *tiers, guint retry)
{
  for (guint i = 0; retry > 0 && i < tiers->len; i++) {
    const RetryTier *tier = g_ptr_array_index (tiers, i);

    if (retry <= tier->repeats)
      return tier;
    retry -= tier->repeats;
  }
  return NULL;
}

const RetryTier *
retry_tiers_find (const GPtrArray *tiers, const char *name)
{
  for (guint i = 0; i < tiers->len; i++) {
    const RetryTier *tier = g_ptr_array_index (tiers, i);

    if (strcmp (tier->name, name) == 0)
      return tier;
  }
  return NULL;
}

char *
retry_topic (const char *consumer, const char *tier_name)
{
  return g_strdup_printf ("%s.retry-%s", consumer, tier_name);
}

const char *
retry_topic_tier (const char *consumer, const char *topic)
{
  g_autofree char *start = retry_topic (consumer, "");

  return g_str_has_prefix (topic, start) ? topic + strlen (start) : NULL;
}

gint64
retry_jitter_ms (const char *topic, int partition, gint64 wait_ms)
{
  g_autofree char *name = g_strdup_printf ("%s/%d", topic, partition);
  guint32 hash = g_str_hash (name);

  /* Names that differ in their last digit only must not lie side by side (the last mixing of
   * MurmurHash3). */
  hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
  hash ^= hash >> 16;
  return wait_ms / JITTER_PARTS * (hash % 1001) / 1000;
}

gint64
retry_tier_needs_ms (gint64 wait_ms, gint64 outage_max_wait_ms)
{
  return wait_ms + wait_ms / JITTER_PARTS + outage_max_wait_ms;
}
