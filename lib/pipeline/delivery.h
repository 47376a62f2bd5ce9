/* A delivery and all that the runner knows while it is in hand. Inside the room only.
 *
 * Locks: everything marked (L) is the runner's lock's. A Run belongs to its worker thread, but for
 * the fields marked. */
#pragma once

#include "kafka/consumer.h"
#include "kafka/retry-tiers.h"
#include "pipeline/breaker.h"
#include "pipeline/consumer.h"
#include "pipeline/desk.h"
#include "program/internal.h"
#include "program/journal.h"
#include "pipeline/step.h"
#include "pipeline/verdicts.h"

typedef struct Runner Runner;

/* What the database keeps about one record: a suspect, or one that waits for a downstream. */
typedef struct {
  gint64 offset;
  gboolean has_row; /* there is a row in delivery_records */
  gboolean is_suspect;
  guint deaths;
  gint64 waiting_since_ms; /* an unknown insert or an open breaker; the database's clock; 0: not */
} RecordState;

typedef struct {
  KafkaPartition *kafka; /* (L) NULL when it is not ours any more */
  char *topic;           /* with prefix */
  int number;
  gint64 tier_wait_ms; /* of a retry tier; 0: the source */
  /* The head: read, and held until it is due. It is not taken: nothing is counted, nobody owns it. */
  struct Delivery *head; /* (L) NULL: not read yet, or none there */
  gboolean is_open;      /* (L) what the database knows about its records has been read */
  GQueue window; /* (L) Delivery *: unfinished, or finished behind an unfinished one; by offset */
  gint64 stored; /* (L) offset last stored; -1: none */
  GHashTable *records;   /* (L) offset -> RecordState *, found in the database at the start */
  gboolean has_begun;    /* (L) a record has been taken from it */
  gboolean counts_stale; /* (L) the stored open counts differ from the true ones */
} Partition;
Partition *partition_ref (Partition *partition);
void partition_unref (Partition *partition);

typedef enum {
  DELIVERY_HELD,   /* the head of its tier: not due yet, not taken, not in the window */
  DELIVERY_PARKED, /* another record of its key is in hand */
  DELIVERY_DUE,    /* may be taken as soon as a worker is free */
  DELIVERY_TAKING, /* at the take desk: its count is open from here on */
  DELIVERY_RUNNING,
  DELIVERY_SETTLING,
  DELIVERY_SNOOZING,
  DELIVERY_FINISHED,
} DeliveryState;

typedef struct Delivery {
  Runner *runner;
  Partition *partition;  /* a reference */
  DeliveryState state;   /* (L) */
  gboolean is_forgotten; /* (L) its partition has gone: no verdict, no offset */
  rd_kafka_message_t *message;
  gint64 offset;
  char *key; /* printable; NULL: the record has none, and blocks nobody */
  KafkaHeaders *headers;
  char *message_id;
  guint hop, replay;
  guint attempt;             /* attempts spent before this one */
  gint64 due_ms;             /* in a tier, by the database's clock; 0: none */
  gint64 first_failed_at_ms; /* 0: never */
  char *failures;            /* first and last failures, neutral texts; may be NULL */
  RecordState record;
  guint snoozes;
  gint64 wake_at_ms;  /* monotonic, while snoozing */
  gint64 taken_at_ms; /* monotonic */
  Run *run;           /* from take to verdict */
} Delivery;

/* A scope whose run row this delivery holds. */
typedef struct {
  char *scope;
  gint64 token;
  GPtrArray *journal; /* of JournalRow *, oldest first; NULL: not read yet */
} OwnScope;

typedef enum { RUN_GOES_ON, RUN_AT_BOUNDARY, RUN_LOST } RunOrder;

struct Run {
  Runner *runner;
  Delivery *delivery;
  gpointer message;
  RunScope scope;
  gint64 group_row_id;  /* 0: no group */
  GPtrArray *scopes;    /* of OwnScope *; the first is the message's own */
  GPtrArray *ends;      /* of StepEnd *: not yet committed */
  GPtrArray *on_settle; /* of SettleItem * */
  char *note;           /* for the next start */
  gint64 snooze_ms;
  gboolean waits_for_downstream; /* what it leaves the handler for counts towards outage-max-wait */
  gboolean is_worn_out;          /* waited longer than that: it may die with an insert in doubt */
  Breaker *away; /* the last call failed because this downstream is away; borrowed */
  char *hold_reason;
  gint64 hold_behind;
  gint order; /* RunOrder, atomic: written by the poll thread */
};
typedef struct {
  RunWork work;
  gpointer data;
  GDestroyNotify free_data;
} SettleItem;

