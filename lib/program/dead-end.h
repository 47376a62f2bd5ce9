/* A record that no consumer goes on with by itself: a dead letter, or one in quarantine. Written in
 * the transaction that sends it there; where it lies is noted with its delivery report (outbox.sql).
 * Read by pipelinectl. */
#pragma once

#include "program/record.h"
#include "program/transaction.h"

typedef struct {
  const char *topic;  /* where it goes, without prefix */
  const char *source; /* where the record lies that failed: record_place(); NULL: not at hand */
  const char *scope, *claim_group_id; /* NULL: it could not be decoded */
  gint64 claim_id;                    /* 0: a group's */
  const Record *record;               /* the one that failed; NULL: not at hand */
  guint attempts;                     /* spent, the one that has ended it among them */
  gint64 first_failed_at_ms;          /* 0: not known */
  const char *error_class, *error_message;
} DeadEnd;

/* After the outbox row that carries it, which it marks as its own unless that has a scope already.
 * Travels with the transaction's next statement. Errors: database. */
gboolean dead_end_write (Transaction *transaction, const DeadEnd *end, GError **error);
