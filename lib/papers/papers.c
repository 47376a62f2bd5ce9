/* The papers of a claim group; see papers.h. */
#include "papers/papers.h"

#include <string.h>

#include "claims/content.h"
#include "papers/form-674.h"
#include "papers/form-686c.h"
#include "papers/rest.h"
#include "papers/stamps.h"
#include "papers/own-forms.h"
#include "pdf/error.h"

#define APPLICATION "dependents_application"
#define INFORMATION "veteran_information"
#define COVER_TITLE "Papers of a claim that was established electronically"

const Setting papers_settings[] = {
  { "forms-dir", SETTING_TEXT, "",
    "Folder with 21-686c.pdf, 21-674.pdf and a map (.json) for each, in place of our own forms." },
  { "stamp-mark-at", SETTING_TEXT, "5,5",
    "Where VA.GOV and the time of submission are stamped, points from a page's lower left." },
  { "stamp-review-at", SETTING_TEXT, "400,770", "Where the FDC review mark is stamped." },
  { "stamp-submitted-at", SETTING_TEXT, "400,675",
    "Where a form's first page is stamped as submitted; the time stands below." },
  { NULL },
};

static const char *const form_names[] = { "21-686c", "21-674" };
#define FORM_COUNT G_N_ELEMENTS (form_names)

struct Papers {
  PdfForms *forms;
  StampPlaces places;
};

void
papers_free (Papers *papers)
{
  if (!papers)
    return;
  pdf_forms_free (papers->forms);
  g_free (papers);
}

/* --- Opening. --- */

static GBytes *
own_file (const char *name, const char *ending)
{
  g_autofree char *path = g_strconcat ("/forms/", name, ending, NULL);

  return g_resource_lookup_data (own_forms_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE,
                                 NULL);
}

static GBytes *
file_in (const char *folder, const char *name, const char *ending, GError **error)
{
  g_autofree char *file = g_strconcat (name, ending, NULL);
  g_autofree char *path = g_build_filename (folder, file, NULL);
  char *data;
  gsize length;

  return g_file_get_contents (path, &data, &length, error) ? g_bytes_new_take (data, length) : NULL;
}

static void
files_clear (PdfFormFiles *files)
{
  for (guint i = 0; i < FORM_COUNT; i++) {
    g_clear_pointer (&files[i].pdf, g_bytes_unref);
    g_clear_pointer (&files[i].map, g_bytes_unref);
  }
}

static gboolean
read_files (const char *folder, PdfFormFiles *files, GError **error)
{
  for (guint i = 0; i < FORM_COUNT; i++) {
    files[i].name = form_names[i];
    if (*folder == '\0') {
      files[i].pdf = own_file (form_names[i], ".pdf");
      files[i].map = own_file (form_names[i], ".json");
    } else if (!(files[i].pdf = file_in (folder, form_names[i], ".pdf", error)) ||
               !(files[i].map = file_in (folder, form_names[i], ".json", error)))
      return FALSE;
  }
  return TRUE;
}

