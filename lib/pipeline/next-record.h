/* The next record of a message that goes on from here: into a retry tier, the dead letter or
 * quarantine. Key, value and foreign headers as they came, ours replaced. Rows of the settlement's
 * transaction. */
#pragma once

#include "pipeline/context.h"
#include "pipeline/delivery.h"
#include "program/transaction.h"

#define QUARANTINE "quarantine"

typedef struct {
  const Context *context;
  Transaction *transaction;
  const Delivery *delivery;
  const char *scope; /* whose steps a dead letter tells; NULL: none */
  const GError *why;
} NextRecord;

/* Where it waits. */
typedef struct {
  char topic[128]; /* the tier's, without prefix */
  guint attempt;   /* spent by then */
  gboolean is_look;
  gint64 due_ms, waiting_since_ms; /* the latter 0: for no downstream, no unknown insert */
} NextWait;

/* To the tier where it waits: the attempts spent choose it, or look-tier. */
void next_record_to_tier (const NextRecord *next, gboolean spends_attempt, NextWait *ret_wait);
/* Whether it can go there whole: what waits in a tier has to be read again. One that cannot is for
 * quarantine. */
gboolean next_record_fits_tier (const Context *context, const Delivery *delivery);
/* To dead letter or quarantine, @topic without prefix, with what had taken effect. A record that
 * the dead letter cannot take whole goes to quarantine by reference, where a person reads it:
 * *ret_topic is where it went. Errors: database. */
gboolean next_record_away (const NextRecord *next, const char *topic, const char **ret_topic,
                           GError **error);
