/* A delivery: one record in hand, from its reading to the commit of its offset, and the table of
 * what it may become.
 *
 * What it says of itself is fixed when it is made. Its state is the window's and changes by
 * delivery_move() alone; the order to stop is anybody's to read. */
#pragma once

#include <librdkafka/rdkafka.h>
#include "program/record.h"

/* A partition, as records name it. Shared by reference, never changed. */
typedef struct {
  char *topic; /* with prefix */
  int number;
  gint64 tier_wait_ms; /* of a retry tier; 0: the source */
} Partition;
Partition *partition_new (const char *topic, int number, gint64 tier_wait_ms);
Partition *partition_ref (Partition *partition);
void partition_unref (Partition *partition);

typedef enum {
  DELIVERY_HELD,     /* the head of its tier: not due yet; nothing is counted, nobody owns it */
  DELIVERY_PARKED,   /* another record of its key is in hand */
  DELIVERY_DUE,      /* may be taken as soon as there is room */
  DELIVERY_TAKING,   /* at the take desk: its count is open from here on */
  DELIVERY_READY,    /* taken; waits for a worker */
  DELIVERY_RUNNING,  /* its handler is at work */
  DELIVERY_SETTLING, /* has its verdict, and waits for its commit */
  DELIVERY_SNOOZING, /* not now: waits in memory, its key blocked */
  DELIVERY_FINISHED, /* its offset may be committed, once those before it may */
} DeliveryState;
#define DELIVERY_STATES (DELIVERY_FINISHED + 1)

/* Whose thread moves it. */
typedef enum {
  MOVER_POLL = 1 << 0,
  MOVER_TAKE = 1 << 1, /* the take desk */
  MOVER_WORKER = 1 << 2,
  MOVER_SETTLE = 1 << 3, /* the settle desk */
} Mover;

typedef struct {
  DeliveryState from, to;
  guint movers; /* of Mover */
  const char *when;
} DeliveryMove;
/* The table of moves, for its test and its reader; @ret_count of them. */
const DeliveryMove *delivery_moves (guint *ret_count);
const char *delivery_state_name (DeliveryState state);
gboolean delivery_may_move (DeliveryState from, DeliveryState to, Mover mover);

/* What whoever works on it has to do: go on; stop at its next step boundary, to be taken again when
 * a suspect has had its turn, or because the partition goes; or forget it: the partition has gone.
 */
typedef enum { RUN_GOES_ON, RUN_STEPS_ASIDE, RUN_AT_BOUNDARY, RUN_LOST } RunOrder;

/* What the database keeps about one record: a suspect, or one that waits for a downstream. */
typedef struct {
  gint64 offset;
  gboolean has_row; /* there is a row in delivery_records */
  gboolean is_suspect;
  guint deaths;
  gint64 waiting_since_ms; /* an unknown insert or an open breaker; the database's clock; 0: not */
} RecordState;

typedef struct Lane Lane; /* window.h */
typedef struct Run Run;   /* run-inside.h */

typedef struct Delivery {
  Partition *partition; /* a reference */
  gint64 offset;
  rd_kafka_message_t *message; /* owned; NULL in tests of the window alone */
  Record *record;
  char *key;             /* what orders it; NULL: it blocks nobody */
  gint64 due_ms;         /* in a tier, by the database's clock; 0: none */
  gint64 appended_at_ms; /* the record's timestamp, but not after its reading; negative: none */

  /* The window's, under its lock. */
  DeliveryState state;
  Lane *lane; /* NULL: its partition has gone */
  GList hand; /* in its lane's line of those in hand; without data when it is in none */
  gint64 wake_at_ms;
  GSequenceIter *sleeping;
  gint64 taken_at_ms; /* monotonic */
  guint snoozes;      /* in a row, in this process */

  gint order;        /* RunOrder, atomic */
  RecordState known; /* whoever has it in hand writes it: suspects.h */
  Run *run;          /* from take to verdict; run_begin() and run_end() */
} Delivery;

/* Takes @message (may be NULL) and @headers; reads everything else from them. */
Delivery *delivery_new (Partition *partition, rd_kafka_message_t *message_taken, gint64 offset,
                        gconstpointer key, gsize key_length, gint64 timestamp_ms,
                        gint64 database_now_ms, KafkaHeaders *headers_taken);
Delivery *delivery_of_message (Partition *partition, rd_kafka_message_t *message_taken,
                               gint64 database_now_ms);
/* Its run must have ended. */
void delivery_free (Delivery *delivery);

/* The only assignment of a state. @holder: who holds the lock that guards it, which has to be this
 * thread. Asserts that the table has the move. */
void delivery_move (Delivery *delivery, DeliveryState to, Mover mover, const GThread *holder);

RunOrder delivery_order (const Delivery *delivery);
/* Only ever further: a lost one does not come back. */
void delivery_give_order (Delivery *delivery, RunOrder order);
/* It has stepped aside, and it is its turn again. Any other order stands. */
void delivery_back_in_line (Delivery *delivery);
gboolean delivery_is_in_hand (const Delivery *delivery); /* taking to settling */
/* A failure now would use up its attempts. */
gboolean delivery_is_last_attempt (const Delivery *delivery, guint attempts_max);
/* What other consumers have spent on it is not @consumer's: see record_begin_anew(). */
void delivery_begin_anew (Delivery *delivery, const char *consumer);
/* It is no record of ours, whatever its headers say: see record_disown(). */
void delivery_disown (Delivery *delivery);
/* topic, partition, offset on this thread's log lines. */
void delivery_log_context (const Delivery *delivery);