Run *run_new (Delivery *delivery);
void run_free (Run *run);
OwnScope *run_own_scope (Run *run, const char *scope); /* NULL: not taken */
gboolean run_may_go_on (Run *run, GError **error);     /* LOST or BOUNDARY otherwise */
/* Leaves a handler until a downstream may be back: SNOOZE, or DEAD when it has waited longer than
 * outage-max-wait. */
gboolean run_wait_for_downstream (Run *run, gint64 ms, const char *reason, GError **error);
void run_forget_journal (Run *run);

/* --- journal.c, step-desk.c --- */

OwnScope *run_must_own (Run *run,
                        const char *scope); /* NULL: the message's own; asserts that it was taken */
gboolean journal_load (Run *run, OwnScope *own, GError **error);

/* What waits at the step desk. */
typedef struct {
  Run *run;
  GPtrArray *ends; /* of StepEnd *, borrowed */
  /* a start */
  gboolean has_start;
  const char *scope, *step, *digest, *note;
  int ordinal;
  gint64 token;
  gboolean start_hit, group_is_over;
  gint64 started_at_ms;
  /* own work in the same transaction; such units have a transaction of their own */
  RunWork work;
  gpointer data;
  const char *step_result;
  gboolean needs_token; /* refuse (LOST) when the run row has another token */
  GError *error;
  gboolean is_done; /* (L) */
  GCond done;       /* with the runner's lock */
} StepUnit;
void steps_do (Desk *desk, GPtrArray *batch, gpointer runner); /* DeskWork */
void steps_do_own (Desk *desk, GPtrArray *batch,
                   gpointer runner);          /* DeskWork for units with work of their own */
void steps_submit (Run *run, StepUnit *unit); /* waits */
/* Hands a unit with the run's ends to the desk, waits, and takes its outcome apart. */
gboolean run_submit (Run *run, StepUnit *unit, GError **error);
/* Writes what has ended, now; TRUE when every row stood as it should. */
gboolean run_flush_ends (Run *run, GError **error);
/* The crash point NAME of each step that ends here. */
void journal_pass_points (const char *name, GPtrArray *ends);

/* --- take.c, settle.c --- */

/* What waits at the take desk; freed there, but for TAKE_CLOSE, which somebody waits for. */
typedef enum {
  TAKE_OPEN,     /* a partition that was assigned: read what the database knows about its records */
  TAKE_RECORD,   /* a delivery: count, decode, look into the inbox, own */
  TAKE_PUT_BACK, /* a suspect that has come to no verdict: close its count, then let it snooze */
  TAKE_RECOUNT,  /* a partition whose stored counts are stale */
  TAKE_CLOSE,    /* partitions that were revoked or lost: close their counts uncounted */
} TakeKind;
typedef struct {
  TakeKind kind;
  Partition *partition; /* a reference */
  Delivery *delivery;
  GPtrArray *partitions;
  gboolean is_done; /* (L) */
} TakeItem;
TakeItem *take_item_new (TakeKind kind, Partition *partition, Delivery *delivery);
void take_item_free (TakeItem *item);
void take_do (Desk *desk, GPtrArray *batch, gpointer runner); /* DeskWork over TakeItem * */

typedef struct {
  Delivery *delivery;
  Verdict verdict;
  gboolean is_quarantine, is_stale;
  gboolean spends_attempt; /* RETRY: false for what only looks later */
  gboolean is_bare; /* without the consumer's hooks and the group's events: they were refused */
  GError *error;    /* why; NULL for DONE */
  Transaction transaction;
  gboolean is_lost, is_seen; /* out */
} SettleUnit;
SettleUnit *settle_unit_new (Delivery *delivery, Verdict verdict, GError *error_taken);
void settle_do (Desk *desk, GPtrArray *batch,
                gpointer runner); /* DeskWork over SettleUnit *; frees them */

/* --- next-record.c; rows of the transaction's transaction --- */

/* To the tier where it waits: the attempts spent choose it, or look-tier. */
void next_record_to_tier (SettleUnit *unit);
/* To dead letter or quarantine, @topic without prefix, with what had taken effect. Errors: database. */
gboolean next_record_away (SettleUnit *unit, const char *topic, GError **error);