/* "child.12.name" -> "child.0.name": a form may have more of them than ours. */
static char *
first_of_its_kind (const char *row)
{
  g_auto (GStrv) parts = g_strsplit (row, ".", -1);

  for (guint i = 0; parts[i]; i++)
    if (strspn (parts[i], "0123456789") == strlen (parts[i])) {
      g_free (parts[i]);
      parts[i] = g_strdup ("0");
    }
  return g_strjoinv (".", parts);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

/* A row of ours, or one box for several of them: "student.address". */
static gboolean
is_filled (const PdfMap *own, const char *row)
{
  g_autofree char *street = g_strconcat (row, ".street", NULL);

  return pdf_map_row (own, row) || pdf_map_row (own, street);
}

/* A row that is misspelt would be one that stays empty. Ours have all rows that are filled. */
static gboolean
knows_rows (const PdfForms *forms, const char *name, GError **error)
{
  g_autoptr (GBytes) json = own_file (name, ".json");
  g_autoptr (PdfMap) own = pdf_map_read (json, error);
  g_autoptr (GPtrArray) rows = own ? pdf_forms_rows (forms, name) : NULL;
  g_autoptr (GString) strangers = g_string_new (NULL);

  if (!own)
    return FALSE;
  g_ptr_array_sort (rows, compare_names);
  for (guint i = 0; i < rows->len; i++) {
    g_autofree char *kind = first_of_its_kind (rows->pdata[i]);

    if (!is_filled (own, kind))
      g_string_append_printf (strangers, "%s%s", strangers->len > 0 ? ", " : "",
                              (char *)rows->pdata[i]);
  }
  if (strangers->len == 0)
    return TRUE;
  g_set_error (error, PDF_ERROR, PDF_ERROR_TEMPLATE, "form %s: nothing fills the rows %s", name,
               strangers->str);
  return FALSE;
}

Papers *
papers_open (const Settings *settings, GError **error)
{
  g_autoptr (Papers) papers = g_new0 (Papers, 1);
  const char *folder = settings_text (settings, "forms-dir");
  PdfFormFiles files[FORM_COUNT] = { 0 };
  const char *wrong;

  if (!stamp_places_read (settings, &papers->places, &wrong)) {
    g_set_error (error, PDF_ERROR, PDF_ERROR_TEMPLATE, "%s is x,y in whole points, such as 5,5",
                 wrong);
    return NULL;
  }
  if (read_files (folder, files, error))
    papers->forms = pdf_forms_open (files, FORM_COUNT, error);
  files_clear (files);
  /* Ours are as they were built: a process that makes no papers need not hold them printed. */
  if (!papers->forms || (*folder != '\0' && !pdf_forms_print (papers->forms, error)))
    return NULL;
  for (guint i = 0; i < FORM_COUNT; i++)
    if (!knows_rows (papers->forms, form_names[i], error))
      return NULL;
  return g_steal_pointer (&papers);
}

/* --- The Veteran, from two sides. --- */

/* What came with the user and no row of a form asks for, but who he is to machines. */
static void
add_rest_of_user (json_t *rest, const json_t *user_data)
{
  static const char *const known[] = {
    "full_name",
    "ssn",
    "va_file_number",
    "birth_date",
    "service_number",
    "icn",
    "uuid",
    "participant_id",
    "common_name",
    "email",
    "va_profile_email",
    NULL,
  };
  const char *key;
  json_t *value;

  json_object_foreach (json_object_get (user_data, INFORMATION), key, value)
  {
    if (!g_strv_contains (known, key) && !json_object_get (rest, key))
      json_object_set_new (rest, key, json_deep_copy (value));
  }
  json_object_foreach ((json_t *)user_data, key, value)
  {
    if (!g_str_equal (key, INFORMATION) && !json_object_get (rest, key))
      json_object_set_new (rest, key, json_deep_copy (value));
  }
}

/* The signed-in user's data go before what was typed; that is kept for the addendum where it
 * differs. */
static json_t *
veteran_of (json_t *form, const json_t *user_data, json_t **ret_typed)
{
  static const char *const keys[] = { "full_name", "ssn", "va_file_number", "birth_date",
                                      "service_number" };
  const json_t *user = json_object_get (user_data, INFORMATION);
  json_t *typed = json_deep_copy (json_object_get (form, INFORMATION));
  json_t *veteran = json_object ();

  if (!json_is_object (typed)) {
    json_decref (typed);
    typed = json_object ();
  }
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    json_t *known = json_object_get (user, keys[i]);
    json_t *entered = json_object_get (typed, keys[i]);
    json_t *value = claim_is_nothing (known) ? entered : known;

    if (!value)
      continue;
    json_object_set_new (veteran, keys[i], json_deep_copy (value));
    if (value == entered || json_equal (value, entered))
      (void)json_object_del (typed, keys[i]); /* may be missing */
  }
  add_rest_of_user (typed, user_data);
  *ret_typed = typed;
  return veteran;
}

static char *
about (const json_t *veteran)
{
  g_autofree char *name = sheet_full_name (json_object_get (veteran, "full_name"));
  const char *number = json_string_value (json_object_get (veteran, "va_file_number"));

  return g_strdup_printf ("Veteran: %s%s%s", name ? name : "", number ? ", VA file number " : "",
                          number ? number : "");
}

