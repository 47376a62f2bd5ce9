/* A form filled, looked at with other people's programs. */
#include <string.h>

#include "pdf/error.h"
#include "support/own-form.h"
#include "support/pdf-words.h"

#define SUBMITTED_MS 1795287900000 /* 2026-11-21 19:05 UTC */
#define LONG_TEXT                                                                                  \
  "Apartment 1024, Building C, behind the old mill, second door, and up the stairs to the left"

typedef struct {
  PdfForms *forms;       /* of all tests, as a process has them */
  PdfTemplate *template; /* the same */
  PdfFilling *filling;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer shared)
{
  *fixture = *(const Fixture *)shared;
  fixture->filling = pdf_filling_new (OWN_FORM, "Veteran: Ada Okafor", SUBMITTED_MS);
}

static void
tear_down (Fixture *fixture, gconstpointer shared)
{
  (void)shared;
  pdf_filling_free (fixture->filling);
}

static GBytes *
fill (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  GBytes *paper = pdf_forms_fill (fixture->forms, fixture->filling, NULL, 0, &error);

  g_assert_no_error (error);
  return paper;
}

static const PdfBox *
box_of (Fixture *fixture, const char *row, guint field, guint place)
{
  const PdfRow *found = pdf_map_row (fixture->template->map, row);
  const PdfField *of;

  g_assert_nonnull (found);
  of = g_ptr_array_index (found->fields, field);
  g_assert_cmpuint (place, <, of->boxes->len);
  return &g_array_index (of->boxes, PdfBox, place);
}

/* Words in a box, with a blank between them. */
static char *
words_in (const GArray *words, const PdfBox *box)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < words->len; i++) {
    const PdfWord *word = &g_array_index (words, PdfWord, i);
    double x = (word->x + word->right) / 2, y = (word->y + word->top) / 2;

    if (word->page == box->page && x > box->x && x < box->x + box->width && y > box->y &&
        y < box->y + box->height)
      g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", word->text);
  }
  return g_string_free (text, FALSE);
}

/* Where the last word in a box ends. */
static double
right_end_in (const GArray *words, const PdfBox *box)
{
  double right = 0;

  for (guint i = 0; i < words->len; i++) {
    const PdfWord *word = &g_array_index (words, PdfWord, i);

    if (word->page == box->page && word->x > box->x - 1 && word->x < box->x + box->width &&
        word->top > box->y && word->y < box->y + box->height / 2)
      right = MAX (right, word->right);
  }
  g_assert_cmpfloat (right, >, 0);
  return right;
}

static void
box_says (Fixture *fixture, const GArray *words, const char *row, guint field, const char *said)
{
  g_autofree char *text = words_in (words, box_of (fixture, row, field, 0));

  g_assert_cmpstr (text, ==, said);
}

static void
put_name (Fixture *fixture, const char *row, const char *first, const char *middle,
          const char *last)
{
  const char *const parts[] = { first, middle, last, NULL };
  g_autofree char *whole = g_strjoin (" ", first, middle, last, NULL);

  pdf_filling_parts (fixture->filling, row, "Name", whole, parts);
}

static void
put (Fixture *fixture, const char *row, const char *text)
{
  pdf_filling_value (fixture->filling, row, "A value", text);
}

/* --- Cells and lines. --- */

static void
a_letter_a_cell (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) paper = NULL;
  g_autoptr (GArray) words = NULL;

  (void)data;
  put_name (fixture, "child.0.name", "Ada", "M", "Wu");
  put (fixture, "veteran.address.city",
       "e\xcc\x81\xcc\xa3"
       "fin"); /* a letter with two marks */
  put (fixture, "child.1.birth-place.city", "東京都");
  put (fixture, "spouse.file-number", "666080802");
  paper = fill (fixture);
  words = words_of_paper (paper);
  box_says (fixture, words, "child.0.name", 0, "A d a");
  box_says (fixture, words, "child.0.name", 1, "M");
  box_says (fixture, words, "child.0.name", 2, "W u");
  box_says (fixture, words, "veteran.address.city", 0, "\xe1\xba\xb9\xcc\x81 f i n");
  box_says (fixture, words, "child.1.birth-place.city", 0, "東 京 都");
  box_says (fixture, words, "spouse.file-number", 0, "6 6 6 0 8 0 8 0 2");
}