/* --- window.c; on the poll thread --- */

void window_hand_out (Runner *runner); /* as much work as is allowed; with the lock held */
gint64 window_sleeps_ms (Runner *runner,
                         gint64 ms); /* until there may be more; with the lock held */
GHashTable *window_keys_new (void);
gpointer window_on_assign (KafkaPartition *kafka, const char *topic, int number, gpointer runner);
void window_on_revoke (GPtrArray *partitions, gboolean lost, gpointer runner);

/* --- runner.c, window.c --- */

struct Runner {
  const Consumer *consumer;
  const Settings *settings;
  Program *program;
  gpointer context;
  KafkaConsumer *kafka;
  Desk *take_desk, *step_desk, *settle_desk;
  Desk *own_desks[OWN_DESKS]; /* for step units with work of their own */
  guint own_turn;             /* atomic */
  GThreadPool *workers;
  int wake_fd;
  gint sleeps; /* atomic: the poll thread is about to sleep, or sleeps */
  guint in_flight_max;
  guint quarantine_after;
  GPtrArray *tiers;           /* of RetryTier *, in the order of retries */
  const RetryTier *look_tier; /* borrowed from these; NULL when there are none */
  guint attempts_max;         /* 17: the first and 16 retries */
  gint64 unknown_settle_ms, send_within_ms, outage_max_wait_ms;
  GPtrArray
      *breakers; /* of Breaker *, by the consumer's downstreams; the first is that of its records */
  gint64 outage_look_at_ms; /* (L) monotonic: when held heads are looked at for outage-max-wait */

  GMutex lock; /* (L) */
  GCond changed;
  GPtrArray *partitions; /* (L) of Partition *, references */
  guint turn;            /* (L) whose partition's turn it is */
  GHashTable *keys;      /* (L) key -> KeyState * */
  GQueue due;            /* (L) Delivery * */
  GSequence *snoozing;   /* (L) Delivery *, by wake_at_ms */
  guint in_flight;       /* (L) taking and running: bounded by in_flight_max */
  guint settling;        /* (L) have their verdict and no worker, and wait for its commit */
  Delivery *solo;        /* (L) the suspect that runs alone */
  gboolean is_stopping;  /* (L) */
  gint64 tick_ms;        /* of the poll thread; atomic enough for /livez */
};

void delivery_log_context (
    const Delivery *delivery); /* topic, partition, offset, ids on this thread's log lines */

/* The delivery has its verdict; any thread. */
void runner_finish (Runner *runner, Delivery *delivery); /* settled: offset may go on */
void runner_snooze (Runner *runner, Delivery *delivery,
                    gint64 ms); /* wait in memory, then be taken again */
void runner_drop (Runner *runner,
                  Delivery *delivery); /* no verdict, uncounted: somebody else's now */
void runner_has_progress (Runner *runner, Delivery *delivery);  /* a step has finished */
void runner_to_settle (Runner *runner, SettleUnit *unit_taken); /* it has its verdict */
void runner_handle (gpointer delivery, gpointer runner);        /* worker */
void runner_wake (Runner *runner);
/* The open offsets of a partition, for its row of counts; of gint64. Called with the lock held. */
GArray *partition_open_offsets (Partition *partition);
void runner_ill (const char *why, gpointer runner) G_GNUC_NORETURN;
/* A failure now would use up its retries. */
static inline gboolean
delivery_is_last_attempt (const Delivery *delivery, guint attempts_max)
{
  return delivery->attempt + 1 >= attempts_max;
}
/* The breaker of that downstream; NULL: the consumer's first, and NULL where it has none. */
Breaker *runner_breaker (Runner *runner, const char *downstream);

/* journal.c: a step found started, taken over before it is looked at. */
typedef struct {
  const char *scope, *step;
  int ordinal;
  gint64 token_as_read, new_token;
} StepTake;
gboolean take_step_work (Transaction *transaction, Run *run, gpointer data,
                         GError **error); /* RunWork over a StepTake */
RunOrder run_order (Run *run);
/* take.c */
gboolean take_clear_suspect (Db *db, const Delivery *delivery,
                             GError **error); /* a bystander again */
gboolean take_close_suspect (Db *db, const Delivery *delivery, GError **error); /* not in hand */
gboolean take_forget_record (Db *db, const Delivery *delivery, GError **error); /* settled */
