/* One form being written from a claim's document; see sheet.h. */
#include "papers/sheet.h"

#include <string.h>

#include "base/text.h"
#include "claims/content.h"
#include "claims/values.h"
#include "papers/countries.h"

Sheet *
sheet_new (const PdfForms *forms, const char *form, const char *about, gint64 created_at_ms)
{
  Sheet *sheet = g_new0 (Sheet, 1);

  sheet->forms = forms;
  sheet->form = form;
  sheet->filling = pdf_filling_new (form, about, created_at_ms);
  sheet->texts = g_string_chunk_new (4096);
  sheet->block = "";
  sheet->remarks = g_string_new (NULL);
  sheet->remarks_item = g_strdup (pdf_forms_item (forms, form, "remarks"));
  return sheet;
}

void
sheet_free (Sheet *sheet)
{
  if (!sheet)
    return;
  pdf_filling_free (sheet->filling);
  g_string_chunk_free (sheet->texts);
  (void)g_string_free (sheet->remarks, TRUE);
  g_free (sheet->remarks_item);
  g_free (sheet);
}

/* --- Taking. --- */

static char *
text_of (const json_t *value)
{
  if (json_is_string (value)) /* composed, so that an initial has its accent */
    return g_strstrip (g_utf8_normalize (json_string_value (value), -1, G_NORMALIZE_NFC));
  return json_is_number (value) ? json_dumps (value, JSON_ENCODE_ANY | JSON_REAL_PRECISION (15))
                                : NULL;
}

const char *
sheet_take_text (Sheet *sheet, json_t *object, const char *key)
{
  g_autofree char *text = text_of (json_object_get (object, key));

  if (!text)
    return NULL;
  (void)json_object_del (object, key); /* it was there */
  return g_string_chunk_insert (sheet->texts, text);
}

Answer
sheet_take_answer (json_t *object, const char *key, Question question)
{
  Answer answer = claim_answer_at (question, object, key);

  if (answer != ANSWER_MISSING && answer != ANSWER_UNKNOWN)
    (void)json_object_del (object, key); /* it was there */
  return answer;
}

gboolean
sheet_take_yes (json_t *object, const char *key)
{
  return sheet_take_answer (object, key, QUESTION_YES_NO) == ANSWER_YES;
}

/* --- Writing. --- */

/* Below the block; borrowed from the sheet. */
static const char *
row_name (Sheet *sheet, const char *row)
{
  g_autofree char *name = g_strconcat (sheet->block, *sheet->block ? "." : "", row, NULL);

  return row ? g_string_chunk_insert_const (sheet->texts, name) : NULL;
}

gboolean
sheet_has_row (Sheet *sheet, const char *row)
{
  return pdf_forms_has_row (sheet->forms, sheet->form, row_name (sheet, row));
}

static void
put_value (Sheet *sheet, const char *row, const char *label, const char *text)
{
  pdf_filling_value (sheet->filling, row_name (sheet, row), label, text);
}

static void
put_parts (Sheet *sheet, const char *row, const char *label, const char *text,
           const char *const *parts)
{
  pdf_filling_parts (sheet->filling, row_name (sheet, row), label, text, parts);
}

/* On the addendum as it was typed, for it is not what the box asks for. */
static void
put_as_typed (Sheet *sheet, const char *row, const char *label, const char *text)
{
  pdf_filling_note (sheet->filling, row_name (sheet, row), label, text);
}

static void
append_word (GString *text, const char *word)
{
  if (text_is_blank (word))
    return;
  if (text->len > 0)
    g_string_append_c (text, ' ');
  g_string_append (text, word);
}

char *
sheet_full_name (const json_t *name)
{
  static const char *const keys[] = { "first", "middle", "last" };
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autofree char *word = text_of (json_object_get (name, keys[i]));

    append_word (text, word);
  }
  return text->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

void
sheet_block (Sheet *sheet, const char *block)
{
  sheet->block = g_string_chunk_insert_const (sheet->texts, block);
}

void
sheet_begin (Sheet *sheet, const char *block, const char *who, const json_t *person)
{
  g_autofree char *name = sheet_full_name (json_object_get (person, "full_name"));
  g_autofree char *heading = name ? g_strconcat (who, ": ", name, NULL) : g_strdup (who);

  pdf_filling_section (sheet->filling, heading);
  sheet_block (sheet, block);
  sheet->person = name ? g_string_chunk_insert (sheet->texts, name) : NULL;
}

