/* A claim group is sent on its way again by an operator: whether it may, and the one transaction
 * that does it. The decision is pure, and shared by who shows it beforehand and who does it.
 *
 * What is finished stays finished: the records go to the consumers, whose journal says what is left.
 * The group's replay number rises by one, so that records of before settle nothing, and bounds how
 * often this is done. */
#pragma once

#include "db/db.h"
#include "program/program.h"

#define REVIVE_ERROR (revive_error_quark ())
GQuark revive_error_quark (void);
typedef enum {
  REVIVE_ERROR_REFUSED, /* it may not; the message says why */
  REVIVE_ERROR_CHANGED, /* it is not as it was when it was looked at */
} ReviveError;

typedef struct {
  gint64 claim_id;
  char *form_type, *state, *benefit_claim_id;
  gboolean is_held;
} ReviveChild;

/* A group as it stands. */
typedef struct {
  char *guid, *state, *proc_id, *review_reasons;
  gint64 parent_claim_id, closer;
  guint replay;
  gboolean is_held;           /* the group's own work */
  gboolean has_backup;        /* backup has begun with it */
  gboolean is_insert_unknown; /* of a child: an insert stands started */
  char *emails;               /* kinds that were requested, with commas: none of them goes again */
  char *fingerprint;          /* of all that decides */
  GPtrArray *children;        /* of ReviveChild * */
} ReviveGroup;
void revive_group_free (gpointer group);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReviveGroup, revive_group_free)

/* Of @guids (of const char *), by guid; of ReviveGroup *, owned. What is not there is left out.
 * Errors: database. */
GHashTable *revive_groups_find (Db *db, const GPtrArray *guids, GError **error);

typedef enum {
  REVIVE_NOTHING, /* done: no record, no call */
  REVIVE_SEND,    /* the group stands: records for what is not submitted */
  REVIVE_BEGIN,   /* it had failed: accepted again, then the same */
  REVIVE_REFUSE,
} ReviveKind;

/* @claim_id: whose record is looked at; 0: the group's. @ret_why: a constant, never NULL. */
ReviveKind revive_decide (const ReviveGroup *group, gint64 claim_id, guint replays_max,
                          const char **ret_why);
const char *revive_kind_name (ReviveKind kind);
/* Whether that child gets a record when its group is sent. */
gboolean revive_sends_child (const ReviveGroup *group, const ReviveChild *child);

typedef struct {
  const char *guid;
  gint64 claim_id;
  guint replays_max;
  const char *fingerprint; /* as looked at; NULL: as it is found */
  const char *action, *subject, *reason;
  const char *who; /* NULL: the user of this process */
  /* More of the same transaction; may be NULL */
  gboolean (*beside) (Transaction *transaction, gint64 action_id, gpointer data, GError **error);
  gpointer data;
} ReviveOrder;
/* A TransactionWork; @data: const ReviveOrder *. Errors: REVIVE_ERROR and database. */
gboolean revive_group (Transaction *transaction, gpointer data, GError **error);

/* --- What revive.c and revive-papers.c share --- */

typedef GHashTable *(*ReviveFind) (Db *db, const GPtrArray *guids, GError **error);
/* What @find says of that group once its row is locked; owned. Errors: REVIVE_ERROR and database. */
gpointer revive_find_locked (Db *db, const char *guid, ReviveFind find, GError **error);
/* Errors: %REVIVE_ERROR_CHANGED. */
gboolean revive_is_as_looked_at (const ReviveOrder *order, const char *fingerprint, GError **error);
/* Errors: %REVIVE_ERROR_REFUSED, @why. */
gboolean revive_may (ReviveKind kind, const char *why, GError **error);
/* The end of the transaction: the operator's action, its dead ends, which @sql_dead_ends ($1: @whose,
 * $2: the action) says are seen to, and what the order wants beside. */
gboolean revive_write_down (Transaction *transaction, const ReviveOrder *order,
                            const char *sql_dead_ends, const char *whose, GError **error);
