/* The pages behind a form; see addendum.h. */
#include "pdf/addendum.h"

#include <string.h>

#include "base/text.h"
#include "pdf/text.h"

/* Points from the page's lower left. */
#define LEFT          36
#define RIGHT         576
#define TOP           738
#define FIRST_LINE    690
#define LAST_LINE     48
#define TEXT_SIZE     9.0
#define LEADING       11.0
#define INDENT        12
/* A heading repeats what stands in full below it or in a box. */
#define HEADING_CHARS 120
/* Pango's time grows with the square of a paragraph's length. */
#define PIECE_BYTES   2000

typedef struct {
  char *heading; /* of a section that begins here; NULL: none */
  char *text;
} Line;

struct PdfAddendum {
  const PdfFonts *fonts;
  char *section; /* not yet seen */
  char *seen;    /* the last one that is */
  GArray *lines; /* of Line */
  GArray *odd;   /* of gunichar */
  guint number;
};

static void
line_clear (gpointer data)
{
  Line *line = data;

  g_free (line->heading);
  g_free (line->text);
}

PdfAddendum *
pdf_addendum_new (const PdfFonts *fonts)
{
  PdfAddendum *addendum = g_new0 (PdfAddendum, 1);

  addendum->fonts = fonts;
  addendum->lines = g_array_new (FALSE, FALSE, sizeof (Line));
  g_array_set_clear_func (addendum->lines, line_clear);
  addendum->odd = g_array_new (FALSE, FALSE, sizeof (gunichar));
  return addendum;
}

void
pdf_addendum_free (PdfAddendum *addendum)
{
  if (!addendum)
    return;
  g_free (addendum->section);
  g_free (addendum->seen);
  g_array_unref (addendum->lines);
  g_array_unref (addendum->odd);
  g_free (addendum);
}

GArray *
pdf_addendum_odd (PdfAddendum *addendum)
{
  return addendum->odd;
}

static char *
printable_heading (PdfAddendum *addendum, const char *heading)
{
  g_autofree char *start = text_truncate_chars (heading, HEADING_CHARS);

  return pdf_text_printable (addendum->fonts, start, FALSE, addendum->odd);
}

void
pdf_addendum_section (PdfAddendum *addendum, const char *heading)
{
  g_free (addendum->section);
  addendum->section = printable_heading (addendum, heading);
}

/* NULL: what stands above goes on. */
static char *
take_heading (PdfAddendum *addendum)
{
  g_autofree char *heading = g_steal_pointer (&addendum->section);

  if (!heading || g_strcmp0 (heading, addendum->seen) == 0)
    return NULL;
  g_free (addendum->seen);
  addendum->seen = g_strdup (heading);
  return g_steal_pointer (&heading);
}

guint
pdf_addendum_add (PdfAddendum *addendum, const char *item, const char *label, const char *text)
{
  g_autoptr (GString) said = g_string_new (NULL);
  Line line = { take_heading (addendum), NULL };

  addendum->number++;
  g_string_append_printf (said, "%u.  ", addendum->number);
  if (item)
    g_string_append_printf (said, "Item %s%s", item, label ? ", " : ": ");
  if (label)
    g_string_append_printf (said, "%s: ", label);
  g_string_append (said, text);
  line.text = pdf_text_printable (addendum->fonts, said->str, TRUE, addendum->odd);
  g_array_append_val (addendum->lines, line);
  return addendum->number;
}

/* --- Onto pages. --- */

typedef struct {
  PdfPen *pen;
  GPtrArray *pages;
  GArray *marks; /* of the page that is being written */
  double y;
  guint first; /* which of @pages is the first addendum page */
  const char *title, *about;
  const char *heading; /* of the section that is being written; NULL: none */
} Writer;

static void
write_at (Writer *writer, double x, double y, double size, const char *text, gboolean bold)
{
  PdfMark mark = { pdf_pen_layout (writer->pen, text, 0, bold), 0, x, y, size, { 0 } };
  double width = pdf_pen_width (mark.layout, 0) * size / PEN_SIZE;

  if (width > RIGHT - x) /* a name as long as a novel is still one line */
    mark.size *= (RIGHT - x) / width;
  g_array_append_val (writer->marks, mark);
}