void
sheet_begin_nth (Sheet *sheet, const char *block, gsize k, const char *who, const json_t *person)
{
  g_autofree char *nth = g_strdup_printf ("%s.%" G_GSIZE_FORMAT, block, k);
  g_autofree char *who_nth = g_strdup_printf ("%s %" G_GSIZE_FORMAT, who, k + 1);

  sheet_begin (sheet, nth, who_nth, person);
}

void
sheet_put (Sheet *sheet, const char *row, const char *label, json_t *object, const char *key)
{
  const char *text = sheet_take_text (sheet, object, key);

  if (text)
    put_value (sheet, row, label, text);
}

/* The box has room for an initial. Returns: the middle name, when it is longer. */
static const char *
put_initial_name (Sheet *sheet, const char *row, const char *label, json_t *name)
{
  g_autofree char *whole = sheet_full_name (name);
  const char *first = sheet_take_text (sheet, name, "first");
  const char *middle = sheet_take_text (sheet, name, "middle");
  const char *last = sheet_take_text (sheet, name, "last");
  g_autofree char *initial =
      middle ? g_strndup (middle, (gsize)(g_utf8_next_char (middle) - middle)) : g_strdup ("");
  const char *parts[] = { first ? first : "", initial, last ? last : "", NULL };

  if (whole)
    put_parts (sheet, row, label, whole, parts);
  return middle && strlen (middle) > strlen (initial) ? middle : NULL;
}

void
sheet_put_name (Sheet *sheet, const char *row, const char *label, json_t *name)
{
  const char *middle = put_initial_name (sheet, row, label, name);

  if (middle && sheet_has_row (sheet, row)) {
    g_autofree char *of_other = g_strconcat (label, ", middle name", NULL);

    put_as_typed (sheet, NULL, g_str_equal (label, "Name") ? "Middle name" : of_other, middle);
  }
}

void
sheet_put_name_again (Sheet *sheet, const char *row, const char *label, json_t *name)
{
  (void)put_initial_name (sheet, row, label, name); /* told the first time */
}

void
sheet_put_day (Sheet *sheet, const char *row, const char *label, const char *day)
{
  g_autofree char *year = g_strndup (day, 4), *month = g_strndup (day + 5, 2);
  g_autofree char *of_month = g_strndup (day + 8, 2);
  g_autofree char *whole = g_strjoin ("/", month, of_month, year, NULL);
  const char *const parts[] = { month, of_month, year, NULL };

  put_parts (sheet, row, label, whole, parts);
}

/* What is no day of the calendar is told as it was typed, and so is a time behind it. */
void
sheet_put_date (Sheet *sheet, const char *row, const char *label, json_t *object, const char *key)
{
  const char *text = sheet_take_text (sheet, object, key);

  if (!text)
    return;
  if (claim_is_day (text) && text[10] == '\0')
    sheet_put_day (sheet, row, label, text);
  else
    put_as_typed (sheet, row, label, text);
}

/* Digits with dashes and blanks between them, and nothing else. */
static char *
digits_of (const char *text, const char *also)
{
  return strspn (text, also) == strlen (text) ? text_digits (text) : g_strdup ("");
}

static void
put_digits (Sheet *sheet, const char *row, const char *label, const char *digits,
            const guint *lengths, const char *between)
{
  g_auto (GStrv) parts = g_new0 (char *, PDF_PARTS_MAX + 1);
  g_autofree char *whole = NULL;

  for (guint i = 0; lengths[i] > 0; digits += lengths[i++])
    parts[i] = g_strndup (digits, lengths[i]);
  whole = g_strjoinv (between, parts);
  put_parts (sheet, row, label, whole, (const char *const *)parts);
}

static void
put_ssn_text (Sheet *sheet, const char *row, const char *label, const char *text)
{
  static const guint lengths[] = { 3, 2, 4, 0 };
  g_autofree char *digits = digits_of (text, "0123456789- ");

  if (strlen (digits) == 9)
    put_digits (sheet, row, label, digits, lengths, "-");
  else
    put_as_typed (sheet, row, label, text);
}

void
sheet_put_ssn (Sheet *sheet, const char *row, const char *label, json_t *object, const char *key)
{
  const char *text = sheet_take_text (sheet, object, key);

  if (text)
    put_ssn_text (sheet, row, label, text);
}

