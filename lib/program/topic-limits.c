/* Limits of topics, see topic-limits.h. */
#include "program/topic-limits.h"

#include "base/clock.h"
#include "base/log.h"
#include "kafka/topic-settings.h"

#define LEARN_MS      300000 /* between two looks */
#define LEARN_SOON_MS 10000  /* the same while records are refused */
#define LEARN_WAIT_MS 3000
#define FRAME_BYTES                                                                                \
  128 /* of a batch of one record: 61 of the batch, the rest the record's own, at their largest */

typedef struct {
  int partitions;
  gsize record_limit; /* 0: unknown */
} KnownTopic;

struct TopicLimits {
  gboolean asks_sizes;
  char **names;       /* set once, before anybody else asks */
  GMutex lock;        /* of what follows */
  GHashTable *topics; /* name -> KnownTopic *; NULL: not learnt yet */
  gboolean is_soon;
  gint64 learnt_ms;
};

TopicLimits *
topic_limits_new (gboolean asks_sizes)
{
  TopicLimits *limits = g_new0 (TopicLimits, 1);

  limits->asks_sizes = asks_sizes;
  g_mutex_init (&limits->lock);
  return limits;
}

void
topic_limits_free (TopicLimits *limits)
{
  if (!limits)
    return;
  g_clear_pointer (&limits->topics, g_hash_table_unref);
  g_strfreev (limits->names);
  g_mutex_clear (&limits->lock);
  g_free (limits);
}

static GHashTable *
ask (const TopicLimits *limits, rd_kafka_t *handle, int timeout_ms, GError **error)
{
  g_autoptr (GHashTable) counts = kafka_topic_partitions (handle, timeout_ms, error);
  g_autoptr (GHashTable) sizes = NULL;
  g_autoptr (GHashTable) topics = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  if (!counts)
    return NULL;
  if (limits->asks_sizes) {
    sizes = kafka_topic_setting (handle, (const char *const *)limits->names,
                                 KAFKA_TOPIC_RECORD_LIMIT, timeout_ms, error);
    if (!sizes)
      return NULL;
  }
  for (guint i = 0; limits->names[i]; i++) {
    KnownTopic *topic = g_new0 (KnownTopic, 1);
    const gint64 *size = sizes ? g_hash_table_lookup (sizes, limits->names[i]) : NULL;

    topic->partitions = GPOINTER_TO_INT (g_hash_table_lookup (counts, limits->names[i]));
    topic->record_limit = size && *size > FRAME_BYTES ? (gsize)*size - FRAME_BYTES : 0;
    g_hash_table_insert (topics, g_strdup (limits->names[i]), topic);
  }
  return g_steal_pointer (&topics);
}

static void
take_over (TopicLimits *limits, GHashTable *learnt_taken)
{
  g_mutex_lock (&limits->lock);
  limits->learnt_ms = clock_monotonic_ms ();
  g_clear_pointer (&limits->topics, g_hash_table_unref);
  limits->topics = learnt_taken;
  g_mutex_unlock (&limits->lock);
}

/* Whether it is time; then the next time counts from now. */
static gboolean
is_due (TopicLimits *limits)
{
  const gint64 now_ms = clock_monotonic_ms ();
  gboolean is_due;

  g_mutex_lock (&limits->lock);
  is_due =
      limits->topics && now_ms >= limits->learnt_ms + (limits->is_soon ? LEARN_SOON_MS : LEARN_MS);
  if (is_due) {
    limits->is_soon = FALSE;
    limits->learnt_ms = now_ms;
  }
  g_mutex_unlock (&limits->lock);
  return is_due;
}

gboolean
topic_limits_learn (TopicLimits *limits, rd_kafka_t *handle, const char *const *topics,
                    int timeout_ms, GError **error)
{
  GHashTable *learnt;

  g_strfreev (limits->names);
  limits->names = g_strdupv ((char **)topics);
  learnt = ask (limits, handle, timeout_ms, error);
  if (!learnt)
    return FALSE;
  take_over (limits, learnt);
  return TRUE;
}

void
topic_limits_learn_again (TopicLimits *limits, rd_kafka_t *handle)
{
  g_autoptr (GError) error = NULL;
  GHashTable *learnt;

  if (!is_due (limits))
    return;
  learnt = ask (limits, handle, LEARN_WAIT_MS, &error);
  if (learnt)
    take_over (limits, learnt);
  else
    log_limited (LOG_LEVEL_WARNING, "outbox-topics", "the broker does not tell its topics", "error",
                 error->message, NULL);
}

void
topic_limits_learn_soon (TopicLimits *limits)
{
  g_mutex_lock (&limits->lock);
  limits->is_soon = TRUE;
  g_mutex_unlock (&limits->lock);
}

gsize
topic_limits_least (TopicLimits *limits)
{
  gsize least = KAFKA_BATCH_BYTES;
  GHashTableIter iter;
  gpointer topic;

  g_mutex_lock (&limits->lock);
  g_hash_table_iter_init (&iter, limits->topics);
  while (g_hash_table_iter_next (&iter, NULL, &topic))
    if (((KnownTopic *)topic)->record_limit > 0)
      least = MIN (least, ((KnownTopic *)topic)->record_limit);
  g_mutex_unlock (&limits->lock);
  return least;
}

static KnownTopic
known (TopicLimits *limits, const char *name)
{
  KnownTopic found = { 0 };
  const KnownTopic *topic;

  g_mutex_lock (&limits->lock);
  topic = limits->topics ? g_hash_table_lookup (limits->topics, name) : NULL;
  if (topic)
    found = *topic;
  g_mutex_unlock (&limits->lock);
  return found;
}

gsize
topic_limits_record (TopicLimits *limits, const char *topic)
{
  return known (limits, topic).record_limit;
}

int
topic_limits_partitions (TopicLimits *limits, const char *topic)
{
  return known (limits, topic).partitions;
}