static void
each_letter_stands_in_its_own_cell (Fixture *fixture, gconstpointer data)
{
  const PdfBox *box = box_of (fixture, "veteran.file-number", 0, 0);
  g_autoptr (GBytes) paper = NULL;
  g_autoptr (GArray) words = NULL;
  guint seen = 0;

  (void)data;
  put (fixture, "veteran.file-number", "WiWiWiWiW");
  paper = fill (fixture);
  words = words_of_paper (paper);
  for (guint i = 0; i < words->len; i++) {
    const PdfWord *word = &g_array_index (words, PdfWord, i);
    double cell = box->width / 9;

    if (word->page != box->page || word->y < box->y - 3 || word->top > box->y + box->height + 3 ||
        word->x < box->x || word->right > box->x + box->width)
      continue;
    g_assert_cmpstr (word->text, ==, seen % 2 ? "i" : "W");
    g_assert_cmpfloat (word->x, >=, box->x + seen * cell);
    g_assert_cmpfloat (word->right, <=, box->x + (seen + 1) * cell + 0.01);
    seen++;
  }
  g_assert_cmpuint (seen, ==, 9);
}

static void
what_is_longer_than_its_cells_is_a_line (Fixture *fixture, gconstpointer data)
{
  const PdfBox *city = box_of (fixture, "child.0.birth-place.city", 0, 0);
  g_autoptr (GBytes) paper = NULL;
  g_autoptr (GArray) words = NULL;

  (void)data;
  put (fixture, "veteran.address.unit", "Suite 9b");
  put (fixture, "veteran.address.state", "California");
  put (fixture, "child.0.birth-place.city", "ירושלים"); /* right to left */
  paper = fill (fixture);
  words = words_of_paper (paper);
  box_says (fixture, words, "veteran.address.unit", 0, "Suite 9b");
  box_says (fixture, words, "veteran.address.state", 0, "California");
  g_assert_cmpfloat (right_end_in (words, city), <, city->x + 50); /* seven cells end at 116 */
}

static void
a_field_in_several_places_is_filled_in_all (Fixture *fixture, gconstpointer data)
{
  const char *const parts[] = { "666", "08", "0801", NULL };
  g_autoptr (GBytes) paper = NULL;
  g_autoptr (GArray) words = NULL;

  (void)data;
  pdf_filling_parts (fixture->filling, "veteran.ssn", "SSN", "666-08-0801", parts);
  paper = fill (fixture);
  words = words_of_paper (paper);
  for (guint place = 0; place < fixture->template->sizes->len; place++) {
    const PdfBox *box = box_of (fixture, "veteran.ssn", 2, place);
    g_autofree char *said = words_in (words, box);

    g_assert_cmpuint (box->page, ==, place);
    g_assert_cmpstr (said, ==, "0 8 0 1");
  }
}

/* The boxes at the heads of pages are smaller than the first one. */
static void
what_does_not_fit_everywhere_fits_nowhere (Fixture *fixture, gconstpointer data)
{
  const char *const parts[] = { "666", "08", "0123456789012345", NULL };
  g_autoptr (GBytes) paper = NULL;
  g_autoptr (GArray) words = NULL;

  (void)data;
  pdf_filling_parts (fixture->filling, "veteran.ssn", "SSN", "666-08-0123456789012345", parts);
  paper = fill (fixture);
  words = words_of_paper (paper);
  for (guint place = 0; place < 2; place++) {
    g_autofree char *said = words_in (words, box_of (fixture, "veteran.ssn", 2, place));

    g_assert_cmpstr (said, ==, "Addendum, line 1");
  }
}

/* --- The addendum. --- */

