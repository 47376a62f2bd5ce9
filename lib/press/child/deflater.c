/* See deflater.h. */
#include "press/child/deflater.h"

#define PIECE_BYTES 65536

gboolean
deflater_init (Deflater *deflater)
{
  if (deflateInit (&deflater->stream, Z_DEFAULT_COMPRESSION) != Z_OK)
    return FALSE;
  deflater->out = g_byte_array_new ();
  return TRUE;
}

static void
run (Deflater *deflater, int flush)
{
  guint8 piece[PIECE_BYTES];

  do {
    deflater->stream.next_out = piece;
    deflater->stream.avail_out = sizeof piece;
    deflate (&deflater->stream, flush);
    g_byte_array_append (deflater->out, piece, (guint)(sizeof piece - deflater->stream.avail_out));
  } while (deflater->stream.avail_out == 0);
}

void
deflater_put (Deflater *deflater, const guint8 *bytes, gsize length)
{
  while (length > 0) {
    uInt now = (uInt)MIN (length, G_MAXINT);

    deflater->stream.next_in = (guint8 *)bytes; /* zlib only reads it */
    deflater->stream.avail_in = now;
    run (deflater, Z_NO_FLUSH);
    bytes += now;
    length -= now;
  }
}

GByteArray *
deflater_finish (Deflater *deflater)
{
  run (deflater, Z_FINISH);
  deflateEnd (&deflater->stream);
  return g_steal_pointer (&deflater->out);
}

void
deflater_clear (Deflater *deflater)
{
  if (!deflater->out)
    return;
  deflateEnd (&deflater->stream);
  g_clear_pointer (&deflater->out, g_byte_array_unref);
}
