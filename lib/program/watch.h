/* The watch: Kafka may lose a record (retention, a topic deleted and made again, an unclean
 * election, offsets of a group set forward), and the database knows what should be moving.
 *
 * Where the record of each claim and group lies is noted when it is published (record_places,
 * outbox.h). One process, by lease, compares each watch-every: a claim that is to go on, with no
 * outbox row, no hold and nothing of it in anybody's hand, has lost its record when its consumer
 * group has committed an offset beyond it, when the log begins after it or ends before it, or when
 * another record lies there now. Found so in two looks it is sent again, once for all processes,
 * with an event (record-lost) and a count (records_lost_total): the same message, hop + 1, no
 * attempt spent, into its consumer's source, or into its tier where it is not due yet. Should the
 * old one turn up after all, inbox and journal make it harmless.
 *
 * Why no committed offset accuses wrongly: an offset is committed after the settlement that has
 * finished its record, and that transaction has closed the claim, put it on hold, or written its
 * next record. So whoever reads the offset first and the database after it sees what the settlement
 * did.
 *
 * Gauges of the holder: claims_expected_moving, claims_not_judged (the broker did not tell enough),
 * oldest_open_group_seconds. */
#pragma once

#include "base/settings.h"
#include "program/lease.h"
#include "program/transaction.h"

/* --- What follows from what is known; pure --- */

/* The database's answer. */
typedef struct {
  gint64 offset;         /* of its record; -1: the broker did not tell when it was published */
  gboolean is_young;     /* published a moment ago */
  gboolean is_open;      /* it is to go on, by this record */
  gboolean is_held;      /* a person decides */
  gboolean is_in_outbox; /* a record of it is on its way to the broker */
  gboolean is_in_hand;   /* a process that lives is at it */
} WatchFacts;

typedef enum {
  WATCH_AT_UNREAD,  /* nobody has looked what lies there */
  WATCH_AT_SAME,    /* this record */
  WATCH_AT_ANOTHER, /* another one, or none */
} WatchAt;

/* The broker's. */
typedef struct {
  gboolean is_missing; /* there is no such topic or partition now */
  gint64 low, high;    /* first offset that is there, and the one after the last; -1: not known */
  gint64 committed;    /* what its consumer group reads next; -1: none, or not known */
  WatchAt at;
} WatchLog;

typedef enum { WATCH_MOVING, WATCH_LOST, WATCH_UNKNOWN } WatchVerdict;

/* Whether anything is missed if its record is not where it was. */
gboolean watch_misses (const WatchFacts *facts);
/* @ret_why: of WATCH_LOST, a constant: "passed", "before-the-log", "beyond-the-log",
 *   "another-record"; else NULL. */
WatchVerdict watch_judge (const WatchFacts *facts, const WatchLog *log, const char **ret_why);

/* --- The process's --- */

typedef struct {
  const Settings *settings; /* database-url, topic-prefix, broker */
  Outbox *outbox;           /* whose handle asks the broker */
  gint64 every_ms;          /* between two looks; what is younger is not missed yet */
  Lease *lease;             /* whose holder looks */
  /* program_transaction() */
  gboolean (*transact) (TransactionWork work, gpointer work_data, gpointer data, GError **error);
  gpointer data;
} WatchOptions;

typedef struct Watch Watch;
Watch *watch_start (const WatchOptions *options);
/* Waits for the question or statement under way. NULL is fine. */
void watch_stop (Watch *watch);
