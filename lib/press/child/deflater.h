/* Bytes of any number, deflated as they come. */
#pragma once

#include <glib.h>
#include <zlib.h>

typedef struct {
  z_stream stream;
  GByteArray *out; /* NULL: not begun, or taken */
} Deflater;

/* FALSE: no memory, and nothing to clear. */
gboolean deflater_init (Deflater *deflater);
void deflater_put (Deflater *deflater, const guint8 *bytes, gsize length);
/* Ends it; owned by the caller. */
GByteArray *deflater_finish (Deflater *deflater);
void deflater_clear (Deflater *deflater); /* also after deflater_finish() */
