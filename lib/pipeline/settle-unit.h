/* One delivery's settlement: how it ends, and what that writes: its state, events and next records.
 * A table, a function a row; nothing here decides what happens next. */
#pragma once

#include "pipeline/run-inside.h"

/* How a delivery is settled. */
typedef enum {
  SETTLE_DONE,
  SETTLE_RETRY,      /* next tier, one attempt spent */
  SETTLE_LATER,      /* look-tier, no attempt spent */
  SETTLE_SNOOZE,     /* not now: no inbox row */
  SETTLE_HOLD,       /* a person decides */
  SETTLE_DEAD,       /* dead letter */
  SETTLE_QUARANTINE, /* a person reads it; where it was decoded, its group ends as with DEAD */
  SETTLE_STALE,      /* of an older replay: acknowledged, settles nothing */
} SettleKind;

typedef enum {
  SETTLED_WRITTEN,
  SETTLED_SEEN,    /* the inbox has its key, of whatever scope: nothing was written */
  SETTLED_LOST,    /* the token is another's: nothing was written */
  SETTLED_HELD,    /* somebody holds a row that it needs: nothing was written */
  SETTLED_REFUSED, /* the database will not have it: @why; nothing was written */
} SettledOutcome;

typedef struct {
  Delivery *delivery;
  SettleKind kind;
  gboolean is_bare; /* without the consumer's hooks and the group's events: they were refused */
  GError *why;      /* NULL for DONE and STALE; owned */
  /* its receiver's */
  guint tries;         /* how often it has been put back */
  gboolean is_refused; /* the database has it in no shape */
  /* inside */
  Transaction transaction;
  SettledOutcome outcome;
} SettleUnit;
SettleUnit *settle_unit_new (Delivery *delivery, SettleKind kind, GError *why_taken);
void settle_unit_free (SettleUnit *unit);
/* As counted and logged: "DONE", "RETRY", … */
const char *settle_kind_name (SettleKind kind);
const char *settle_kind_label (SettleKind kind); /* of metrics */
gboolean settle_kind_has_inbox_row (SettleKind kind);

/* Whose group it is; NULL: nobody's, or nobody knows. */
const char *settle_unit_group (const SettleUnit *unit);
/* It goes into a tier. */
gboolean settle_unit_is_retry (const SettleUnit *unit);

/**
 * settle_unit_write:
 *
 * What its kind writes, and that what it waited for, or was suspected of, is over. Into its
 * transaction, whose outbox rows the caller inserts, as it does the inbox row. Errors: database
 * errors, and those of the consumer's hooks.
 */
gboolean settle_unit_write (SettleUnit *unit, const Context *context, GError **error);