static void
what_does_not_fit_is_on_the_addendum (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) paper = NULL;
  g_autoptr (GArray) words = NULL;
  g_autofree char *text = NULL;

  (void)data;
  pdf_filling_section (fixture->filling, "Child 1: Ada Wu");
  put (fixture, "child.0.address.unit", LONG_TEXT);
  pdf_filling_section (fixture->filling, "Nobody");
  pdf_filling_section (fixture->filling, "Child 7: Bo Wu");
  put (fixture, "child.6.address.unit", "Unit 12");
  paper = fill (fixture);
  words = words_of_paper (paper);
  text = text_of_paper (paper);
  box_says (fixture, words, "child.0.address.unit", 0, "See addendum, line 1");
  g_assert_nonnull (strstr (text, "Child 1: Ada Wu\n1. Item 16F, A value: Apartment 1024"));
  g_assert_nonnull (strstr (text, "Child 7: Bo Wu\n2. A value: Unit 12\n"));
  g_assert_nonnull (strstr (text, "VA Form 21-686c, addendum page 1\nVeteran: Ada Okafor\n"));
  g_assert_null (strstr (text, "Nobody")); /* nothing stands below it */
}

static void
without_need_there_is_no_addendum (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) paper = NULL;
  g_autofree char *text = NULL;

  (void)data;
  pdf_filling_section (fixture->filling, "Veteran");
  put (fixture, "veteran.email", "ada@example.com");
  paper = fill (fixture);
  text = text_of_paper (paper);
  g_assert_null (strstr (text, "Additional Information"));
}

static void
an_odd_character_is_named (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) paper = NULL;
  g_autofree char *text = NULL;

  (void)data;
  put (fixture, "veteran.email", "ada\xe2\x80\xae@example.com");
  paper = fill (fixture);
  text = text_of_paper (paper);
  g_assert_nonnull (strstr (text, "[U+202E] stands for: U+202E RIGHT-TO-LEFT OVERRIDE"));
}

static void
remarks_run_over_their_lines (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) paper = NULL;
  g_autoptr (GArray) words = NULL;

  (void)data;
  pdf_filling_lines (fixture->filling, "remarks", "Remarks",
                     "Spouse Ada Wu has no SSN: nonresident alien.\nNext");
  paper = fill (fixture);
  words = words_of_paper (paper);
  box_says (fixture, words, "remarks", 0, "S p o u s e A d a W u h a s n o S S N :");
  box_says (fixture, words, "remarks", 1, "n o n r e s i d e n t a l i e n .");
  box_says (fixture, words, "remarks", 2, "N e x t");
}

static void
longer_remarks_are_whole_on_the_addendum (Fixture *fixture, gconstpointer data)
{
  g_autofree char *word = g_strnfill (600, 'w');
  g_autoptr (GBytes) paper = NULL;
  g_autoptr (GArray) words = NULL;
  g_autofree char *text = NULL;

  (void)data;
  pdf_filling_lines (fixture->filling, "remarks", "Remarks", word);
  paper = fill (fixture);
  words = words_of_paper (paper);
  text = text_of_paper (paper);
  box_says (fixture, words, "remarks", 0, "See addendum, line 1");
  box_says (fixture, words, "remarks", 1, "");
  g_assert_nonnull (strstr (text, "1. Item 25, Remarks:"));
}

/* Some megabytes would be laid out in seconds; what matters here is that pieces join. */
static void
a_text_of_many_pages_is_whole (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) typed = g_string_new (NULL);
  g_autoptr (GBytes) paper = NULL;
  g_autofree char *text = NULL, *unbroken = g_strnfill (9000, 'w');
  g_auto (GStrv) whose = NULL, pages = NULL;
  const char *at;
  gsize letters = 0;

  (void)data;
  for (guint i = 0; i < 6000; i++)
    g_string_append_printf (typed, "word%u ", i);
  g_string_append (typed, unbroken);
  pdf_filling_section (fixture->filling, "Child 4: Ada Okafor");
  pdf_filling_note (fixture->filling, NULL, "A novel", typed->str);
  pdf_filling_section (fixture->filling, "Child 5: Bo Okafor");
  pdf_filling_note (fixture->filling, NULL, "Age", "5");
  paper = fill (fixture);
  text = text_of_paper (paper);
  g_assert_nonnull (strstr (text, "addendum page 8\n"));
  /* On each of its pages it is said whose it is. */
  whose = g_strsplit (text, "Child 4: Ada Okafor (continued)", -1);
  pages = g_strsplit (text, ", addendum page ", -1);
  g_assert_cmpuint (g_strv_length (whose) - 1, ==, g_strv_length (pages) - 2);
  g_assert_null (strstr (text, "Child 5: Bo Okafor (continued)"));
  at = strstr (text, "A novel:");
  for (guint i = 0; i < 6000; i++) {
    g_autofree char *word = g_strdup_printf ("word%u", i);

    g_assert_nonnull (at);
    at = strstr (at, word);
  }
  g_assert_nonnull (at);
  for (at += strlen ("word5999"); *at && !g_str_has_prefix (at, "Child 5"); at++)
    letters += *at == 'w';
  g_assert_cmpuint (letters, ==, 9000);
}

