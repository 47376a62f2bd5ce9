/* What was attached to a claim, in our database: sealed chunk by chunk while it is written, opened
 * chunk by chunk while it is read, so that a document never stands whole in memory.
 * Source: README.md, rule 13. */
#pragma once

#include "base/seal.h"
#include "db/db.h"

#define ATTACHMENT_MAX_BYTES 100000000 /* the receiver of the papers takes no larger one */

typedef struct {
  gint64 id;
  guint position; /* as uploaded, from 0 */
  char *name;     /* as sent: personal data, and no path to be opened; NULL: it is damaged */
  gint64 bytes_at_most;
} ClaimAttachment;

/* One to be stored; all borrowed. */
typedef struct {
  guint position; /* in the order of the upload, from 0 */
  const char *name;
  gint64 document_type; /* as Claims Evidence numbers documents; 0: not told */
  int fd;               /* holds the document from its first byte; its own place does not matter */
  gint64 length;        /* bytes, 1 to ATTACHMENT_MAX_BYTES */
} NewClaimAttachment;

/* In the caller's transaction. Errors: database errors, %G_FILE_ERROR. */
gboolean claim_attachment_store (Db *db, Sealer *sealer, gint64 parent_claim_id,
                                 const NewClaimAttachment *attachment, GError **error);

/* Of ClaimAttachment *, in the order of the upload; owned by the caller. */
GPtrArray *claim_attachments_list (Db *db, Sealer *sealer, gint64 parent_claim_id, GError **error);

/**
 * claim_attachment_read:
 * @fd: empty, for writing: a memfd, or what spool_file_new() gives. Borrowed
 * @ret_length: bytes of the document
 *
 * Writes the document into @fd, whichever way its row keeps it. One chunk a query, in no
 * transaction: what is stored does not change.
 *
 * Errors: %CLAIMS_ERROR_NOT_FOUND, %CLAIMS_ERROR_INVALID (a chunk is missing), seal and database
 * errors, %G_FILE_ERROR; what is in @fd then is not the document.
 */
gboolean claim_attachment_read (Db *db, Sealer *sealer, gint64 attachment_id, int fd,
                                gint64 *ret_length, GError **error);
