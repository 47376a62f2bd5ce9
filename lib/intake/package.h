/* A package as it goes over the wire: metadata, the main document, attachments, in the one form of
 * multipart that the server's own line parser takes. Source: README.md, "The package". */
#pragma once

#include <glib.h>

#define INTAKE_DOCUMENT_MAX_BYTES 100000000
/* The server takes 5 GB in all; so does one PUT. */
#define INTAKE_PACKAGE_MAX_BYTES  G_GINT64_CONSTANT (5000000000)

typedef struct IntakePackage IntakePackage;

/* @metadata: JSON, see metadata.h; copied. */
IntakePackage *intake_package_new (const char *metadata);
void intake_package_free (IntakePackage *package);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IntakePackage, intake_package_free)

/* Documents in their order: the first is the content, the others attachments. */
void intake_package_add_bytes (IntakePackage *package, GBytes *pdf);
/* @fd: borrowed until the package is gone; read from its beginning by place, so that its position
 * does not matter and it can be read again. */
void intake_package_add_file (IntakePackage *package, int fd, gsize length);

/* Errors: %INTAKE_ERROR_ARGUMENT: no document, one that is empty or over
 * INTAKE_DOCUMENT_MAX_BYTES, or more than INTAKE_PACKAGE_MAX_BYTES in all. */
gboolean intake_package_check (const IntakePackage *package, GError **error);

/* What goes into Content-Length, exactly, and into Content-Type. */
gsize intake_package_bytes (const IntakePackage *package);
const char *intake_package_content_type (const IntakePackage *package);

/* The package being read from its beginning to its end, and the MD5 of what has been read. */
typedef struct IntakeStream IntakeStream;
IntakeStream *intake_stream_new (const IntakePackage *package); /* borrowed */
void intake_stream_free (IntakeStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IntakeStream, intake_stream_free)
/* 1 to @size bytes; 0: the end, -1: a file is shorter than it was said to be, or unreadable. */
gssize intake_stream_read (gpointer stream, char *buffer, gsize size);
/* Ends the reading. Lower-case hexadecimal; borrowed. */
const char *intake_stream_md5 (IntakeStream *stream);