/* A form that has no box for it is no place for an SSN, unless nothing else says it. */
static void
write_veteran (Sheet *sheet, json_t *veteran, gboolean is_main)
{
  sheet_begin (sheet, "veteran", "Veteran", NULL);
  sheet_put_name (sheet, "name", "Name", json_object_get (veteran, "full_name"));
  sheet_put (sheet, "file-number", "VA file number", veteran, "va_file_number");
  if (is_main || sheet_has_row (sheet, "ssn"))
    sheet_put_ssn (sheet, "ssn", "SSN", veteran, "ssn");
  if (is_main || sheet_has_row (sheet, "birth"))
    sheet_put_date (sheet, "birth", "Date of birth", veteran, "birth_date");
  if (is_main || sheet_has_row (sheet, "service-number"))
    sheet_put (sheet, "service-number", "Service number", veteran, "service_number");
}

/* --- What stands on the addendum before and behind the rest. --- */

static void
write_established (Sheet *sheet, const PapersChild *child)
{
  g_autofree char *text = NULL;

  if (!child->bgs_claim_id && !child->insert_unknown)
    return;
  pdf_filling_section (sheet->filling, "This form was also submitted electronically");
  if (child->bgs_claim_id)
    text = g_strdup_printf ("Benefit claim %s was established for this form. Please do not "
                            "establish it again.",
                            child->bgs_claim_id);
  else
    text = g_strdup ("It is not known whether a benefit claim was established for this form. "
                     "Please look for one before establishing it.");
  pdf_filling_note (sheet->filling, NULL, NULL, text);
}

static void
write_signature (Sheet *sheet, json_t *form, const json_t *veteran_name, const char *day)
{
  const char *first = json_string_value (json_object_get (veteran_name, "first"));
  const char *last = json_string_value (json_object_get (veteran_name, "last"));
  g_autofree char *name = g_strjoin (" ", first ? first : "", last ? last : "", NULL);
  const char *typed = sheet_take_text (sheet, form, "statement_of_truth_signature");

  g_strstrip (name);
  sheet_begin (sheet, "", "Signature", NULL);
  if (*name)
    pdf_filling_value (sheet->filling, "signature", "Signature", name);
  sheet_put_day (sheet, "signed", "Date signed", day);
  if (typed && *typed && !g_str_equal (typed, name))
    pdf_filling_note (sheet->filling, NULL, "Signature as typed", typed);
  /* Signing says it; only the contrary is worth a line. */
  if (sheet_take_answer (form, "statement_of_truth_certified", QUESTION_YES_NO) == ANSWER_NO)
    pdf_filling_note (sheet->filling, NULL, "Statement of truth certified", "No");
}

/* Keys that @form says as well. */
static void
forget_known (json_t *parent, const json_t *form)
{
  const char *key;
  json_t *value;

  json_object_foreach ((json_t *)form, key, value)
  {
    if (json_equal (value, json_object_get (parent, key)))
      (void)json_object_del (parent, key); /* it was there */
  }
}

/* Students who have a form of their own. */
static void
forget_students (json_t *application, const PapersClaim *claim)
{
  json_t *students = json_object_get (application, "student_information");

  for (guint i = 0; i < claim->child_count; i++) {
    g_autoptr (json_t) form = claim_content (claim->children[i].form);
    const json_t *own = json_array_get (
        json_object_get (json_object_get (form, APPLICATION), "student_information"), 0);

    for (gsize k = 0; own && k < json_array_size (students); k++)
      if (json_equal (own, json_array_get (students, k)))
        json_array_set_new (students, k, json_null ());
  }
}

/* What was sent and stands in no child: data of options that were not chosen, above all. */
static json_t *
parent_rest (const PapersClaim *claim, guint child)
{
  g_autoptr (json_t) form = claim_content (claim->children[child].form);
  json_t *parent = claim_content (claim->parent);
  json_t *application = json_object_get (parent, APPLICATION);

  forget_students (application, claim);
  forget_known (application, json_object_get (form, APPLICATION));
  forget_known (parent, form);
  return parent;
}

/* --- One form. --- */

static gboolean
is_686c (const PapersChild *child)
{
  return g_str_equal (child->form_type, "21-686C");
}

guint
papers_main_child (const PapersClaim *claim)
{
  for (guint i = 0; i < claim->child_count; i++)
    if (is_686c (&claim->children[i]))
      return i;
  return 0;
}

static void
write_remarks (Sheet *sheet)
{
  if (sheet->remarks->len == 0)
    return;
  sheet_begin (sheet, "", "Remarks", NULL);
  pdf_filling_lines (sheet->filling, "remarks", "Remarks", sheet->remarks->str);
}

