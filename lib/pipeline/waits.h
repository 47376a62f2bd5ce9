/* What records in retry tiers wait for, a row a scope: written in the transaction that settles a
 * record there, deleted in the one that settles what came from there. A record that goes straight
 * through touches no row. Read by pipelinectl, through the view waiting_in_tiers (schemas/sql). */
#pragma once

#include "pipeline/next-record.h"

/* @wait: where the next record of @delivery waits. Travels with the transaction's next statement.
 * Errors: database. */
gboolean waits_begin (Db *db, const Context *context, const Delivery *delivery,
                      const NextWait *wait, const GError *why, GError **error);
/* The record that waited is settled: whatever it becomes. Sends nothing for one that has hop 0:
 * it has never waited. Errors: database. */
gboolean waits_end (Db *db, const Delivery *delivery, GError **error);
