/* The fonts that papers are written in; see fonts.h. */
#include "pdf/fonts.h"

#include <cairo-ft.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>

#include "pdf/error.h"

#define TRUETYPE "/usr/share/fonts/truetype/"

typedef struct {
  const char *path, *package;
} FontFile;

/* In the order in which a letter is looked for. Helvetica's widths; then Greek, Cyrillic, Hebrew,
 * Arabic, symbols; Chinese and Japanese; Korean. */
static const FontFile files[] = {
  { TRUETYPE "liberation/LiberationSans-Regular.ttf", "fonts-liberation" },
  { TRUETYPE "liberation/LiberationSans-Bold.ttf", "fonts-liberation" },
  { TRUETYPE "dejavu/DejaVuSans.ttf", "fonts-dejavu-core" },
  { TRUETYPE "droid/DroidSansFallbackFull.ttf", "fonts-droid-fallback" },
  { TRUETYPE "nanum/NanumGothic.ttf", "fonts-nanum" },
};

struct PdfFonts {
  FcConfig *config;
  FcCharSet *letters; /* of all of them */
};

void
pdf_fonts_free (PdfFonts *fonts)
{
  if (!fonts)
    return;
  g_clear_pointer (&fonts->letters, FcCharSetDestroy);
  g_clear_pointer (&fonts->config, FcConfigDestroy);
  g_free (fonts);
}

static FcCharSet *
letters_of (const FcConfig *config)
{
  const FcFontSet *set = FcConfigGetFonts ((FcConfig *)config, FcSetApplication);
  FcCharSet *letters = FcCharSetCreate ();

  for (int i = 0; i < set->nfont; i++) {
    FcCharSet *some = NULL;

    if (FcPatternGetCharSet (set->fonts[i], FC_CHARSET, 0, &some) == FcResultMatch)
      (void)FcCharSetMerge (letters, some, NULL); /* fails without memory only */
  }
  return letters;
}

PdfFonts *
pdf_fonts_open (GError **error)
{
  g_autoptr (PdfFonts) fonts = g_new0 (PdfFonts, 1);

  fonts->config = FcConfigCreate ();
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    if (!FcConfigAppFontAddFile (fonts->config, (const FcChar8 *)files[i].path)) {
      g_set_error (error, PDF_ERROR, PDF_ERROR_FONT, "%s cannot be read: install the package %s",
                   files[i].path, files[i].package);
      return NULL;
    }
  fonts->letters = letters_of (fonts->config);
  return g_steal_pointer (&fonts);
}

gboolean
pdf_fonts_have (const PdfFonts *fonts, gunichar c)
{
  return FcCharSetHasChar (fonts->letters, c);
}

PangoContext *
pdf_fonts_context (const PdfFonts *fonts)
{
  g_autoptr (PangoFontMap) map = pango_cairo_font_map_new_for_font_type (CAIRO_FONT_TYPE_FT);
  cairo_font_options_t *options = cairo_font_options_create ();
  PangoContext *context;

  pango_fc_font_map_set_config (PANGO_FC_FONT_MAP (map), fonts->config);
  /* Points are points, and a width at one size is the same at another: what is measured once may be
   * drawn smaller. */
  pango_cairo_font_map_set_resolution (PANGO_CAIRO_FONT_MAP (map), 72);
  context = pango_font_map_create_context (map);
  cairo_font_options_set_hint_style (options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics (options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options (context, options);
  pango_context_set_round_glyph_positions (context, FALSE);
  cairo_font_options_destroy (options);
  return context;
}
