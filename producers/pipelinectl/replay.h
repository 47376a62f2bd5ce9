/* pipelinectl replay: plan, offer, apply, status. See replay.c. */
#pragma once

#include <jansson.h>

#include "program/program.h"

typedef struct {
  char **topics;             /* without prefix; NULL: the consumers' sources */
  int partition;             /* -1: all */
  gint64 from, to;           /* offsets, @to not included; -1: as far as the log reaches */
  gint64 since_ms, until_ms; /* by the record's own time; -1: whenever */
  char **groups;             /* guids; NULL: all */
  char *veteran;             /* a veteran key; NULL: all */
  char *outcome;             /* a state of group or claim; NULL: all */
  char *cause;               /* an error class that the record names; NULL: all */
} ReplaySelectors;

/**
 * replay_plan:
 * @ret_totals: what the file's last line says, or would; owned, NULL with @error
 *
 * Reads the selected records up to where the logs end now, by assignment alone, and writes for each
 * what a replay would do. Changes nothing. FALSE without @error: nothing matches, and there is no
 * file. Errors: %KAFKA_ERROR, database, %REPLAY_FILE_ERROR, SEAL_ERROR.
 */
gboolean replay_plan (Program *program, const ReplaySelectors *selectors, guint replays_max,
                      const char *path, json_t **ret_totals, GError **error);

typedef struct {
  const char *path, *reason;
  int rate; /* groups a second; of an apply */
  gboolean is_yes, is_json;
} ReplayOrder;
/* Does what the plan says, each group in its transaction, from where an earlier apply of it has
 * ended. Returns an exit code. */
int replay_apply (Program *program, const ReplayOrder *order, GError **error);
/* Hands the plan to the page, which applies it. Returns an exit code. */
int replay_offer_file (Program *program, const ReplayOrder *order, GError **error);
