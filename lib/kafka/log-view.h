/* What the broker knows of places in its logs: how far a log reaches, how far a consumer group has
 * come, what lies at an offset. Asked from outside: no group is joined, nothing is committed. Every
 * question waits at most its time-out. */
#pragma once

#include "kafka/client.h"
#include "kafka/headers.h"

/* A partition, as seen at one moment. */
typedef struct {
  char *topic; /* full name */
  int partition;
  gboolean is_missing; /* the cluster has no such topic or partition */
  gint64 low, high;    /* first offset that is there, and the one after the last; -1: not known */
  gint64 committed; /* what the group reads next; -1: it has never committed, or it is not known */
} KafkaLogView;
KafkaLogView *kafka_log_view_new (const char *topic, int partition);
void kafka_log_view_free (gpointer view);

/* Fills in @committed of @views (of KafkaLogView *), those of one consumer group (full name).
 * Errors: %KAFKA_ERROR_AWAY, %KAFKA_ERROR_SETTING. */
gboolean kafka_log_view_ask_committed (const Settings *settings, const char *group,
                                       const GPtrArray *views, int timeout_ms, GError **error);

/* A handle that can be asked how far a group (full name) has come, and never joins it. Errors:
 * %KAFKA_ERROR_SETTING. */
rd_kafka_t *kafka_group_observer_new (const Settings *settings, const char *group, GError **error);
void kafka_group_observer_free (rd_kafka_t *observer); /* NULL is let through */

/* Reads single records, and knows how far logs reach. One thread. */
typedef struct KafkaReader KafkaReader;
KafkaReader *kafka_reader_new (const Settings *settings, GError **error);
void kafka_reader_free (KafkaReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KafkaReader, kafka_reader_free)

/* Fills in @low and @high. A partition that has just moved to another broker may be not known for a
 * moment.
 * Errors: %KAFKA_ERROR_AWAY. */
gboolean kafka_log_view_ask_ends (KafkaReader *reader, KafkaLogView *view, int timeout_ms,
                                  GError **error);
/* A record that is looked for. */
typedef struct {
  const char *topic; /* full name; borrowed */
  int partition;
  gint64 offset;
  gboolean is_answered;
  gboolean is_end;       /* of an answered one: no record lies there, nor behind it */
  KafkaHeaders *headers; /* owned; of an answered one NULL: no record has this offset */
  gint64 written_ms;     /* of a record: when, by whoever wrote it; 0: nobody says */
} KafkaWanted;
void kafka_wanted_free (gpointer wanted);

/**
 * kafka_reader_read:
 * @wanted: of KafkaWanted *; all at once, for a first answer takes up to 1 s, and what lies between
 *   two of a partition is read
 * @records_max: and no more records than these
 *
 * What is not answered in time is no error, and nothing is known of it. Errors:
 * %KAFKA_ERROR_SETTING.
 */
gboolean kafka_reader_read (KafkaReader *reader, const GPtrArray *wanted, guint records_max,
                            int timeout_ms, GError **error);
