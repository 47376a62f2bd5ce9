/* Segments of text and documents, one after the other; nothing is ever whole in memory. */
#include "intake/package.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/text.h"
#include "intake/intake.h"

#define CRLF "\r\n"

/* Memory or a file, never both. */
typedef struct {
  GBytes *bytes;
  int fd;
  gsize length;
  gboolean is_document;
} Segment;

struct IntakePackage {
  char *boundary, *content_type;
  GArray *segments; /* of Segment, without the end of the payload */
  GBytes *end;
  guint documents;
};

struct IntakeStream {
  const IntakePackage *package;
  guint segment; /* one behind the last is the end of the payload */
  gsize at;      /* in it */
  GChecksum *md5;
};

static void
segment_clear (gpointer data)
{
  Segment *segment = data;

  g_clear_pointer (&segment->bytes, g_bytes_unref);
}

static void
add_text (IntakePackage *package, char *text)
{
  gsize length = strlen (text);
  Segment segment = { .bytes = g_bytes_new_take (text, length), .fd = -1, .length = length };

  g_array_append_val (package->segments, segment);
}

/* The server takes the first line of the whole for the separator, and asks each part for these two
 * headers. */
static void
add_head (IntakePackage *package, const char *name, const char *type)
{
  gboolean is_first = package->segments->len == 0;

  add_text (package,
            g_strdup_printf ("%s--%s" CRLF "Content-Disposition: form-data; name=\"%s\"" CRLF
                             "Content-Type: %s" CRLF CRLF,
                             is_first ? "" : CRLF, package->boundary, name, type));
}

IntakePackage *
intake_package_new (const char *metadata)
{
  IntakePackage *package = g_new0 (IntakePackage, 1);
  g_autofree char *uuid = text_new_uuid ();
  char *end = NULL;

  package->boundary = g_strconcat ("package-", uuid, NULL); /* random: it stands in no document */
  package->content_type = g_strconcat ("multipart/form-data; boundary=", package->boundary, NULL);
  package->segments = g_array_new (FALSE, TRUE, sizeof (Segment));
  g_array_set_clear_func (package->segments, segment_clear);
  end = g_strdup_printf (CRLF "--%s--" CRLF, package->boundary);
  package->end = g_bytes_new_take (end, strlen (end));
  add_head (package, "metadata", "application/json");
  add_text (package, g_strdup (metadata));
  return package;
}

void
intake_package_free (IntakePackage *package)
{
  if (!package)
    return;
  g_free (package->boundary);
  g_free (package->content_type);
  g_array_unref (package->segments);
  g_bytes_unref (package->end);
  g_free (package);
}

static void
add_document (IntakePackage *package, Segment document)
{
  g_autofree char *name = package->documents == 0
                              ? g_strdup ("content")
                              : g_strdup_printf ("attachment%u", package->documents);

  package->documents++;
  document.is_document = TRUE;
  add_head (package, name, "application/pdf");
  g_array_append_val (package->segments, document);
}

void
intake_package_add_bytes (IntakePackage *package, GBytes *pdf)
{
  add_document (
      package, (Segment){ .bytes = g_bytes_ref (pdf), .fd = -1, .length = g_bytes_get_size (pdf) });
}

void
intake_package_add_file (IntakePackage *package, int fd, gsize length)
{
  add_document (package, (Segment){ .fd = fd, .length = length });
}

gboolean
intake_package_check (const IntakePackage *package, GError **error)
{
  guint number = 0;

  for (guint i = 0; i < package->segments->len; i++) {
    const Segment *segment = &g_array_index (package->segments, Segment, i);

    if (!segment->is_document)
      continue;
    if (segment->length == 0 || segment->length > INTAKE_DOCUMENT_MAX_BYTES) {
      g_set_error (error, INTAKE_ERROR, INTAKE_ERROR_ARGUMENT,
                   "package: document %u has %" G_GSIZE_FORMAT " bytes; 1 to %d can be sent",
                   number, segment->length, INTAKE_DOCUMENT_MAX_BYTES);
      return FALSE;
    }
    number++;
  }
  if (number > 0 && intake_package_bytes (package) <= INTAKE_PACKAGE_MAX_BYTES)
    return TRUE;
  g_set_error (error, INTAKE_ERROR, INTAKE_ERROR_ARGUMENT,
               "package: %u documents of %" G_GSIZE_FORMAT " bytes in all cannot be sent", number,
               intake_package_bytes (package));
  return FALSE;
}

gsize
intake_package_bytes (const IntakePackage *package)
{
  gsize bytes = g_bytes_get_size (package->end);

  for (guint i = 0; i < package->segments->len; i++)
    bytes += g_array_index (package->segments, Segment, i).length;
  return bytes;
}

const char *
intake_package_content_type (const IntakePackage *package)
{
  return package->content_type;
}

IntakeStream *
intake_stream_new (const IntakePackage *package)
{
  IntakeStream *stream = g_new0 (IntakeStream, 1);

  stream->package = package;
  stream->md5 = g_checksum_new (G_CHECKSUM_MD5);
  return stream;
}

void
intake_stream_free (IntakeStream *stream)
{
  if (!stream)
    return;
  g_checksum_free (stream->md5);
  g_free (stream);
}

static gssize
read_segment (const Segment *segment, gsize at, char *buffer, gsize size)
{
  gssize got;

  size = MIN (size, segment->length - at);
  if (segment->bytes) {
    memcpy (buffer, (const char *)g_bytes_get_data (segment->bytes, NULL) + at, size);
    return (gssize)size;
  }
  do
    got = pread (segment->fd, buffer, size, (off_t)at);
  while (got < 0 && errno == EINTR);
  return got > 0 ? got : -1;
}

gssize
intake_stream_read (gpointer data, char *buffer, gsize size)
{
  IntakeStream *stream = data;
  GArray *segments = stream->package->segments;
  gssize got;

  while (stream->segment < segments->len &&
         stream->at == g_array_index (segments, Segment, stream->segment).length) {
    stream->segment++;
    stream->at = 0;
  }
  if (stream->segment < segments->len) {
    got = read_segment (&g_array_index (segments, Segment, stream->segment), stream->at, buffer,
                        size);
  } else {
    Segment end = { .bytes = stream->package->end,
                    .length = g_bytes_get_size (stream->package->end) };

    got = read_segment (&end, stream->at, buffer, size);
  }
  if (got > 0) {
    g_checksum_update (stream->md5, (const guchar *)buffer, got);
    stream->at += (gsize)got;
  }
  return got;
}

const char *
intake_stream_md5 (IntakeStream *stream)
{
  return g_checksum_get_string (stream->md5);
}
