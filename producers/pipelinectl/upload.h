/* A claim with attachments as multipart/form-data, read from its files while it is sent. */
#pragma once

#include <glib.h>

/* Files to attach, open. Thread safe: a file's own place does not matter. */
typedef struct AttachedFiles AttachedFiles;
/* @paths: NULL-terminated. Errors: %G_FILE_ERROR; the message names the file. */
AttachedFiles *attached_files_open (char **paths, GError **error);
void attached_files_free (AttachedFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AttachedFiles, attached_files_free)
guint attached_files_count (const AttachedFiles *files);

typedef struct UploadBody UploadBody;
/* @claim: JSON; copied. @files: borrowed. */
UploadBody *upload_body_new (const char *claim, const AttachedFiles *files);
void upload_body_free (UploadBody *body);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UploadBody, upload_body_free)
gsize upload_body_length (const UploadBody *body);
const char *upload_body_content_type (const UploadBody *body); /* borrowed */
void upload_body_rewind (UploadBody *body);                    /* to be sent again */
/* An HttpBodyReader: 1 to @size bytes; 0 at the end, -1 when a file has become shorter. */
gssize upload_body_read (gpointer body, char *buffer, gsize size);
