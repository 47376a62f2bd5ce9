/* Images on a page. A JPEG's bytes go in as they are, a PNG's pixels row by row. */
#pragma once

#include "press/child/verdict.h"

typedef struct {
  guint width, height;      /* in pixels, as stored */
  guint orientation;        /* EXIF's, 1 to 8 */
  const char *colour_space; /* "/DeviceGray", … */
  guint components, bits;   /* bits a component */
  const char *encoding;     /* entries of a PDF dictionary: /Filter, /Decode; static */
  gboolean is_predicted;    /* PNG's own predictors were used before deflating */
  Bytes borrowed;           /* the encoded pixels: these, */
  GByteArray *owned;        /* or, when not NULL, these */
} Picture;
void picture_free (Picture *picture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Picture, picture_free)

/* NULL: refused. A JPEG is decoded once, as a check; its picture borrows @document. */
Picture *picture_of_jpeg (const Bytes *document, PressReport *report);
Picture *picture_of_png (const Bytes *document, PressReport *report);

/* A PDF of one Letter page, upright or across, on which the picture stands in the middle as large
 * as it fits, a pixel never larger than a point. Owned. */
GByteArray *picture_on_page (const Picture *picture);
