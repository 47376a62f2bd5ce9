/* What is attached to a claim on its way in: it stands in a spool file while it comes, and is
 * judged by the press before anything is stored. The file holds it plain, for the press reads it
 * there, and the count that its chunks are sealed with is known at its end only. */
#pragma once

#include <jansson.h>

#include "http/server.h"
#include "press/press.h"

#define ATTACHMENTS_MAX     20
#define ATTACHMENT_NAME_MAX 255 /* characters */
#define DOCUMENT_TYPE_MAX   9999

typedef struct {
  char *name;           /* as sent */
  gint64 document_type; /* as Claims Evidence numbers documents; 0: not told */
  char *
      content_base64; /* of a JSON body, valid, at least one byte; NULL else, and once it is held */
  int fd;             /* a spool file; -1: none yet */
  gint64 length;      /* bytes in it */
  GChecksum *sum;     /* SHA-256 of them */
} Attachment;
Attachment *attachment_new (const char *name);
void attachment_free (gpointer attachment);

/* Where attachments stand, and who judges them. */
typedef struct {
  Press *press;
  const char *spool_directory; /* NULL or "": memory */
  gint64 max_bytes;            /* of one claim's together */
} AttachmentDesk;

/* All of these: NULL to go on, or the answer that ends the request. @position: from 0; @refusals:
 * of ClaimFinding *, to which is added what the press refuses. */
HttpReply *attachment_append (Attachment *attachment, const AttachmentDesk *desk, guint position,
                              const char *bytes, gsize length, GPtrArray *refusals);
HttpReply *attachment_judge (const Attachment *attachment, const AttachmentDesk *desk,
                             guint position, GPtrArray *refusals);
/* @attachments of a JSON body are held and judged. */
HttpReply *attachments_hold (GPtrArray *attachments, const AttachmentDesk *desk,
                             GPtrArray *refusals);
/* FALSE: no such number, which is added to @refusals under @pointer, borrowed. NULL and null: not
 * told, so 0. */
gboolean attachment_read_type (const json_t *given, const char *pointer, GPtrArray *refusals,
                               gint64 *ret_document_type);
gint64 attachments_bytes (const GPtrArray *attachments);
HttpReply *attachments_too_large (void); /* 413 */
void attachment_refuse (GPtrArray *refusals, guint position, const char *message);
