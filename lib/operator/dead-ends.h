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
  gboolean is_with_redriven; /* those too that were sent on their way again or closed */
  gint64 before;             /* those with a smaller id; 0: all */
  gint64 limit;
} DeadEndQuestion;
/* The newest first. Owned array; NULL with an error of the database. */
json_t *dead_ends_list (Db *db, const DeadEndQuestion *question, GError **error);
/* By topic and cause: how many were not redriven, nor closed. */
json_t *dead_ends_count (Db *db, char **topics, GError **error);
/* One of them; @reader_settings: with what its record says of itself ("headers", null: the broker
 * has it no more), by the broker; NULL: without. NULL without @error: there is none of this id in
 * @topics. Errors: database, KAFKA_ERROR. */
json_t *dead_ends_get (Db *db, char **topics, gint64 id, const Settings *reader_settings,
                       GError **error);

/* Why a record of quarantine may not be closed; NULL: it may. What its claim may still need is not
 * closed away; a record that nobody can read is nobody's. @record: of dead_ends_get(). Pure; a
 * constant. */
const char *dead_end_why_open (const json_t *record);

typedef struct {
  char **topics;        /* of quarantine */
  const json_t *record; /* of dead_ends_get(); goes into the row of operator_actions */
  const char *who;      /* NULL: the user of this process */
  const char *reason;
} DeadEndClosing;
/* From then on it is in no list and no figure of what is open; where it lies it stays. *ret_closed
 * FALSE: it may not be any more. In one transaction with its row of operator_actions. Errors:
 * database. */
gboolean dead_end_close (Db *db, const DeadEndClosing *closing, gboolean *ret_closed,
                         GError **error);