/* --- All words inside their boxes, none too small. --- */

static gboolean
is_inside (const PdfWord *word, const PdfBox *box)
{
  /* A font's box is higher than its letters. */
  return word->page == box->page && word->x >= box->x - 0.1 &&
         word->right <= box->x + box->width + 0.1 && word->y >= box->y - 1 &&
         word->top <= box->y + box->height + 1;
}

static gboolean
is_in_a_box (Fixture *fixture, const PdfWord *word)
{
  GHashTableIter all;
  gpointer field;

  g_hash_table_iter_init (&all, fixture->template->map->fields);
  while (g_hash_table_iter_next (&all, NULL, &field)) {
    const GArray *boxes = ((PdfField *)field)->boxes;

    for (guint i = 0; i < boxes->len; i++)
      if (is_inside (word, &g_array_index (boxes, PdfBox, i)))
        return TRUE;
  }
  return FALSE;
}

/* Does the form itself say it? */
static gboolean
is_printed (const GArray *printed, const PdfWord *word)
{
  for (guint i = 0; i < printed->len; i++) {
    const PdfWord *other = &g_array_index (printed, PdfWord, i);

    if (other->page == word->page && ABS (other->x - word->x) < 0.1 &&
        ABS (other->y - word->y) < 0.1)
      return TRUE;
  }
  return FALSE;
}

/* Every field of the form with one text. */
static void
words_lie_in_boxes (Fixture *fixture, const char *text)
{
  g_autoptr (GBytes) empty = fill (fixture), paper = NULL;
  g_autoptr (GArray) printed = words_of_paper (empty), words = NULL;
  g_autoptr (GPtrArray) rows = pdf_forms_rows (fixture->forms, OWN_FORM);
  guint checked = 0;

  for (guint i = 0; i < rows->len; i++) {
    const PdfRow *row = pdf_map_row (fixture->template->map, rows->pdata[i]);
    const char *parts[PDF_PARTS_MAX + 1] = { NULL };

    for (guint k = 0; k < row->fields->len && k < PDF_PARTS_MAX; k++)
      parts[k] = text;
    if (row->fields->len <= PDF_PARTS_MAX && box_of (fixture, row->name, 0, 0)->width > 10)
      pdf_filling_parts (fixture->filling, row->name, "A value", text, parts);
  }
  paper = fill (fixture);
  words = words_of_paper (paper);
  for (guint i = 0; i < words->len; i++) {
    const PdfWord *word = &g_array_index (words, PdfWord, i);

    if (word->page >= fixture->template->sizes->len) {
      g_assert_cmpfloat (word->right, <=, 576.5);
      g_assert_cmpfloat (word->y, >=, 30);
      continue;
    }
    g_assert_cmpfloat (word->top - word->y, >=, 6);
    if (is_in_a_box (fixture, word))
      checked++;
    else if (!is_printed (printed, word))
      g_error ("page %u: %s at %.1f, %.1f stands outside its box", word->page + 1, word->text,
               word->x, word->y);
  }
  g_assert_cmpuint (checked, >, 300);
}

static void
short_words_lie_in_boxes (Fixture *fixture, gconstpointer data)
{
  (void)data;
  words_lie_in_boxes (fixture, "Wg");
}

static void
long_words_lie_in_boxes (Fixture *fixture, gconstpointer data)
{
  (void)data;
  words_lie_in_boxes (fixture, "Wggg jWWW WWWW (gggg) WWWWWWWWW");
}

static void
references_lie_in_boxes (Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = g_strnfill (1500, 'W');

  (void)data;
  words_lie_in_boxes (fixture, text);
}

