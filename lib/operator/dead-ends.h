/* Dead ends: records that no consumer goes on with, in the dead-letter topics and in quarantine. What
 * a record holds is not shown, for in quarantine it may be anybody's. */
#pragma once

#include <jansson.h>

#include "base/settings.h"
#include "db/db.h"

typedef enum { DEAD_LETTERS, QUARANTINE, DEAD_ENDS_OF_ALL_KINDS } DeadEndKind;
/* Full names of their topics, NULL-ended, owned. @settings: topic-prefix. */
char **dead_ends_topics (const Settings *settings, DeadEndKind kind);

typedef struct {
  char **topics;
  const char *cause;         /* NULL: all */
  gboolean is_with_redriven; /* those too that were sent on their way again */
  gint64 before;             /* those with a smaller id; 0: all */
  gint64 limit;
} DeadEndQuestion;
/* The newest first. Owned array; NULL with an error of the database. */
json_t *dead_ends_list (Db *db, const DeadEndQuestion *question, GError **error);
/* By topic and cause: how many were not redriven. */
json_t *dead_ends_count (Db *db, char **topics, GError **error);
/* One of them; @reader_settings: with what its record says of itself ("headers", null: the broker
 * has it no more), by the broker; NULL: without. NULL without @error: there is none of this id in
 * @topics. Errors: database, KAFKA_ERROR. */
json_t *dead_ends_get (Db *db, char **topics, gint64 id, const Settings *reader_settings,
                       GError **error);
