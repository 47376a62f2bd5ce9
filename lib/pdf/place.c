/* Where each value comes to stand; see place.h. */
#include "pdf/place.h"

#include <math.h>
#include <string.h>

#include "pdf/addendum.h"
#include "pdf/text.h"

#define MARGIN      2.0   /* left and right of a line in its box, points */
#define CAPITALS    0.688 /* a capital's height, of the size: Helvetica's */
#define TALL        26.0  /* a box that holds two lines */
#define LINE_SPACE  1.18  /* from line to line, of the size */
/* No letter needs less of a box, in square points at the smallest size: a text that is longer is
 * not even laid out. */
#define LETTER_AREA 8
#define SHARED_MAX  4096 /* bytes over the cells of several fields; the longest have 420 cells */

typedef struct {
  const PdfTemplate *form;
  const PdfFonts *fonts;
  PdfPen *pen;
  PdfAddendum *addendum;
  GPtrArray *pages;
} Placing;

static GArray *
marks_of (Placing *placing, const PdfBox *box)
{
  return g_ptr_array_index (placing->pages, box->page);
}

static void
put (Placing *placing, const PdfBox *box, PdfMark mark)
{
  g_array_append_val (marks_of (placing, box), mark);
}

/* Halves of a point: a page in a hundred sizes looks like none. */
static double
steps (double size)
{
  return floor (size * 2) / 2;
}

/* 0 when the text is legible at no size. */
static double
size_of_line (PangoLayout *layout, const PdfBox *box)
{
  double natural = MAX (pdf_pen_width (layout, 0), 0.1);
  double size = MIN (PEN_SIZE, 0.75 * box->height);

  size = steps (MIN (size, PEN_SIZE * (box->width - 2 * MARGIN) / natural));
  return size >= PEN_SMALLEST ? size : 0;
}

static double
baseline_of (const PdfBox *box, double size)
{
  return box->y + (box->height - CAPITALS * size) / 2;
}

/* --- One text in one box. --- */

static void
put_line (Placing *placing, const PdfField *field, const PdfBox *box, PangoLayout *layout,
          double size)
{
  double spare = box->width - 2 * MARGIN - pdf_pen_width (layout, 0) * size / PEN_SIZE;
  PdfMark mark = {
    g_object_ref (layout), 0, box->x + MARGIN, baseline_of (box, size), size, { 0 }
  };

  if (field->align != PDF_ALIGN_LEFT)
    mark.x += field->align == PDF_ALIGN_CENTER ? spare / 2 : spare;
  /* A line in a row of cells is not read through their bars. */
  if (field->cells > 1)
    mark.box = (PdfBox){ 0, box->x + 0.5, box->y + 0.5, box->width - 1, box->height - 1 };
  put (placing, box, mark);
}

static gboolean
fits_cells (Placing *placing, const PdfField *field, const PdfBox *box, const char *text)
{
  g_autoptr (PangoLayout) layout = pdf_pen_layout (placing->pen, text, 0, FALSE);
  double cell = box->width / field->cells;

  if (pdf_text_is_joined (text) || pdf_pen_graphemes (layout) > field->cells)
    return FALSE;
  for (double size = steps (MIN (PEN_SIZE, 0.75 * box->height)); size >= PEN_SMALLEST; size -= 0.5)
    if (pdf_pen_spread (layout, cell * PEN_SIZE / size)) {
      PdfMark mark = { g_object_ref (layout), 0, box->x, baseline_of (box, size), size, { 0 } };

      put (placing, box, mark);
      return TRUE;
    }
  return FALSE;
}

static gboolean
fits_line (Placing *placing, const PdfField *field, const PdfBox *box, const char *text)
{
  g_autoptr (PangoLayout) layout = pdf_pen_layout (placing->pen, text, 0, FALSE);
  double size = size_of_line (layout, box);

  if (size > 0)
    put_line (placing, field, box, layout, size);
  return size > 0;
}

/* Lines from the top of a tall box. */
static gboolean
fits_tall (Placing *placing, const PdfBox *box, const char *text)
{
  for (double size = PEN_SIZE; size >= PEN_SMALLEST; size -= 1) {
    double width = (box->width - 2 * MARGIN) * PEN_SIZE / size;
    g_autoptr (PangoLayout) layout = pdf_pen_layout (placing->pen, text, width, FALSE);
    guint lines = (guint)pango_layout_get_line_count (layout);

    if (lines * LINE_SPACE * size > box->height - MARGIN)
      continue;
    for (guint i = 0; i < lines; i++) {
      PdfMark mark = { g_object_ref (layout),
                       i,
                       box->x + MARGIN,
                       box->y + box->height - size - i * LINE_SPACE * size,
                       size,
                       { 0 } };

      put (placing, box, mark);
    }
    return TRUE;
  }
  return FALSE;
}

static gboolean
is_tall (const PdfField *field, const PdfBox *box)
{
  return field->cells == 0 && box->height >= TALL;
}