static const char *
reason_without_ssn (Sheet *sheet, json_t *person)
{
  switch ((int)sheet_take_answer (person, "no_ssn_reason", QUESTION_NO_SSN)) {
  case ANSWER_NONRESIDENT_ALIEN:
    return "nonresident alien";
  case ANSWER_NONE_ASSIGNED:
    return "none was assigned by the Social Security Administration";
  default: {
    const char *typed = sheet_take_text (sheet, person, "no_ssn_reason");

    return typed ? typed : "no reason was given";
  }
  }
}

void
sheet_put_person_ssn (Sheet *sheet, const char *who, json_t *person)
{
  const char *ssn = sheet_take_text (sheet, person, "ssn");
  g_autofree char *sentence = NULL;
  const char *reason;

  if (ssn) {
    put_ssn_text (sheet, "ssn", "SSN", ssn);
    return;
  }
  if (!sheet_take_yes (person, "no_ssn") &&
      claim_is_nothing (json_object_get (person, "no_ssn_reason")))
    return;
  reason = reason_without_ssn (sheet, person);
  sentence = g_strdup_printf ("%s%s%s has no SSN: %s.", who, sheet->person ? " " : "",
                              sheet->person ? sheet->person : "", reason);
  sheet_remark (sheet, sentence);
  if (sheet_has_row (sheet, "ssn") && sheet->remarks_item) {
    g_autofree char *pointer = g_strconcat ("See Item ", sheet->remarks_item, NULL);
    const char *const parts[] = { pointer, "", "", NULL };

    put_parts (sheet, "ssn", "SSN", pointer, parts);
  } else
    put_as_typed (sheet, NULL, "SSN", reason);
}

void
sheet_put_phone (Sheet *sheet, const char *row, const char *label, json_t *object, const char *key)
{
  static const guint lengths[] = { 3, 3, 4, 0 };
  const char *text = sheet_take_text (sheet, object, key);
  g_autofree char *digits = NULL;
  const char *number;

  if (!text)
    return;
  digits = digits_of (text, "0123456789-+(). /");
  number = strlen (digits) == 11 && digits[0] == '1' ? digits + 1 : digits;
  if (strlen (number) == 10)
    put_digits (sheet, row, label, number, lengths, "-");
  else
    put_as_typed (sheet, row, label, text);
}

/* ZIP and its suffix; any other code of up to ten plain characters in pieces of five. */
static void
put_postal_code (Sheet *sheet, const char *row, const char *label, json_t *object)
{
  const char *text = sheet_take_text (sheet, object, "postal_code");
  g_auto (GStrv) pieces = NULL;
  g_autofree char *plain = NULL, *five = NULL;
  const char *parts[] = { NULL, NULL, NULL };

  if (!text)
    return;
  if (strlen (text) > 10 || !g_str_is_ascii (text)) {
    put_as_typed (sheet, row, label, text);
    return;
  }
  pieces = g_strsplit (text, "-", -1);
  plain = g_strjoinv ("", pieces);
  five = g_strndup (plain, 5);
  parts[0] = five;
  parts[1] = plain + strlen (five);
  put_parts (sheet, row, label, text, parts);
}

static void
put_country (Sheet *sheet, const char *row, const char *label, json_t *object)
{
  const char *text = sheet_take_text (sheet, object, "country");
  const char *code = text ? papers_country_code (text) : NULL;

  if (text)
    put_value (sheet, row, label, code ? code : text);
}

/* Something below a row and behind a label. */
static void
put_below (Sheet *sheet, const char *row, const char *below, const char *label, const char *what,
           json_t *object, const char *key)
{
  g_autofree char *part_row = g_strconcat (row, ".", below, NULL);
  g_autofree char *part_label = g_strconcat (label, ", ", what, NULL);

  if (g_str_equal (below, "country"))
    put_country (sheet, part_row, part_label, object);
  else if (g_str_equal (below, "zip"))
    put_postal_code (sheet, part_row, part_label, object);
  else
    sheet_put (sheet, part_row, part_label, object, key);
}

/* A form that has one box for all of it. */
static void
put_whole_address (Sheet *sheet, const char *row, const char *label, json_t *address)
{
  static const char *const keys[] = {
    "street", "street2", "city", "state", "postal_code", "country"
  };
  g_autoptr (GString) whole = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    const char *text = sheet_take_text (sheet, address, keys[i]);

    if (text)
      g_string_append_printf (whole, "%s%s", whole->len > 0 ? ", " : "", text);
  }
  if (whole->len > 0)
    put_value (sheet, row, label, whole->str);
}

