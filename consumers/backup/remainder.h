/* What is left of a group that BGS has taken: papers that its folder does not take for good. They go
 * as one package of just these, below a cover that names their benefit claims; the group's success
 * stands, whatever becomes of it. */
#pragma once

#include "claims/paper.h"
#include "program/transaction.h"

/* Of Paper *: refused, and not given up; owned. */
GPtrArray *remainder_list (Db *db, const char *guid, GError **error);

/* Inside the transaction of an accepted package. @refusals: of ParcelRefusal, attachments that it
 * goes without. */
gboolean remainder_accepted (Transaction *transaction, const char *guid, const GPtrArray *papers,
                             const GArray *refusals, guint package_no, GError **error);
/* The last resort has failed: a person has to see to them. The Veteran is not told of an error, for
 * his claim is established. */
gboolean remainder_give_up (Transaction *transaction, const char *guid, gint64 parent_claim_id,
                            const char *why, GError **error);
/* It had come to nothing, and has arrived after all: those of its papers that nothing else has moved
 * since are there. */
gboolean remainder_healed (Transaction *transaction, const char *guid, gint64 package_id,
                           guint package_no, GError **error);
/* The package with that row has come to nothing: those that went by it are to go again. */
gboolean remainder_lost (Transaction *transaction, const char *guid, gint64 package_id,
                         const char *why, GError **error);
