/* A PNG's pixels, row by row: 16 bits become 8, what is transparent stands on white, and PNG's own
 * predictor goes before the deflating. libpng reads, zlib writes. */
#include <png.h>
#include <setjmp.h>
#include <string.h>

#include "press/child/deflater.h"
#include "press/child/image.h"

#define PIXELS_MAX   ((guint64)100 * 1000 * 1000)
#define PREDICTOR_UP 2

/* All that a longjmp() must not lose; nothing of it lives in a register. */
typedef struct {
  const Bytes *document;
  gsize at;
  PressRefusal refusal;
  png_structp png;
  png_infop info;
  Deflater deflater;
  gsize row_bytes;
  guint8 *rows;   /* two: this one and the one above; of an interlaced image all, and two */
  guint8 *packed; /* one predicted row, its predictor first */
  Picture *picture;
} Reading;

static void
give_up (Reading *reading, PressRefusal refusal)
{
  reading->refusal = refusal;
  png_longjmp (reading->png, 1);
}

static void
on_error (png_structp png, png_const_charp message)
{
  Reading *reading = png_get_error_ptr (png);

  (void)message;
  give_up (reading, PRESS_IMAGE_DAMAGED);
}

static void
on_warning (png_structp png, png_const_charp message)
{
  (void)png;
  (void)message;
}

static void
read_bytes (png_structp png, png_bytep to, size_t count)
{
  Reading *reading = png_get_io_ptr (png);

  if (count > reading->document->length - reading->at)
    give_up (reading, PRESS_IMAGE_DAMAGED);
  memcpy (to, reading->document->data + reading->at, count);
  reading->at += count;
}

static void
read_head (Reading *reading)
{
  png_set_read_fn (reading->png, reading, read_bytes);
  png_set_user_limits (reading->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* ours is another one */
  png_read_info (reading->png, reading->info);
  if ((guint64)png_get_image_width (reading->png, reading->info) *
          png_get_image_height (reading->png, reading->info) >
      PIXELS_MAX)
    give_up (reading, PRESS_IMAGE_TOO_LARGE);
}

/* Gray or RGB of at most 8 bits. A fax of one bit stays one. */
static void
ask_for_plain_pixels (Reading *reading)
{
  png_structp png = reading->png;
  const png_uint_16 most = png_get_bit_depth (png, reading->info) == 16 ? 0xffff : 0xff;
  const png_color_16 white = { 0, most, most, most, most };
  gboolean is_transparent = png_get_valid (png, reading->info, PNG_INFO_tRNS) != 0 ||
                            (png_get_color_type (png, reading->info) & PNG_COLOR_MASK_ALPHA) != 0;

  if (is_transparent || png_get_color_type (png, reading->info) == PNG_COLOR_TYPE_PALETTE)
    png_set_expand (png);
  if (png_get_bit_depth (png, reading->info) == 16)
    png_set_scale_16 (png);
  if (is_transparent)
    png_set_background (png, &white, PNG_BACKGROUND_GAMMA_SCREEN, 0, 1.0);
}

static void
describe (Reading *reading)
{
  Picture *picture = reading->picture;

  picture->width = png_get_image_width (reading->png, reading->info);
  picture->height = png_get_image_height (reading->png, reading->info);
  picture->orientation = 1;
  picture->components = png_get_channels (reading->png, reading->info);
  picture->bits = png_get_bit_depth (reading->png, reading->info);
  picture->colour_space = picture->components == 1 ? "/DeviceGray" : "/DeviceRGB";
  picture->encoding = "/Filter/FlateDecode";
  picture->is_predicted = TRUE;
  if ((picture->components != 1 && picture->components != 3) || picture->bits > 8)
    give_up (reading, PRESS_IMAGE_DAMAGED);
}

/* --- Rows --- */

static void
put_row (Reading *reading, const guint8 *row, const guint8 *above)
{
  reading->packed[0] = PREDICTOR_UP;
  for (gsize i = 0; i < reading->row_bytes; i++)
    reading->packed[i + 1] = (guint8)(row[i] - (above ? above[i] : 0));
  deflater_put (&reading->deflater, reading->packed, reading->row_bytes + 1);
}

static void
copy_rows (Reading *reading)
{
  gsize size = reading->row_bytes;

  for (guint y = 0; y < reading->picture->height; y++) {
    guint8 *row = reading->rows + (y % 2) * size;

    png_read_row (reading->png, row, NULL);
    put_row (reading, row, y > 0 ? reading->rows + ((y + 1) % 2) * size : NULL);
  }
}

/* The last of seven passes has the last pixel of the first row. */
static void
copy_interlaced (Reading *reading, int passes)
{
  gsize size = reading->row_bytes;

  for (int pass = 0; pass < passes; pass++)
    for (guint y = 0; y < reading->picture->height; y++)
      png_read_row (reading->png, reading->rows + y * size, NULL);
  for (guint y = 0; y < reading->picture->height; y++)
    put_row (reading, reading->rows + y * size, y > 0 ? reading->rows + (y - 1) * size : NULL);
}

static void
read_pixels (Reading *reading)
{
  int passes = png_set_interlace_handling (reading->png);

  png_read_update_info (reading->png, reading->info);
  describe (reading);
  reading->row_bytes = png_get_rowbytes (reading->png, reading->info);
  /* An interlaced image is whole in memory: the walls decide whether it fits. */
  reading->rows = g_try_malloc0_n (passes > 1 ? reading->picture->height : 2, reading->row_bytes);
  reading->packed = g_try_malloc (reading->row_bytes + 1);
  if (!reading->rows || !reading->packed || !deflater_init (&reading->deflater))
    give_up (reading, PRESS_TOO_COMPLEX);
  if (passes > 1)
    copy_interlaced (reading, passes);
  else
    copy_rows (reading);
  png_read_end (reading->png, NULL);
  reading->picture->owned = deflater_finish (&reading->deflater);
}

Picture *
picture_of_png (const Bytes *document, PressReport *report)
{
  g_autofree Reading *reading = g_new0 (Reading, 1);
  g_autoptr (Picture) picture = g_new0 (Picture, 1);

  reading->document = document;
  reading->picture = picture;
  reading->png = png_create_read_struct (PNG_LIBPNG_VER_STRING, reading, on_error, on_warning);
  reading->info = reading->png ? png_create_info_struct (reading->png) : NULL;
  if (!reading->info)
    reading->refusal = PRESS_TOO_COMPLEX;
  else if (setjmp (png_jmpbuf (reading->png)) == 0) {
    read_head (reading);
    ask_for_plain_pixels (reading);
    read_pixels (reading);
  }
  png_destroy_read_struct (&reading->png, &reading->info, NULL);
  deflater_clear (&reading->deflater);
  g_free (reading->rows);
  g_free (reading->packed);
  if (reading->refusal == PRESS_FINE)
    return g_steal_pointer (&picture);
  refuse (report, reading->refusal, 0);
  return NULL;
}
