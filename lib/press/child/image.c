/* A picture's page: a PDF so small that it is written by hand, see image.h. */
#include "press/child/image.h"

#include <string.h>

#define LETTER_SHORT_PT 612.0
#define LETTER_LONG_PT  792.0
#define OBJECTS         5

/* Where a point (u, v) of the stored picture, both from 0 to 1 and v upwards, is displayed:
 * x = a u + c v + e, y = b u + d v + f. By EXIF's number, which tells where the stored picture's
 * first row and column belong. */
typedef struct {
  int a, b, c, d, e, f;
} Turn;

static const Turn turns[] = {
  { 1, 0, 0, 1, 0, 0 },   /* 1: top, left */
  { -1, 0, 0, 1, 1, 0 },  /* 2: top, right */
  { -1, 0, 0, -1, 1, 1 }, /* 3: bottom, right */
  { 1, 0, 0, -1, 0, 1 },  /* 4: bottom, left */
  { 0, -1, -1, 0, 1, 1 }, /* 5: left, top */
  { 0, -1, 1, 0, 0, 1 },  /* 6: right, top */
  { 0, 1, 1, 0, 0, 0 },   /* 7: right, bottom */
  { 0, 1, -1, 0, 1, 0 },  /* 8: left, bottom */
};

typedef struct {
  double page_width, page_height;
  double x, y, width, height; /* of the picture as displayed */
} Layout;

void
picture_free (Picture *picture)
{
  if (!picture)
    return;
  if (picture->owned)
    g_byte_array_unref (picture->owned);
  g_free (picture);
}

static Layout
lay_out (const Picture *picture)
{
  gboolean is_lying = picture->orientation >= 5;
  double width = is_lying ? picture->height : picture->width;
  double height = is_lying ? picture->width : picture->height;
  gboolean is_across = width > height;
  Layout layout = { is_across ? LETTER_LONG_PT : LETTER_SHORT_PT,
                    is_across ? LETTER_SHORT_PT : LETTER_LONG_PT };
  double scale = MIN (1.0, MIN (layout.page_width / width, layout.page_height / height));

  layout.width = width * scale;
  layout.height = height * scale;
  layout.x = (layout.page_width - layout.width) / 2;
  layout.y = (layout.page_height - layout.height) / 2;
  return layout;
}

G_GNUC_PRINTF (2, 3)
static void
put (GByteArray *pdf, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_byte_array_append (pdf, (const guint8 *)text, (guint)strlen (text));
}

static char *
content_of (const Picture *picture, const Layout *layout)
{
  const Turn *turn = &turns[picture->orientation - 1];

  return g_strdup_printf (
      "q %.5f %.5f %.5f %.5f %.5f %.5f cm /Picture Do Q", turn->a * layout->width,
      turn->b * layout->height, turn->c * layout->width, turn->d * layout->height,
      layout->x + turn->e * layout->width, layout->y + turn->f * layout->height);
}

GByteArray *
picture_on_page (const Picture *picture)
{
  Layout layout = lay_out (picture);
  g_autofree char *content = content_of (picture, &layout);
  Bytes pixels =
      picture->owned ? (Bytes){ picture->owned->data, picture->owned->len } : picture->borrowed;
  GByteArray *pdf = g_byte_array_sized_new ((guint)pixels.length + 2048);
  guint at[OBJECTS + 1] = { 0 };
  guint references;

  put (pdf, "%%PDF-1.5\n");
  at[1] = pdf->len;
  put (pdf, "1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n");
  at[2] = pdf->len;
  put (pdf, "2 0 obj\n<</Type/Pages/Count 1/Kids[3 0 R]>>\nendobj\n");
  at[3] = pdf->len;
  put (pdf,
       "3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.0f %.0f]/Contents 4 0 R"
       "/Resources<</XObject<</Picture 5 0 R>>>>>>\nendobj\n",
       layout.page_width, layout.page_height);
  at[4] = pdf->len;
  put (pdf, "4 0 obj\n<</Length %zu>>\nstream\n%s\nendstream\nendobj\n", strlen (content), content);
  at[5] = pdf->len;
  put (pdf,
       "5 0 obj\n<</Type/XObject/Subtype/Image/Width %u/Height %u/BitsPerComponent %u"
       "/ColorSpace%s%s",
       picture->width, picture->height, picture->bits, picture->colour_space, picture->encoding);
  if (picture->is_predicted)
    put (pdf, "/DecodeParms<</Predictor 15/Columns %u/Colors %u/BitsPerComponent %u>>",
         picture->width, picture->components, picture->bits);
  put (pdf, "/Length %zu>>\nstream\n", pixels.length);
  g_byte_array_append (pdf, pixels.data, (guint)pixels.length);
  put (pdf, "\nendstream\nendobj\n");

  references = pdf->len;
  put (pdf, "xref\n0 %d\n0000000000 65535 f \n", OBJECTS + 1);
  for (guint i = 1; i <= OBJECTS; i++)
    put (pdf, "%010u 00000 n \n", at[i]);
  put (pdf, "trailer\n<</Root 1 0 R/Size %d>>\nstartxref\n%u\n%%%%EOF\n", OBJECTS + 1, references);
  return pdf;
}