void
sheet_put_address (Sheet *sheet, const char *row, const char *label, json_t *address)
{
  if (sheet_has_row (sheet, row)) {
    put_whole_address (sheet, row, label, address);
    return;
  }
  put_below (sheet, row, "street", label, "street", address, "street");
  put_below (sheet, row, "unit", label, "apartment or unit", address, "street2");
  put_below (sheet, row, "city", label, "city", address, "city");
  put_below (sheet, row, "state", label, "state", address, "state");
  put_below (sheet, row, "country", label, "country", address, "country");
  put_below (sheet, row, "zip", label, "postal code", address, "postal_code");
}

/* A country says that a place is outside the USA, and a state that it is not; only a contradiction
 * is worth a line. */
static void
take_outside_usa (json_t *holder, const json_t *location)
{
  Answer outside = claim_answer_at (QUESTION_YES_NO, holder, "outside_usa");
  gboolean has_country = json_object_get (location, "country") != NULL;

  if ((outside == ANSWER_YES && has_country) || (outside == ANSWER_NO && !has_country))
    (void)json_object_del (holder, "outside_usa"); /* it was there */
}

void
sheet_put_place (Sheet *sheet, const char *row, const char *label, json_t *holder)
{
  json_t *location = json_object_get (holder, "location");

  take_outside_usa (holder, location);
  put_below (sheet, row, "city", label, "city", location, "city");
  put_below (sheet, row, "state", label, "state", location, "state");
  put_below (sheet, row, "country", label, "country", location, "country");
  put_below (sheet, row, "zip", label, "postal code", location, "postal_code");
}

/* Dollars without leading zeros, and two digits of cents; FALSE when a box of @room digits cannot
 * say it. */
static gboolean
split_amount (const char *text, gsize room, char **ret_dollars, char **ret_cents)
{
  g_autofree char *amount = claim_amount (text);
  g_auto (GStrv) halves = amount ? g_strsplit (amount, ".", 2) : NULL;
  const char *dollars = halves ? halves[0] : NULL;
  const char *cents = dollars && halves[1] ? halves[1] : "";

  while (dollars && dollars[0] == '0' && dollars[1] != '\0')
    dollars++;
  if (!dollars || dollars[0] == '-' || strlen (dollars) > room || strlen (cents) > 2)
    return FALSE;
  *ret_dollars = g_strdup (dollars);
  *ret_cents = g_strdup_printf ("%s%.*s", cents, (int)(2 - strlen (cents)), "00");
  return TRUE;
}

void
sheet_put_money (Sheet *sheet, const char *row, const char *label, json_t *object, const char *key,
                 const guint *boxes)
{
  const char *text = sheet_take_text (sheet, object, key);
  g_autofree char *dollars = NULL, *cents = NULL, *zeros = NULL, *padded = NULL, *whole = NULL;
  g_auto (GStrv) parts = g_new0 (char *, PDF_PARTS_MAX + 1);
  gsize room = 0, at = 0;
  guint count = 0;

  if (!text)
    return;
  for (guint i = 0; boxes[i] > 0; i++)
    room += boxes[i];
  if (!split_amount (text, room, &dollars, &cents)) {
    put_as_typed (sheet, row, label, text);
    return;
  }
  zeros = g_strnfill (room - strlen (dollars), '0');
  padded = g_strconcat (zeros, dollars, NULL);
  for (; boxes[count] > 0; at += boxes[count++])
    parts[count] = g_strndup (padded + at, boxes[count]);
  parts[count] = g_strdup (cents);
  whole = g_strconcat (dollars, ".", cents, NULL);
  put_parts (sheet, row, label, whole, (const char *const *)parts);
}

void
sheet_put_check (Sheet *sheet, const char *row, const char *label, const char *text)
{
  pdf_filling_check (sheet->filling, row_name (sheet, row), label, text);
}

void
sheet_put_yes_no (Sheet *sheet, const char *row, const char *label, json_t *object, const char *key)
{
  Answer answer = sheet_take_answer (object, key, QUESTION_YES_NO);
  g_autofree char *box = g_strconcat (row, answer == ANSWER_YES ? ".yes" : ".no", NULL);

  if (answer == ANSWER_YES || answer == ANSWER_NO)
    sheet_put_check (sheet, box, label, answer == ANSWER_YES ? "Yes" : "No");
}

void
sheet_remark (Sheet *sheet, const char *sentence)
{
  append_word (sheet->remarks, sentence);
}