/* Everything else, once in a package. */
static void
write_main_rest (Sheet *sheet, const PapersClaim *claim, guint child, const json_t *veteran,
                 const json_t *typed, json_t *form)
{
  g_autoptr (json_t) parent = parent_rest (claim, child);

  sheet_begin (sheet, "veteran", "Veteran, as entered", NULL);
  papers_write_rest (sheet->filling, NULL, veteran);
  papers_write_rest (sheet->filling, NULL, typed);
  sheet_begin (sheet, "", "Also entered", NULL);
  papers_write_rest (sheet->filling, NULL, json_object_get (form, APPLICATION));
  (void)json_object_del (form, APPLICATION); /* told */
  (void)json_object_del (form, INFORMATION);
  papers_write_rest (sheet->filling, NULL, form);
  papers_write_rest (sheet->filling, NULL, json_object_get (parent, APPLICATION));
  (void)json_object_del (parent, APPLICATION);
  papers_write_rest (sheet->filling, NULL, parent);
  sheet_begin (sheet, "", "About this package", NULL);
  for (guint i = 0; claim->notices && claim->notices[i]; i++)
    pdf_filling_note (sheet->filling, NULL, NULL, claim->notices[i]);
}

static Sheet *
write_form (Papers *papers, const PapersClaim *claim, guint child)
{
  const PapersChild *of = &claim->children[child];
  gboolean is_main = child == papers_main_child (claim);
  g_autoptr (json_t) form = claim_content (of->form), typed = NULL, veteran = NULL, name = NULL;
  g_autofree char *whose = NULL;
  Sheet *sheet;

  veteran = veteran_of (form, claim->user_data, &typed);
  name = json_deep_copy (json_object_get (veteran, "full_name"));
  whose = about (veteran);
  sheet =
      sheet_new (papers->forms, is_686c (of) ? "21-686c" : "21-674", whose, claim->submitted_at_ms);
  write_established (sheet, of);
  write_veteran (sheet, veteran, is_main);
  if (is_686c (of))
    papers_write_686c (sheet, json_object_get (form, APPLICATION));
  else
    papers_write_674 (sheet, json_object_get (form, APPLICATION));
  write_remarks (sheet);
  write_signature (sheet, form, name, claim->submission_day);
  if (is_main)
    write_main_rest (sheet, claim, child, veteran, typed, form);
  return sheet;
}

GBytes *
papers_print (Papers *papers, const PapersClaim *claim, guint child, GError **error)
{
  g_autoptr (Sheet) sheet = write_form (papers, claim, child);
  g_auto (Stamps) stamps = { 0 };

  stamps_make (&papers->places, claim->submitted_at_ms, &stamps);
  return pdf_forms_fill (papers->forms, sheet->filling, stamps.stamps, STAMPS_ON_FORM, error);
}

GBytes *
papers_print_cover (Papers *papers, const PapersClaim *claim, const char *const *sentences,
                    GError **error)
{
  g_autoptr (json_t) form = claim_content (claim->children[0].form), typed = NULL;
  g_autoptr (json_t) veteran = veteran_of (form, claim->user_data, &typed);
  g_autofree char *whose = about (veteran);
  g_autoptr (PdfFilling) filling = pdf_filling_new (COVER_TITLE, whose, claim->submitted_at_ms);
  g_auto (Stamps) stamps = { 0 };

  pdf_filling_section (filling, "About these papers");
  for (guint i = 0; sentences[i]; i++)
    pdf_filling_note (filling, NULL, NULL, sentences[i]);
  stamps_make (&papers->places, claim->submitted_at_ms, &stamps);
  return pdf_forms_letter (papers->forms, COVER_TITLE, filling, stamps.stamps, STAMPS_ON_ANY,
                           error);
}

GBytes *
papers_print_stamps (Papers *papers, double width, double height, gint64 submitted_at_ms,
                     GError **error)
{
  g_auto (Stamps) stamps = { 0 };

  stamps_make (&papers->places, submitted_at_ms, &stamps);
  return pdf_forms_stamp_page (papers->forms, width, height, stamps.stamps, STAMPS_ON_ANY,
                               submitted_at_ms, error);
}
