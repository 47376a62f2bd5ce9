/* The settle desk: state, inbox row and outbox rows of a delivery in one transaction, shared by
 * those that wait at the same moment. What a settlement writes is a table, a function a row; the
 * desk decides nothing about what happens next. */
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

/* Those of one commit that came to the same outcome, of SettleUnit *, borrowed: the caller frees or
 * settles them again. @refusal: of SETTLED_REFUSED. In the desk's thread. */
typedef void (*SettledAnswer) (const GPtrArray *units, SettledOutcome outcome,
                               const GError *refusal, gpointer data);

typedef struct SettleDesk SettleDesk;
SettleDesk *settle_desk_new (const Context *context, SettledAnswer answer, gpointer data);
void settle_desk_free (SettleDesk *desk); /* after what waits there; NULL is fine */
void settle_desk_add (SettleDesk *desk, SettleUnit *unit_taken);
