/* What a consumer group has still to handle in a topic. Asked from outside: no group is joined,
 * nothing is committed. One thread. */
#pragma once

#include "base/settings.h"
#include "kafka/client.h"

typedef struct KafkaWaiting KafkaWaiting;
/* Of a group (full name). @due_header: a constant, the header that says when a record is due; NULL:
 * none does. Errors: %KAFKA_ERROR_SETTING. */
KafkaWaiting *kafka_waiting_new (const Settings *settings, const char *group,
                                 const char *due_header, GError **error);
void kafka_waiting_free (KafkaWaiting *waiting);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KafkaWaiting, kafka_waiting_free)

/* Since when the oldest is to be handled of all that were counted: its @due_header (ms), or where it
 * has none when it was written. 0: nothing was counted, or its time is not known. */
gint64 kafka_waiting_oldest_ms (const KafkaWaiting *waiting);

/**
 * kafka_waiting_count:
 * @timeout_ms: of each question to the broker; an error that may pass is asked again until then
 * @ret_end: grows by the partitions' ends, so that an equal sum later says that nothing has been
 *   written; may be NULL
 *
 * How many records the group has not handled; a partition that has some counts with what else lies
 * among them (the markers of transactions, gaps). -1: error is set.
 *
 * Errors: %KAFKA_ERROR_AWAY, %KAFKA_ERROR_SETTING.
 */
gint64 kafka_waiting_count (KafkaWaiting *waiting, const char *topic, int partitions,
                            int timeout_ms, gint64 *ret_end, GError **error);