static void
begin_page (Writer *writer)
{
  g_autofree char *number = g_strdup_printf ("%s, addendum page %u", writer->title,
                                             writer->pages->len - writer->first + 1);

  writer->marks = g_array_new (FALSE, FALSE, sizeof (PdfMark));
  g_array_set_clear_func (writer->marks, pdf_mark_clear);
  g_ptr_array_add (writer->pages, writer->marks);
  write_at (writer, LEFT, TOP, 16, "Additional Information", TRUE);
  write_at (writer, LEFT, TOP - 16, TEXT_SIZE, number, FALSE);
  write_at (writer, LEFT, TOP - 16 - LEADING, TEXT_SIZE, writer->about, FALSE);
  writer->y = FIRST_LINE;
}

static void
write_heading (Writer *writer, const char *heading)
{
  write_at (writer, LEFT, writer->y, TEXT_SIZE + 1, heading, TRUE);
  writer->y -= LEADING + 2;
}

/* Whose lines they are stands above them on this page too. */
static void
continue_on_next_page (Writer *writer)
{
  begin_page (writer);
  if (writer->heading) {
    g_autofree char *heading = g_strconcat (writer->heading, " (continued)", NULL);

    write_heading (writer, heading);
  }
}

static void
write_piece (Writer *writer, const char *text)
{
  g_autoptr (PangoLayout) layout =
      pdf_pen_layout (writer->pen, text, (RIGHT - LEFT - INDENT) * PEN_SIZE / TEXT_SIZE, FALSE);
  int lines = pango_layout_get_line_count (layout);

  for (int i = 0; i < lines; i++) {
    PdfMark mark = { g_object_ref (layout), (guint)i, LEFT + INDENT, writer->y, TEXT_SIZE, { 0 } };

    if (writer->y < LAST_LINE) {
      continue_on_next_page (writer);
      mark.y = writer->y;
    }
    g_array_append_val (writer->marks, mark);
    writer->y -= LEADING;
  }
}

/* How much of a text is laid out at once: all of nearly any; else up to a blank, if there is one.
 */
static gsize
piece_of (const char *text)
{
  gsize length = strlen (text);
  const char *end = text + PIECE_BYTES, *blank;

  if (length <= PIECE_BYTES)
    return length;
  blank = g_strrstr_len (text, PIECE_BYTES, " ");
  if (blank && blank > text)
    return (gsize)(blank + 1 - text);
  while ((*end & 0xC0) == 0x80) /* not inside a character */
    end--;
  return (gsize)(end - text);
}

static void
write_text (Writer *writer, const char *text)
{
  while (*text) {
    gsize bytes = piece_of (text);
    g_autofree char *piece = g_strndup (text, bytes);

    write_piece (writer, g_strchomp (piece));
    text += bytes;
  }
}

/* A heading stands above its first lines, not at a page's end. */
static void
begin_section (Writer *writer, const char *heading)
{
  if (writer->y < LAST_LINE + 3 * LEADING)
    begin_page (writer);
  else if (writer->y < FIRST_LINE)
    writer->y -= 0.6 * LEADING;
  write_heading (writer, heading);
  writer->heading = heading;
}

static void
name_odd_characters (PdfAddendum *addendum)
{
  guint count = addendum->odd->len;

  if (count == 0)
    return;
  pdf_addendum_section (addendum, "Characters that were entered and cannot be printed");
  for (guint i = 0; i < count; i++) {
    gunichar c = g_array_index (addendum->odd, gunichar, i);
    g_autofree char *label = g_strdup_printf ("[U+%04X] stands for", c);
    g_autofree char *name = pdf_text_name (c);

    (void)pdf_addendum_add (addendum, NULL, label, name);
  }
}

void
pdf_addendum_place (PdfAddendum *addendum, PdfPen *pen, const char *title, const char *about,
                    GPtrArray *pages)
{
  g_autofree char *whose = printable_heading (addendum, about);
  Writer writer = {
    .pen = pen, .pages = pages, .first = pages->len, .title = title, .about = whose
  };

  name_odd_characters (addendum);
  for (guint i = 0; i < addendum->lines->len; i++) {
    const Line *line = &g_array_index (addendum->lines, Line, i);

    if (!writer.marks)
      begin_page (&writer);
    if (line->heading)
      begin_section (&writer, line->heading);
    write_text (&writer, line->text);
  }
}
