/* A replay's plan, carried out: by the command line from its file, by the page from rows into which the
 * command line has put it, for the page has neither a broker to make a plan with nor the key that a file
 * is sealed with. Each record that sends its group is a transaction of its own, refused by name where
 * the group is not as it was planned, and has one outcome, whoever comes to it first. */
#pragma once

#include <jansson.h>

#include "operator/desk.h"
#include "operator/revive.h"

/* A record of a plan that sends its group. */
typedef struct {
  gint64 n, claim_id; /* @n: its number in the plan */
  gboolean is_of_papers;
  char *guid;
  char *source; /* topic/partition/offset */
  char *fingerprint;
} ReplayRecord;
void replay_record_free (ReplayRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReplayRecord, replay_record_free)

typedef struct {
  OperatorTransact transact;
  gpointer owner; /* handed to @transact */
  Db *db;         /* for what is refused */
  const char *plan;
  const char *who; /* NULL: the user of this process */
  const char *reason;
  guint replays_max;
} ReplayWork;

/* That it begins, once. Errors: database. */
gboolean replay_begin (const ReplayWork *work, gint64 records, gint64 to_send, GError **error);
typedef enum { REPLAY_SENT, REPLAY_REFUSED, REPLAY_WAS_DONE, REPLAY_FAILED } ReplayOutcome;
/* @ret_why: of what is refused, owned; may be NULL. Errors: of REPLAY_FAILED, those of the
 * transaction. */
ReplayOutcome replay_send (const ReplayWork *work, const ReplayRecord *record, char **ret_why,
                           GError **error);
/* Numbers that have an outcome; keys are gint64 *; owned. Errors: database. */
GHashTable *replay_recorded (Db *db, const char *plan, GError **error);
/* That all of it has an outcome; what was offered of it goes. Errors: database. */
gboolean replay_end (Db *db, const char *plan, GError **error);

/* --- A plan that is offered to the page --- */

/* Of the user of this process. @totals: the plan's last line. In one transaction with its records; once
 * more is no error: *@ret_new FALSE. Errors: database. */
gboolean replay_offer (Db *db, const json_t *totals, const char *reason, gboolean *ret_new,
                       GError **error);
/* @records: of ReplayRecord *. Errors: database. */
gboolean replay_offer_records (Db *db, const char *plan, const GPtrArray *records, GError **error);

typedef struct {
  char *plan, *at, *who;
  gint64 records, to_send, calls, looks;
  guint replays_max;
  GPtrArray *next; /* of ReplayRecord *: the first that have no outcome */
  gint64 rest;     /* of these, how many there are */
} ReplayOffer;
void replay_offer_free (ReplayOffer *offer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReplayOffer, replay_offer_free)
/* NULL without @error: no such plan is offered. Errors: database. */
ReplayOffer *replay_offer_read (Db *db, const char *plan, gint64 limit, GError **error);
