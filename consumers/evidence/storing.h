/* One paper into the Veteran's folder, journalled, and what becomes of it.
 *
 *   upload-paper/N   paper N of the group: {"uuid": …} of the file that is there, and "md5": "other"
 *                    where the service says that it has other bytes than were sent
 *
 * An upload of unknown outcome is looked for by the paper's name before it is made again. One that was
 * refused is looked for at once, for a name that is taken is refused, too; and where an earlier one
 * had no answer, a refusal is not believed before the folder was searched some more times, for what
 * a search tells may lag behind. */
#pragma once

#include "paper-document.h"

/* Borrowed throughout. */
typedef struct {
  const PaperMaker *maker;
  EvidenceClient *evidence;
  const Paper *paper;
  const char *folder; /* NULL: nobody knows whose it is */
} Storing;

typedef enum {
  STORING_FAILED, /* error is set */
  STORING_STORED,
  STORING_REFUSED, /* for good: written down */
} StoringEnd;

/* Errors: those of run_step(), paper_document_new() and %EVIDENCE_ERROR. */
StoringEnd storing_store (const Storing *storing, GError **error);

/* Whether another try of this paper alone has failed, and others may fare better. */
gboolean storing_is_its_own (const GError *problem);

/* Inside a transaction: it cannot be stored for good. @is_in_doubt: an upload of it has no answer. */
gboolean storing_refuse (Transaction *transaction, const char *guid, const Paper *paper,
                         const char *why, gboolean is_in_doubt, GError **error);