/* --- The document. --- */

static void
the_same_filling_gives_the_same_bytes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) first = NULL, other = NULL, again = NULL, later = NULL;
  g_autoptr (PdfForms) fresh = open_own_form (NULL, NULL);

  (void)data;
  put (fixture, "veteran.email", "ada@example.com");
  put (fixture, "child.0.address.unit", LONG_TEXT);
  first = fill (fixture);
  {
    g_autoptr (PdfFilling) kept = g_steal_pointer (&fixture->filling);

    fixture->filling = pdf_filling_new (OWN_FORM, "Veteran: Bo Wu", SUBMITTED_MS + 86400000);
    put (fixture, "veteran.email", "東京 Ξενοφών");
    other = fill (fixture);
    pdf_filling_free (fixture->filling);
    fixture->filling = g_steal_pointer (&kept);
  }
  again = fill (fixture);
  g_assert_true (g_bytes_equal (first, again));
  g_assert_false (g_bytes_equal (first, other));

  fixture->forms = fresh;
  later = fill (fixture);
  g_assert_true (g_bytes_equal (first, later));
}

static void
the_document_says_what_it_is (Fixture *fixture, gconstpointer data)
{
  const char *const info[] = { "pdfinfo", "-isodates", "PAPER", NULL };
  const char *const check[] = { "qpdf", "--check", "PAPER", NULL };
  const char *const root[] = { "qpdf", "--show-object=trailer", "PAPER", NULL };
  const char *const form[] = { "qpdf", "--json", "--json-key=acroform", "PAPER", NULL };
  const char *const qdf[] = { "qpdf", "--qdf", "PAPER", "-", NULL };
  g_autoptr (GBytes) paper = NULL;
  g_autofree char *told = NULL, *checked = NULL, *trailer = NULL, *fields = NULL, *open = NULL;

  (void)data;
  put (fixture, "veteran.email", "ada@example.com");
  paper = fill (fixture);
  told = ask_about_paper (paper, info);
  g_assert_nonnull (strstr (told, "VA Form 21-686c: Application Request"));
  g_assert_nonnull (strstr (told, "CreationDate:    2026-11-21T19:05:00"));
  g_assert_nonnull (strstr (told, "Form:            none"));
  g_assert_nonnull (strstr (told, "JavaScript:      no"));
  checked = ask_about_paper (paper, check);
  trailer = ask_about_paper (paper, root);
  g_assert_nonnull (strstr (trailer, "/ID"));
  fields = ask_about_paper (paper, form);
  g_assert_null (strstr (fields, "veteran.email"));
  open = ask_about_paper (paper, qdf);
  g_assert_nonnull (strstr (open, "/Lang (en-US)"));
}

/* --- Stamps. --- */

static void
stamps_stand_where_they_are_told (Fixture *fixture, gconstpointer data)
{
  static const PdfStamp stamps[] = {
    { "mark", "EVERYWHERE", 5, 5, FALSE },
    { "first", "FIRST", 400, 675, TRUE },
    { "far", "OUTSIDE", 2000, 2000, FALSE },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) paper =
      pdf_forms_fill (fixture->forms, fixture->filling, stamps, G_N_ELEMENTS (stamps), &error);
  g_autoptr (GArray) words = NULL;
  guint everywhere = 0, first = 0;

  (void)data;
  g_assert_no_error (error);
  words = words_of_paper (paper);
  for (guint i = 0; i < words->len; i++) {
    const PdfWord *word = &g_array_index (words, PdfWord, i);

    if (g_str_equal (word->text, "EVERYWHERE")) {
      g_assert_cmpfloat (ABS (word->x - 5), <, 0.2);
      g_assert_cmpfloat (ABS (word->y + 2.1 - 5), <, 0.5); /* the font's box begins below */
      everywhere++;
    } else if (g_str_equal (word->text, "FIRST")) {
      g_assert_cmpuint (word->page, ==, 0);
      g_assert_cmpfloat (ABS (word->x - 400), <, 0.2);
      first++;
    } else if (g_str_equal (word->text, "OUTSIDE")) {
      g_assert_cmpfloat (word->right, <=, 612.1);
      g_assert_cmpfloat (word->top, <=, 794);
    }
  }
  g_assert_cmpuint (everywhere, ==, fixture->template->sizes->len);
  g_assert_cmpuint (first, ==, 1);
}

