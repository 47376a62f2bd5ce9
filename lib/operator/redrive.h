/* Dead ends that are sent on their way again: which, whether they may, and each in its transaction. */
#pragma once

#include <jansson.h>

#include "operator/desk.h"
#include "operator/revive.h"

#define REDRIVE_REPLAYS_DEFAULT 3

typedef struct {
  gint64 id, claim_id;
  char *guid;            /* NULL: of no group */
  gboolean is_of_papers; /* not the group's own record, but that of its papers */
  char *topic, *cause, *fingerprint;
  ReviveKind kind;
  char *why;
  char *said; /* by the transaction that refused; NULL: nothing */
  gboolean is_done;
} RedriveCase;

typedef struct {
  char **topics;
  GArray *ids;       /* of gint64; empty: all */
  const char *cause; /* NULL: all */
  guint replays_max;
} RedriveQuestion;
/* Those not redriven yet, each group once, and its papers; of RedriveCase *, owned. Errors:
 * database. */
GPtrArray *redrive_find (Db *db, const RedriveQuestion *question, GError **error);
gboolean redrive_is_to_do (const RedriveCase *it);
/* { "id", "group", "cause", "what", "done", "why" }: before it is tried, and after. */
json_t *redrive_tell (const RedriveCase *it, gboolean is_tried);

typedef struct {
  OperatorTransact transact;
  gpointer owner; /* handed to @transact */
  const char *who, *reason;
  guint replays_max;
} RedriveOrder;
/* TRUE also where its group has changed meanwhile or may not: @it then says why. Errors: those of
 * the transaction. */
gboolean redrive_one (const RedriveOrder *order, RedriveCase *it, GError **error);
