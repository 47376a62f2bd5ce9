/* A settlement: what one delivery adds to a transaction. Inside the room; handlers see run.h. */
#pragma once

#include "pipeline/outbox.h"
#include "pipeline/program.h"
#include "pipeline/run.h"

struct Settlement {
  Db *db;
  Program *program;
  const char *source;      /* program or consumer: the "consumer" of events */
  const char *traceparent; /* carried on; may be NULL */
  guint replay;
  gint64 now_ms;           /* the database's clock */
  const char *step_result; /* inside Step.on_end */
  GPtrArray *rows;         /* of OutboxRow *: made here, inserted by whoever owns the transaction */
};

void settlement_init (Settlement *settlement, Program *program, Db *db, const char *source,
                      const char *traceparent, guint replay);
void settlement_clear (Settlement *settlement);
/* A row with given headers: dead letters, quarantine, retries. Takes all but the settlement. @topic
 * without prefix. */
void settlement_add_row (Settlement *settlement, const char *topic, gint32 partition,
                         GBytes *key_taken, GBytes *value_taken, KafkaHeaders *headers_taken);