static gboolean
fits_box (Placing *placing, const PdfField *field, const PdfBox *box, const char *text)
{
  return is_tall (field, box) ? fits_tall (placing, box, text)
                              : fits_line (placing, field, box, text);
}

static gboolean
fits_place (Placing *placing, const PdfField *field, const PdfBox *box, const char *text,
            gboolean in_cells)
{
  if (g_utf8_strlen (text, -1) > box->width * box->height / LETTER_AREA)
    return FALSE;
  return (in_cells && field->cells > 0 && fits_cells (placing, field, box, text)) ||
         fits_box (placing, field, box, text);
}

/* In all places of the field, or in none. */
static gboolean
fits (Placing *placing, const PdfField *field, const char *text, gboolean in_cells)
{
  g_autofree guint *before = g_new (guint, field->boxes->len);

  for (guint i = 0; i < field->boxes->len; i++) {
    const PdfBox *box = &g_array_index (field->boxes, PdfBox, i);

    before[i] = marks_of (placing, box)->len;
    if (fits_place (placing, field, box, text, in_cells))
      continue;
    while (i-- > 0) {
      box = &g_array_index (field->boxes, PdfBox, i);
      g_array_set_size (marks_of (placing, box), before[i]);
    }
    return FALSE;
  }
  return TRUE;
}

/* --- What does not fit. --- */

/* As many words as there is room for. */
static void
refer (Placing *placing, const PdfField *field, guint number)
{
  static const char *const words[] = { "See addendum, line ", "Addendum, line ", "Add. ", "A" };
  gboolean written = FALSE;

  for (guint i = 0; !written && i < G_N_ELEMENTS (words); i++) {
    g_autofree char *text = g_strdup_printf ("%s%u", words[i], number);

    written = fits (placing, field, text, FALSE);
  }
}

/* On the addendum alone, and a reference in the widest of the row's boxes. */
static void
place_note (Placing *placing, const PdfRow *row, const PdfEntry *entry)
{
  guint number = pdf_addendum_add (placing->addendum, row->item, entry->label, entry->text);
  const PdfField *widest = NULL;

  for (guint i = 0; i < row->fields->len; i++) {
    const PdfField *field = g_ptr_array_index (row->fields, i);

    if (!widest || g_array_index (field->boxes, PdfBox, 0).width >
                       g_array_index (widest->boxes, PdfBox, 0).width)
      widest = field;
  }
  refer (placing, widest, number);
}

/* --- A value over the fields of its row. --- */

static guint
parts_of (const PdfEntry *entry)
{
  guint count = 0;

  while (count < PDF_PARTS_MAX && entry->parts[count])
    count++;
  return count;
}

/* A text cut where the cells of one field end: the first bytes of @text for @cells characters. */
static gsize
bytes_of_cells (Placing *placing, const char *text, guint cells)
{
  g_autoptr (PangoLayout) layout = pdf_pen_layout (placing->pen, text, 0, FALSE);
  const PangoLogAttr *attributes = pango_layout_get_log_attrs_readonly (layout, NULL);
  const char *at = text;

  for (guint i = 0; *at; i++, at = g_utf8_next_char (at))
    if (attributes[i].is_cursor_position && cells-- == 0)
      break;
  return (gsize)(at - text);
}

/* What stands in each field; of char *. NULL: it is more than their cells. */
static GPtrArray *
share (Placing *placing, const GPtrArray *fields, const PdfEntry *entry)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  guint parts = parts_of (entry);
  const PdfField *first = g_ptr_array_index (fields, 0);
  g_autofree char *joined = NULL;
  const char *rest;

  if (parts == fields->len) {
    for (guint i = 0; i < parts; i++)
      g_ptr_array_add (texts, g_strdup (entry->parts[i]));
    return g_steal_pointer (&texts);
  }
  joined = parts > 0 ? g_strjoin ("", entry->parts[0], entry->parts[1], entry->parts[2],
                                  entry->parts[3], NULL)
                     : g_strdup (entry->text);
  if (fields->len == 1) {
    g_ptr_array_add (texts, g_strdup (first->cells > 0 ? joined : entry->text));
    return g_steal_pointer (&texts);
  }
  if (strlen (joined) > SHARED_MAX)
    return NULL;
  rest = joined;
  for (guint i = 0; i < fields->len; i++) {
    const PdfField *field = g_ptr_array_index (fields, i);
    gsize bytes = bytes_of_cells (placing, rest, field->cells);

    g_ptr_array_add (texts, g_strndup (rest, bytes));
    rest += bytes;
  }
  return *rest ? NULL : g_steal_pointer (&texts);
}

static gboolean
fits_printable (Placing *placing, const PdfField *field, const char *text)
{
  g_autofree char *printable = pdf_text_printable (placing->fonts, text, field->cells == 0,
                                                   pdf_addendum_odd (placing->addendum));

  return *printable == '\0' || fits (placing, field, printable, TRUE);
}

/* Where it is said again, what does not fit stays out: it has been said. */
static void
place_again (Placing *placing, const GPtrArray *fields, const PdfEntry *entry)
{
  g_autoptr (GPtrArray) texts = share (placing, fields, entry);

  for (guint i = 0; texts && i < texts->len; i++)
    (void)fits_printable (placing, g_ptr_array_index (fields, i), g_ptr_array_index (texts, i));
}

