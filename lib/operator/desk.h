/* Transactions of an operator whose process is no program: it has no instance, no producer and no
 * keys. What they send on its way stands in the outbox under an id that no instance has, so that
 * the relay of the programs publishes it, within a second or two (program/outbox.h). */
#pragma once

#include "base/settings.h"
#include "program/transaction.h"

/* How a transaction is made: here by operator_seat_transact(), in a program by
 * program_transaction(). */
typedef gboolean (*OperatorTransact) (TransactionWork work, gpointer work_data, gpointer owner,
                                      GError **error);

typedef struct OperatorDesk OperatorDesk;
/* @settings: topic-prefix, schema-registry-url; borrowed for its life. Errors:
 * %SETTINGS_ERROR_INVALID. */
OperatorDesk *operator_desk_new (const Settings *settings, GError **error);
void operator_desk_free (OperatorDesk *desk); /* NULL is let through */

/* One thread at the desk, with a connection that it has taken for itself. */
typedef struct {
  OperatorDesk *desk;
  Db *db;
} OperatorSeat;
/* An OperatorTransact; @seat: OperatorSeat *. Repeated on conflict. Errors: those of @work and the
 * database; EVENTS_ERROR_REGISTRY. */
gboolean operator_seat_transact (TransactionWork work, gpointer work_data, gpointer seat,
                                 GError **error);
