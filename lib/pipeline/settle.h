/* The settle desk: state, inbox row and outbox rows of a delivery in one transaction, shared by
 * those that wait at the same moment. It decides nothing about what happens next. */
#pragma once

#include "pipeline/settle-unit.h"

/* Those of one commit that came to the same outcome, of SettleUnit *, borrowed: the caller frees or
 * settles them again. @refusal: of SETTLED_REFUSED. In the desk's thread. */
typedef void (*SettledAnswer) (const GPtrArray *units, SettledOutcome outcome,
                               const GError *refusal, gpointer data);

typedef struct SettleDesk SettleDesk;
SettleDesk *settle_desk_new (const Context *context, SettledAnswer answer, gpointer data);
void settle_desk_free (SettleDesk *desk); /* after what waits there; NULL is fine */
void settle_desk_add (SettleDesk *desk, SettleUnit *unit_taken);