static void
place_value (Placing *placing, const PdfRow *row, const PdfEntry *entry)
{
  g_autoptr (GPtrArray) texts = share (placing, row->fields, entry);
  guint number = 0;

  if (!texts)
    place_note (placing, row, entry);
  for (guint i = 0; texts && i < texts->len; i++) {
    const PdfField *field = g_ptr_array_index (row->fields, i);

    if (fits_printable (placing, field, g_ptr_array_index (texts, i)))
      continue;
    if (number == 0)
      number = pdf_addendum_add (placing->addendum, row->item, entry->label, entry->text);
    refer (placing, field, number);
  }
  for (guint i = 0; i < row->again->len; i++)
    place_again (placing, g_ptr_array_index (row->again, i), entry);
}

/* Words into lines of as many characters as the fields have cells; NULL when they are too many. */
static GPtrArray *
break_lines (Placing *placing, const PdfRow *row, const char *text)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  if (strlen (text) > SHARED_MAX)
    return NULL;
  for (guint i = 0; *text; i++) {
    const PdfField *field = i < row->fields->len ? g_ptr_array_index (row->fields, i) : NULL;
    const char *newline = strchr (text, '\n');
    g_autofree char *paragraph = newline ? g_strndup (text, newline - text) : g_strdup (text);
    gsize bytes, length = strlen (paragraph);

    if (!field)
      return NULL;
    bytes = field->cells > 0 ? bytes_of_cells (placing, paragraph, field->cells) : length;
    if (bytes < length && paragraph[bytes] != ' ') {
      const char *blank = g_strrstr_len (paragraph, (gssize)bytes, " ");

      if (blank && blank > paragraph)
        bytes = (gsize)(blank - paragraph);
    }
    g_ptr_array_add (lines, g_strndup (paragraph, bytes));
    text += bytes;
    while (*text == ' ')
      text++;
    if (*text == '\n')
      text++;
  }
  return g_steal_pointer (&lines);
}

static void
place_lines (Placing *placing, const PdfRow *row, const PdfEntry *entry)
{
  g_autofree char *text =
      pdf_text_printable (placing->fonts, entry->text, TRUE, pdf_addendum_odd (placing->addendum));
  g_autoptr (GPtrArray) lines = NULL;
  guint written = 0;

  if (row->fields->len == 1) {
    place_value (placing, row, entry);
    return;
  }
  lines = break_lines (placing, row, text);
  for (; lines && written < lines->len; written++)
    if (!fits (placing, g_ptr_array_index (row->fields, written),
               g_ptr_array_index (lines, written), TRUE))
      break;
  if (!lines || written < lines->len)
    refer (placing, g_ptr_array_index (row->fields, written),
           pdf_addendum_add (placing->addendum, row->item, entry->label, entry->text));
}

static void
place_check (Placing *placing, const PdfRow *row)
{
  const PdfField *field = g_ptr_array_index (row->fields, 0);

  for (guint i = 0; i < field->boxes->len; i++) {
    const PdfBox *box = &g_array_index (field->boxes, PdfBox, i);

    put (placing, box, (PdfMark){ .box = *box });
  }
}

static void
place_entry (Placing *placing, const PdfEntry *entry)
{
  const PdfRow *row = entry->row ? pdf_map_row (placing->form->map, entry->row) : NULL;

  if (entry->kind == PDF_ENTRY_SECTION)
    pdf_addendum_section (placing->addendum, entry->text);
  else if (!row)
    (void)pdf_addendum_add (placing->addendum, NULL, entry->label, entry->text);
  else if (entry->kind == PDF_ENTRY_VALUE)
    place_value (placing, row, entry);
  else if (entry->kind == PDF_ENTRY_LINES)
    place_lines (placing, row, entry);
  else if (entry->kind == PDF_ENTRY_CHECK)
    place_check (placing, row);
  else
    place_note (placing, row, entry);
}

static void
marks_unref (gpointer marks)
{
  g_array_unref (marks);
}

GPtrArray *
pdf_place (const PdfTemplate *form, const PdfFilling *filling, const PdfFonts *fonts, PdfPen *pen)
{
  g_autoptr (PdfAddendum) addendum = pdf_addendum_new (fonts);
  GPtrArray *pages = g_ptr_array_new_with_free_func (marks_unref);
  Placing placing = { form, fonts, pen, addendum, pages };

  for (guint i = 0; i < form->sizes->len; i++) {
    GArray *marks = g_array_new (FALSE, FALSE, sizeof (PdfMark));

    g_array_set_clear_func (marks, pdf_mark_clear);
    g_ptr_array_add (pages, marks);
  }
  for (guint i = 0; i < filling->entries->len; i++)
    place_entry (&placing, g_ptr_array_index (filling->entries, i));
  pdf_addendum_place (addendum, pen, form->map->title, filling->about, pages);
  return pages;
}
