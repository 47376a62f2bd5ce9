/* What an operator looks at, as JSON: the same rows for pipelinectl's commands and its page. Each is
 * a look at indexed rows. Nothing sealed is read, and what people have written freely is left out. */
#pragma once

#include <jansson.h>

#include "base/settings.h"
#include "db/db.h"

typedef struct {
  const char *name;
  enum { LOOK_TEXT, LOOK_NUMBER, LOOK_FLAG } kind;
} LookColumn;
/* Ended by a row without a name. */
extern const LookColumn look_columns_of_waiting[], look_columns_of_consumers[],
    look_columns_of_breakers[], look_columns_of_stuck[], look_columns_of_groups[],
    look_columns_of_overview[], look_columns_of_holds[], look_columns_of_replays[];

/* An object a row; NULL of SQL is null. */
json_t *look_rows (const DbRows *rows, const LookColumn *columns);

/* A member of such an object: NULL, or 0, where it is not there or null. Borrowed. */
const char *look_text (const json_t *object, const char *name);
gint64 look_number (const json_t *object, const char *name);

/* All: owned arrays of objects; NULL with an error of the database. */
json_t *look_waiting (Db *db, GError **error);
json_t *look_consumers (Db *db, GError **error);
/* Consumers that are paused, also those of which no process runs. */
json_t *look_pauses (Db *db, GError **error);
json_t *look_breakers (Db *db, GError **error);
json_t *look_stuck (Db *db, gint64 older_s, GError **error);
/* Open ones, the newest first. @before: those with a smaller id; 0: all. */
json_t *look_holds (Db *db, gint64 before, gint64 limit, GError **error);
/* Plans that were applied or offered to the page, and how far they have come. */
json_t *look_replays (Db *db, GError **error);
/* What became of messages in each minute since @back_s ago; a minute without any is left out. */
json_t *look_minutes (Db *db, gint64 back_s, GError **error);
/* One object: figures, and "groups" by state. @waiting: of look_waiting(), which it sums up. */
json_t *look_overview (Db *db, const json_t *waiting, GError **error);

/* "lag" of each of look_consumers(): what its consumer group has still to handle, by the broker; and
 * "lag_s": for how long the oldest of that has been due (what is not due yet is no lag). null: the
 * broker does not tell. Waits for the broker. */
void look_add_lags (const Settings *settings, json_t *consumers);
/* Whether some topic is read by a consumer of this name. */
gboolean look_is_consumer (const char *name);

/**
 * look_worst:
 * @overview, @consumers, @breakers, @waiting: as the looks above give them
 * @ret_about: which of them says more: "consumers", "breakers", "holds", "dead-letters",
 *   "quarantine", "waiting"; a constant, NULL when all is well
 *
 * Pure. Returns: one sentence, the worst thing first; owned.
 */
char *look_worst (const json_t *overview, const json_t *consumers, const json_t *breakers,
                  const json_t *waiting, const char **ret_about);
