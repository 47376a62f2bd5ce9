/* A claim that comes as multipart/form-data: part "claim", the JSON, and up to 20 parts
 * "attachments" with a filename each; a part "document_type_ids" may tell what they are. Taken as a stream: the claim is judged as soon as it is
 * there, so it had better come first; each file goes into a spool file and is judged when it is
 * whole. */
#pragma once

#include "attachments.h"
#include "reading.h"

typedef struct Upload Upload;

/* @boundary: as multipart_boundary() gives it, copied. @rules, @desk: borrowed. */
Upload *upload_new (const char *boundary, const ClaimRules *rules, const AttachmentDesk *desk,
                    gboolean is_camel);
void upload_free (Upload *upload);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Upload, upload_free)

/* The next bytes. NULL to go on, or the answer that ends it: 400, 413, 422, 503. */
HttpReply *upload_take (Upload *upload, const char *bytes, gsize length);

/**
 * upload_finish:
 * @ret_body: the claim, and in place of its attachments their names and digests: by it a request is
 *   known again
 * @ret_received: with the attachments
 *
 * All bytes are there. Both are owned by the caller. Returns: NULL, or a 400 or 422.
 */
HttpReply *upload_finish (Upload *upload, json_t **ret_body, Received **ret_received);

/* Most bytes of a body whose claim and attachments are within their bounds. */
gsize upload_max_bytes (const ClaimRules *rules, const AttachmentDesk *desk);
