/* Lists of claim groups, a page at a time, the newest first. */
#pragma once

#include <jansson.h>

#include "db/db.h"

typedef struct {
  const char *state;  /* NULL: all */
  const char *reason; /* what it waits for: a hold's reason, or an error class; NULL: all */
  const char *after;  /* "next" of the page before; NULL: the first */
  gint64 limit;
} GroupsQuestion;

/**
 * groups_list:
 *
 * { "groups": [{ "group", "submitted_at", "age_s", "state", "children", "children_done", "waits"
 * (null, "person", "retry", "look"), "waits_for", "due_at" }], "next": null, or where the next page
 * begins }, owned. NULL without @error: @after is none of ours. Errors: database.
 */
json_t *groups_list (Db *db, const GroupsQuestion *question, GError **error);