static void
a_page_of_stamps_alone (Fixture *fixture, gconstpointer data)
{
  static const PdfStamp stamp = { "review", "FDC Reviewed", 400, 770, FALSE };
  const char *const info[] = { "pdfinfo", "PAPER", NULL };
  const char *const fonts[] = { "pdffonts", "PAPER", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) page =
      pdf_forms_stamp_page (fixture->forms, 200, 100, &stamp, 1, SUBMITTED_MS, &error);
  g_autoptr (GBytes) again =
      pdf_forms_stamp_page (fixture->forms, 200, 100, &stamp, 1, SUBMITTED_MS, NULL);
  g_autoptr (GArray) words = NULL;
  g_autofree char *told = NULL, *listed = NULL;

  (void)data;
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (page, again));
  words = words_of_paper (page);
  g_assert_cmpuint (words->len, ==, 2);
  /* Moved inside the small page. */
  g_assert_cmpfloat (g_array_index (words, PdfWord, 1).right, <=, 200.1);
  g_assert_cmpfloat (g_array_index (words, PdfWord, 1).top, <=, 102);
  told = ask_about_paper (page, info);
  g_assert_nonnull (strstr (told, "Pages:           1\n"));
  g_assert_nonnull (strstr (told, "Page size:       200 x 100 pts"));
  listed = ask_about_paper (page, fonts);
  g_assert_nonnull (strstr (listed, " yes yes yes "));
}

/* --- Form and map. --- */

static GBytes *
changed_map (const char *from, const char *to)
{
  g_autoptr (GBytes) map = own_form_file (".json");
  g_autoptr (GString) text =
      g_string_new_len (g_bytes_get_data (map, NULL), (gssize)g_bytes_get_size (map));

  g_assert_cmpuint (g_string_replace (text, from, to, 0), >, 0);
  return g_bytes_new (text->str, text->len);
}

static void
is_refused (GBytes *map, const char *reason)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PdfForms) forms = open_own_form (map, &error);

  if (forms)
    g_assert_false (pdf_forms_print (forms, &error));
  g_assert_error (error, PDF_ERROR, PDF_ERROR_TEMPLATE);
  if (!strstr (error->message, reason))
    g_error ("“%s” does not say “%s”", error->message, reason);
}

static void
fields_that_only_one_side_has_are_named (void)
{
  is_refused (changed_map ("\"veteran.email\"", "\"veteran.mail\""),
              "form 21-686c: only the map has the fields veteran.mail; only the form has the "
              "fields veteran.email");
}

static void
a_map_that_is_none_is_refused (void)
{
  is_refused (g_bytes_new_static ("{", 1), "map, line 1");
  is_refused (g_bytes_new_static ("{}", 2), "title");
  is_refused (g_bytes_new_static ("{\"title\":\"a\"}", 13), "rows: there are none");
  is_refused (changed_map ("[\"veteran.email\"]", "[]"), "veteran.email: a row needs a list");
  is_refused (changed_map ("[\"veteran.email\"]", "[7]"), "veteran.email: a row needs a list");
  is_refused (changed_map ("{\"cells\": 13}", "{\"cells\": -1}"), "cells are a number");
  is_refused (changed_map ("{\"cells\": 13}", "{\"align\": \"up\"}"), "align is left");
  is_refused (changed_map ("\"unused\": []", "\"stamps\": {\"mark\": [5]}"),
              "a stamp's place is [x, y]");
}

static void
a_form_that_is_none_is_refused (void)
{
  g_autoptr (GBytes) nothing = g_bytes_new_static ("no PDF", 6), map = own_form_file (".json");
  const PdfFormFiles files = { OWN_FORM, nothing, map };
  g_autoptr (GError) error = NULL;
  g_autoptr (PdfForms) forms = pdf_forms_open (&files, 1, &error);
  g_autoptr (PdfFilling) filling = pdf_filling_new (OWN_FORM, "Veteran: Ada Okafor", SUBMITTED_MS);

  /* A form is read when it is wanted, by whoever wants it first, and each time until it can be. */
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++) {
    g_assert_null (pdf_forms_fill (forms, filling, NULL, 0, &error));
    g_assert_nonnull (error);
    g_assert_true (g_str_has_prefix (error->message, "form 21-686c: "));
    g_clear_error (&error);
  }
}

