/* Text in points; see pen.h. */
#include "pdf/pen.h"

#include <pango/pangocairo.h>

/* Names of the fonts in fonts.c, in that order. */
#define FAMILIES "Liberation Sans,DejaVu Sans,Droid Sans Fallback,NanumGothic"

struct PdfPen {
  PangoContext *context;
  PangoFontDescription *regular, *bold;
  PangoAttrList *features;
};

PdfPen *
pdf_pen_new (const PdfFonts *fonts)
{
  PdfPen *pen = g_new0 (PdfPen, 1);

  pen->context = pdf_fonts_context (fonts);
  pen->regular = pango_font_description_new ();
  pango_font_description_set_family_static (pen->regular, FAMILIES);
  pango_font_description_set_absolute_size (pen->regular, PEN_SIZE * PANGO_SCALE);
  pen->bold = pango_font_description_copy (pen->regular);
  pango_font_description_set_weight (pen->bold, PANGO_WEIGHT_BOLD);
  /* A letter a cell: none may melt into its neighbour. */
  pen->features = pango_attr_list_new ();
  pango_attr_list_insert (pen->features,
                          pango_attr_font_features_new ("liga=0, clig=0, dlig=0, kern=0"));
  /* What is too long for a line is broken, and nothing is added to it. */
  pango_attr_list_insert (pen->features, pango_attr_insert_hyphens_new (FALSE));
  return pen;
}

void
pdf_pen_free (PdfPen *pen)
{
  if (!pen)
    return;
  pango_attr_list_unref (pen->features);
  pango_font_description_free (pen->regular);
  pango_font_description_free (pen->bold);
  g_object_unref (pen->context);
  g_free (pen);
}

PangoLayout *
pdf_pen_layout (PdfPen *pen, const char *text, double width, gboolean bold)
{
  PangoLayout *layout = pango_layout_new (pen->context);

  pango_layout_set_font_description (layout, bold ? pen->bold : pen->regular);
  pango_layout_set_attributes (layout, pen->features);
  if (width > 0) {
    pango_layout_set_width (layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  } else
    pango_layout_set_single_paragraph_mode (layout, TRUE);
  pango_layout_set_text (layout, text, -1);
  return layout;
}

double
pdf_pen_width (PangoLayout *layout, guint line)
{
  PangoLayoutLine *of = pango_layout_get_line_readonly (layout, (int)line);
  PangoRectangle size;

  pango_layout_line_get_extents (of, NULL, &size);
  return (double)size.width / PANGO_SCALE;
}

guint
pdf_pen_graphemes (PangoLayout *layout)
{
  int count;
  const PangoLogAttr *attributes = pango_layout_get_log_attrs_readonly (layout, &count);
  guint graphemes = 0;

  /* The last one stands behind the text. */
  for (int i = 0; i + 1 < count; i++)
    graphemes += attributes[i].is_cursor_position;
  return graphemes;
}

/* --- One character a cell. --- */

/* Glyphs of one character, which lie side by side in one run. */
typedef struct {
  PangoGlyphString *glyphs;
  int first, end, width; /* Pango units */
} Character;

static GArray *
characters_of (PangoLayout *layout)
{
  PangoLayoutLine *line = pango_layout_get_line (layout, 0);
  const char *text = pango_layout_get_text (layout);
  const PangoLogAttr *attributes = pango_layout_get_log_attrs_readonly (layout, NULL);
  GArray *characters = g_array_new (FALSE, FALSE, sizeof (Character));

  for (GSList *at = line->runs; at; at = at->next) {
    PangoGlyphItem *run = at->data;
    const char *start = text + run->item->offset;
    glong before = g_utf8_pointer_to_offset (text, start);

    for (int i = 0; i < run->glyphs->num_glyphs; i++) {
      glong place = before + g_utf8_pointer_to_offset (start, start + run->glyphs->log_clusters[i]);
      gboolean is_cluster =
          i == 0 || run->glyphs->log_clusters[i] != run->glyphs->log_clusters[i - 1];
      Character *last =
          characters->len > 0 ? &g_array_index (characters, Character, characters->len - 1) : NULL;

      if (!last || (is_cluster && attributes[place].is_cursor_position)) {
        Character next = { run->glyphs, i, i, 0 };

        g_array_append_val (characters, next);
        last = &g_array_index (characters, Character, characters->len - 1);
      }
      if (last->glyphs != run->glyphs)
        continue; /* a mark in another font: it stays with its letter */
      last->end = i + 1;
      last->width += run->glyphs->glyphs[i].geometry.width;
    }
  }
  return characters;
}

gboolean
pdf_pen_spread (PangoLayout *layout, double cell)
{
  g_autoptr (GArray) characters = characters_of (layout);
  int width = (int)(cell * PANGO_SCALE);

  for (guint i = 0; i < characters->len; i++)
    if (g_array_index (characters, Character, i).width > width)
      return FALSE;
  for (guint i = 0; i < characters->len; i++) {
    Character *character = &g_array_index (characters, Character, i);
    PangoGlyphInfo *glyphs = character->glyphs->glyphs;
    int spare = width - character->width;

    for (int k = character->first; k < character->end; k++)
      glyphs[k].geometry.x_offset += spare / 2;
    glyphs[character->end - 1].geometry.width += spare;
  }
  return TRUE;
}

/* --- Drawing. --- */

void
pdf_mark_clear (gpointer data)
{
  g_clear_object (&((PdfMark *)data)->layout);
}

static void
draw_check (cairo_t *cairo, const PdfBox *box, double page_height)
{
  double unit = MIN (box->width, box->height) / 10;
  double x = box->x + box->width / 2, y = page_height - box->y - box->height / 2;

  cairo_set_line_width (cairo, 1.6 * unit);
  cairo_move_to (cairo, x - 3.4 * unit, y + 0.2 * unit);
  cairo_line_to (cairo, x - 1.0 * unit, y + 3.0 * unit);
  cairo_line_to (cairo, x + 3.6 * unit, y - 3.2 * unit);
  cairo_stroke (cairo);
}

static void
draw_text (cairo_t *cairo, const PdfMark *mark, double page_height)
{
  const PdfBox *box = &mark->box;

  if (box->width > 0) {
    cairo_set_source_rgb (cairo, 1, 1, 1);
    cairo_rectangle (cairo, box->x, page_height - box->y - box->height, box->width, box->height);
    cairo_fill (cairo);
    cairo_set_source_rgb (cairo, 0, 0, 0);
  }
  cairo_save (cairo);
  cairo_translate (cairo, mark->x, page_height - mark->y);
  cairo_scale (cairo, mark->size / PEN_SIZE, mark->size / PEN_SIZE);
  cairo_move_to (cairo, 0, 0);
  pango_cairo_show_layout_line (cairo,
                                pango_layout_get_line_readonly (mark->layout, (int)mark->line));
  cairo_restore (cairo);
}

void
pdf_pen_draw (cairo_t *cairo, double page_height, const GArray *marks)
{
  cairo_set_source_rgb (cairo, 0, 0, 0);
  for (guint i = 0; i < marks->len; i++) {
    const PdfMark *mark = &g_array_index (marks, PdfMark, i);

    if (mark->layout)
      draw_text (cairo, mark, page_height);
    else
      draw_check (cairo, &mark->box, page_height);
  }
}
