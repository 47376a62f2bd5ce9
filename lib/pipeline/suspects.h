/* Open counts and suspects: what the database knows of records that were in hand when a process
 * died.
 *
 * A delivery is counted before any work. The counts of a process are one row a partition (the open
 * offsets); a record that is found with an open count by another process is a suspect, has a row of
 * its own and runs alone. Deaths while it is open as a suspect are its own; bystanders are not
 * condemned. */
#pragma once

#include "db/db.h"
#include "pipeline/delivery.h"

/* What the take desk hands in: whose counts. */
typedef struct {
  const char *consumer, *instance_id;
} Counter;

/* A partition has been assigned: what others left open becomes suspect. Returns RecordState * by
 * offset, owned (GHashTable); NULL + error. In a transaction. */
GHashTable *suspects_open (Db *db, const Counter *counter, const Partition *partition,
                           GError **error);
/* Partitions that were revoked or lost (of const Partition *): their counts are closed uncounted,
 * for shutdown, revoke and loss are nobody's death. */
gboolean suspects_close_partitions (Db *db, const Counter *counter, const GPtrArray *partitions,
                                    GError **error);

/* The open counts of one partition each, whole. */
typedef struct {
  const Partition *partition;
  GArray *offsets; /* of gint64 */
} OpenCount;
/* Counts that travel with the next statement. @counts of OpenCount *. */
gboolean suspects_count (Db *db, const Counter *counter, const GPtrArray *counts, GError **error);
/* Records below the first one delivered of a partition are settled and committed. */
gboolean suspects_forget_below (Db *db, const Counter *counter, const Delivery *delivery,
                                GError **error);
/* It runs, as a suspect: from here on a death is its own. */
gboolean suspects_open_one (Db *db, const Counter *counter, Delivery *delivery, GError **error);

/* It waits and is not in hand: a death now is none of its. */
gboolean suspects_close (Db *db, const char *consumer, const Delivery *delivery, GError **error);
/* A step has finished: a bystander again, and what it waited for is no wait any more. */
gboolean suspects_clear (Db *db, const char *consumer, const Delivery *delivery, GError **error);
gboolean suspects_forget (Db *db, const char *consumer, const Delivery *delivery, GError **error);
/* Since when it waits for a downstream, from now on if it did not before; kept with the delivery
 * too. */
gboolean suspects_keep_waiting (Db *db, const char *consumer, Delivery *delivery, GError **error);