static void
a_form_that_was_refused_is_as_it_was (void)
{
  PdfFormFiles files = { OWN_FORM, own_form_file (".pdf"),
                         changed_map ("\"veteran.email\"", "\"veteran.mail\"") };
  g_autoptr (GError) first = NULL, second = NULL;
  g_autoptr (PdfTemplate) form = pdf_template_open (&files, &first);
  const PdfField *field;

  g_assert_no_error (first);
  g_assert_false (pdf_template_print (form, &first));
  g_assert_false (pdf_template_print (form, &second));
  g_assert_cmpstr (first->message, ==, second->message);
  field = g_hash_table_lookup (form->map->fields, "veteran.birth.month");
  g_assert_cmpuint (field->boxes->len, ==, 0);
  g_assert_cmpuint (form->sizes->len + form->pages->len + form->bytes->len, ==, 0);
  g_bytes_unref (files.pdf);
  g_bytes_unref (files.map);
}

#define TEST(path, function) g_test_add (path, Fixture, &shared, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  Fixture shared = { NULL };
  int status;

  g_test_init (&argc, &argv, NULL);
  shared.forms = open_own_form (NULL, NULL);
  shared.template = open_own_template ();
  TEST ("/pdf/place/a-letter-a-cell", a_letter_a_cell);
  TEST ("/pdf/place/each-letter-stands-in-its-own-cell", each_letter_stands_in_its_own_cell);
  TEST ("/pdf/place/what-is-longer-than-its-cells-is-a-line",
        what_is_longer_than_its_cells_is_a_line);
  TEST ("/pdf/place/a-field-in-several-places-is-filled-in-all",
        a_field_in_several_places_is_filled_in_all);
  TEST ("/pdf/place/what-does-not-fit-everywhere-fits-nowhere",
        what_does_not_fit_everywhere_fits_nowhere);
  TEST ("/pdf/place/short-words-lie-in-boxes", short_words_lie_in_boxes);
  TEST ("/pdf/place/long-words-lie-in-boxes", long_words_lie_in_boxes);
  TEST ("/pdf/place/references-lie-in-boxes", references_lie_in_boxes);
  TEST ("/pdf/addendum/what-does-not-fit", what_does_not_fit_is_on_the_addendum);
  TEST ("/pdf/addendum/none-without-need", without_need_there_is_no_addendum);
  TEST ("/pdf/addendum/an-odd-character-is-named", an_odd_character_is_named);
  TEST ("/pdf/addendum/remarks-run-over-their-lines", remarks_run_over_their_lines);
  TEST ("/pdf/addendum/longer-remarks-are-whole", longer_remarks_are_whole_on_the_addendum);
  TEST ("/pdf/addendum/a-text-of-many-pages-is-whole", a_text_of_many_pages_is_whole);
  TEST ("/pdf/forms/the-same-filling-gives-the-same-bytes", the_same_filling_gives_the_same_bytes);
  TEST ("/pdf/forms/the-document-says-what-it-is", the_document_says_what_it_is);
  TEST ("/pdf/stamp/where-they-are-told", stamps_stand_where_they_are_told);
  TEST ("/pdf/stamp/a-page-of-stamps-alone", a_page_of_stamps_alone);
  g_test_add_func ("/pdf/map/fields-that-only-one-side-has-are-named",
                   fields_that_only_one_side_has_are_named);
  g_test_add_func ("/pdf/map/one-that-is-none-is-refused", a_map_that_is_none_is_refused);
  g_test_add_func ("/pdf/forms/one-that-is-none-is-refused", a_form_that_is_none_is_refused);
  g_test_add_func ("/pdf/forms/one-that-was-refused-is-as-it-was",
                   a_form_that_was_refused_is_as_it_was);
  status = g_test_run ();
  pdf_template_free (shared.template);
  pdf_forms_free (shared.forms);
  return status;
}
