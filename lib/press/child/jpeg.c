/* A JPEG is decoded once and thrown away: only what decodes to its end goes into a PDF, and then
 * byte by byte as it is. libjpeg-turbo for the pixels, libexif for the orientation. */
#include <stdio.h> /* before jpeglib.h, which does without */

#include <jpeglib.h>
#include <jerror.h>
#include <libexif/exif-data.h>
#include <setjmp.h>
#include <string.h>

#include "press/child/image.h"

#define PIXELS_MAX ((guint64)250 * 1000 * 1000)
#define SCANS_MAX  100

/* libjpeg's structs come first: it hands out pointers to them. */
typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf end;
  PressRefusal refusal;
} Trouble;

typedef struct {
  struct jpeg_progress_mgr manager;
  Trouble *trouble;
} Progress;

static void
give_up (Trouble *trouble, PressRefusal refusal)
{
  trouble->refusal = refusal;
  longjmp (trouble->end, 1);
}

static void
on_error (j_common_ptr jpeg)
{
  Trouble *trouble = (Trouble *)jpeg->err;

  switch (jpeg->err->msg_code) {
  case JERR_OUT_OF_MEMORY:
    give_up (trouble, PRESS_TOO_COMPLEX);
    break;
  case JERR_BAD_PRECISION:
  case JERR_SOF_UNSUPPORTED:
  case JERR_ARITH_NOTIMPL:
  case JERR_CCIR601_NOTIMPL:
    give_up (trouble, PRESS_IMAGE_UNSUPPORTED);
    break;
  default:
    give_up (trouble, PRESS_IMAGE_DAMAGED);
  }
}

/* What libjpeg forgives. Pixels are there all the same in these cases; in all others some of them
 * are its invention. */
static gboolean
is_harmless (int warning)
{
  return warning == JWRN_EXTRANEOUS_DATA || warning == JWRN_ADOBE_XFORM ||
         warning == JWRN_JFIF_MAJOR || warning == JWRN_BOGUS_PROGRESSION ||
         warning == JWRN_TOO_MUCH_DATA;
}

static void
on_message (j_common_ptr jpeg, int level)
{
  if (level < 0 && !is_harmless (jpeg->err->msg_code))
    give_up ((Trouble *)jpeg->err, PRESS_IMAGE_DAMAGED);
}

static void
say_nothing (j_common_ptr jpeg)
{
  (void)jpeg;
}

/* Each scan goes over the whole image, and a small file holds very many. */
static void
on_progress (j_common_ptr jpeg)
{
  Progress *progress = (Progress *)jpeg->progress;

  if (((j_decompress_ptr)jpeg)->input_scan_number > SCANS_MAX)
    give_up (progress->trouble, PRESS_TOO_MANY_SCANS);
}

/* Adobe's programs store CMYK inverted, and say that it is theirs. */
static gboolean
describe (const struct jpeg_decompress_struct *jpeg, Picture *picture)
{
  picture->width = jpeg->image_width;
  picture->height = jpeg->image_height;
  picture->components = (guint)jpeg->num_components;
  picture->bits = 8;
  picture->encoding = "/Filter/DCTDecode";
  switch (jpeg->num_components) {
  case 1:
    picture->colour_space = "/DeviceGray";
    return TRUE;
  case 3:
    picture->colour_space = "/DeviceRGB";
    if (jpeg->jpeg_color_space == JCS_RGB)
      picture->encoding = "/Filter/DCTDecode/DecodeParms<</ColorTransform 0>>";
    return TRUE;
  case 4:
    picture->colour_space = "/DeviceCMYK";
    if (jpeg->saw_Adobe_marker)
      picture->encoding = "/Filter/DCTDecode/Decode[1 0 1 0 1 0 1 0]";
    return TRUE;
  default:
    return FALSE;
  }
}

/* At an eighth of its size: every byte is read, few pixels are made. */
static void
decode (j_decompress_ptr jpeg)
{
  JSAMPARRAY row;

  jpeg->scale_num = 1;
  jpeg->scale_denom = 8;
  jpeg->out_color_space = jpeg->jpeg_color_space; /* as it is */
  jpeg_start_decompress (jpeg);
  row = jpeg->mem->alloc_sarray ((j_common_ptr)jpeg, JPOOL_IMAGE,
                                 jpeg->output_width * (JDIMENSION)jpeg->output_components, 1);
  while (jpeg->output_scanline < jpeg->output_height)
    jpeg_read_scanlines (jpeg, row, 1);
  jpeg_finish_decompress (jpeg);
}

static PressRefusal
check (const Bytes *document, Picture *picture)
{
  struct jpeg_decompress_struct jpeg = { 0 };
  Trouble trouble = { .refusal = PRESS_FINE };
  Progress progress = { .trouble = &trouble };

  jpeg.err = jpeg_std_error (&trouble.manager);
  trouble.manager.error_exit = on_error;
  trouble.manager.emit_message = on_message;
  trouble.manager.output_message = say_nothing;
  progress.manager.progress_monitor = on_progress;
  if (setjmp (trouble.end) == 0) {
    jpeg_create_decompress (&jpeg);
    jpeg.progress = &progress.manager;
    jpeg_mem_src (&jpeg, document->data, document->length);
    jpeg_read_header (&jpeg, TRUE);
    if (!describe (&jpeg, picture) || jpeg.arith_code)
      give_up (&trouble, PRESS_IMAGE_UNSUPPORTED);
    if ((guint64)jpeg.image_width * jpeg.image_height > PIXELS_MAX)
      give_up (&trouble, PRESS_IMAGE_TOO_LARGE);
    decode (&jpeg);
  }
  jpeg_destroy_decompress (&jpeg);
  return trouble.refusal;
}

/* As a camera says it; what it says wrongly is not there. */
static guint
orientation_of (const Bytes *document)
{
  ExifData *exif = exif_data_new_from_data (document->data, (unsigned int)document->length);
  ExifEntry *entry =
      exif ? exif_content_get_entry (exif->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION) : NULL;
  guint orientation = 1;

  if (entry && entry->format == EXIF_FORMAT_SHORT && entry->components == 1 && entry->size >= 2)
    orientation = exif_get_short (entry->data, exif_data_get_byte_order (exif));
  if (exif)
    exif_data_unref (exif);
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

Picture *
picture_of_jpeg (const Bytes *document, PressReport *report)
{
  g_autoptr (Picture) picture = g_new0 (Picture, 1);
  PressRefusal refusal = check (document, picture);

  if (refusal != PRESS_FINE) {
    refuse (report, refusal, 0);
    return NULL;
  }
  picture->orientation = orientation_of (document);
  picture->borrowed = *document;
  return g_steal_pointer (&picture);
}
