/* Who stands where on a claim's papers. */
#include <string.h>

#include "base/settings.h"
#include "pdf/error.h"
#include "support/group-of-claim.h"
#include "support/own-form.h"
#include "support/pdf-words.h"

/* Of all tests, as a process has them. */
typedef struct {
  Papers *papers;
  PdfTemplate *template; /* of the 686c, for its boxes */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer shared)
{
  *fixture = *(const Fixture *)shared;
}

static void
tear_down (Fixture *fixture, gconstpointer shared)
{
  (void)fixture;
  (void)shared;
}

/* A sample, with what @more says laid over its application. Owned. */
static json_t *
sample (const char *name, json_t *more)
{
  g_autofree char *path = g_strconcat (SOURCE_DIR "/tests/samples/claims/", name, ".json", NULL);
  json_t *parent = json_load_file (path, 0, NULL);

  g_assert_nonnull (parent);
  if (more)
    g_assert_cmpint (
        json_object_update_new (json_object_get (parent, "dependents_application"), more), ==, 0);
  return parent;
}

static GBytes *
print (Fixture *fixture, const PapersClaim *claim, guint child)
{
  g_autoptr (GError) error = NULL;
  GBytes *paper = papers_print (fixture->papers, claim, child, &error);

  g_assert_no_error (error);
  return paper;
}

static char *
text_of (Fixture *fixture, const PapersClaim *claim, guint child)
{
  g_autoptr (GBytes) paper = print (fixture, claim, child);

  return text_of_paper (paper);
}

static void
says (const char *text, const char *words)
{
  if (!strstr (text, words))
    g_error ("“%s” is not in:\n%s", words, text);
}

static void
does_not_say (const char *text, const char *words)
{
  if (strstr (text, words))
    g_error ("“%s” is in:\n%s", words, text);
}

/* What stands in the row's fields of a paper, without blanks. */
static char *
row_text (Fixture *fixture, const GArray *words, const char *name)
{
  const PdfRow *row = pdf_map_row (fixture->template->map, name);
  GString *text = g_string_new (NULL);

  g_assert_nonnull (row);
  for (guint i = 0; i < row->fields->len; i++) {
    const PdfField *field = g_ptr_array_index (row->fields, i);
    const PdfBox *box = &g_array_index (field->boxes, PdfBox, 0);

    for (guint k = 0; k < words->len; k++) {
      const PdfWord *word = &g_array_index (words, PdfWord, k);
      double x = (word->x + word->right) / 2, y = (word->y + word->top) / 2;

      if (word->page == box->page && x > box->x && x < box->x + box->width && y > box->y &&
          y < box->y + box->height)
        g_string_append (text, word->text);
    }
  }
  return g_string_free (text, FALSE);
}

static void
row_says (Fixture *fixture, const GArray *words, const char *row, const char *said)
{
  g_autofree char *text = row_text (fixture, words, row);

  g_assert_cmpstr (text, ==, said);
}

/* --- Persons. --- */

static json_t *
child (guint number)
{
  g_autofree char *first = g_strdup_printf ("Kid%c", 'A' + number);
  g_autofree char *ssn = g_strdup_printf ("66600000%u", number);
  g_autofree char *street = g_strdup_printf ("%u Elm St", number);

  return json_pack ("{s:{s:s,s:s},s:s,s:s,s:{s:s,s:s},s:b}", "full_name", "first", first, "last",
                    "Wu", "ssn", ssn, "birth_date", "2015-03-04", "address", "street", street,
                    "country", "USA", "is_biological_child", FALSE);
}

static json_t *
children (guint count)
{
  json_t *list = json_array ();

  for (guint i = 0; i < count; i++)
    json_array_append_new (list, child (i));
  return json_pack ("{s:o}", "children_to_add", list);
}

static void
children_do_not_change_places (Fixture *fixture, gconstpointer data)
{
  g_autoptr (json_t) parent = sample ("02_686c_add_two_children", children (7));
  g_autoptr (GroupOfClaim) group = NULL;
  g_autoptr (GBytes) paper = NULL;
  g_autoptr (GArray) words = NULL;

  (void)data;
  /* The third page of the form was left empty. */
  json_array_set_new (
      json_object_get (json_object_get (parent, "dependents_application"), "children_to_add"), 2,
      json_pack ("{s:{s:s}}", "full_name", "first", " "));
  group = group_of_claim (parent);
  paper = print (fixture, &group->claim, 0);
  words = words_of_paper (paper);
  for (guint i = 0; i < 6; i++) {
    static const char *const rows[] = { "name", "ssn", "address.street" };
    g_autofree char *said[] = { g_strdup_printf ("Kid%cWu", 'A' + i),
                                g_strdup_printf ("66600000%u", i), g_strdup_printf ("%uElmSt", i) };

    for (guint k = 0; k < G_N_ELEMENTS (rows); k++) {
      g_autofree char *row = g_strdup_printf ("child.%u.%s", i, rows[k]);

      row_says (fixture, words, row, i == 2 ? "" : said[k]);
    }
    g_free (said[1]);
    g_free (said[2]);
  }
}

static void
a_seventh_child_is_one_block_name_first (Fixture *fixture, gconstpointer data)
{
  g_autoptr (json_t) parent = sample ("02_686c_add_two_children", children (8));
  g_autoptr (GroupOfClaim) group = group_of_claim (parent);
  g_autofree char *text = text_of (fixture, &group->claim, 0);
  const char *block = strstr (text, "Child 7: KidG Wu\n"), *next;

  (void)data;
  g_assert_nonnull (block);
  next = strstr (block, "Child 8: KidH Wu\n");
  g_assert_nonnull (next);
  says (strchr (block, '\n'), ". Name: KidG Wu\n");
  for (const char *at = strchr (block, '\n'); at < next; at++)
    g_assert_cmpint (strncmp (at, "KidH", 4), !=, 0);
  {
    g_autofree char *alone = g_strndup (block, (gsize)(next - block));
    const char *first_line = strstr (alone, "\n");

    says (alone, "SSN: 666-00-0006\n");
    says (alone, "Date of birth: 03/04/2015\n");
    says (alone, "Address, street: 6 Elm St\n");
    says (alone, "Biological child: No\n");
    g_assert_cmpint (strncmp (strstr (first_line, ".") + 2, "Name: KidG Wu", 13), ==, 0);
  }
}

static void
without_an_ssn_the_remarks_say_why (Fixture *fixture, gconstpointer data)
{
  json_t *list = json_array (), *more;
  g_autoptr (json_t) parent = NULL;
  g_autoptr (GroupOfClaim) group = NULL;
  g_autoptr (GBytes) paper = NULL;
  g_autoptr (GArray) words = NULL;
  g_autofree char *text = NULL;

  (void)data;
  for (guint i = 0; i < 7; i++) {
    json_t *one = child (i);

    if (i == 1 || i == 6) {
      json_object_del (one, "ssn");
      json_object_set_new (one, "no_ssn", json_true ());
      json_object_set_new (one, "no_ssn_reason",
                           json_string (i == 1 ? "NONRESIDENT_ALIEN" : "NONE_ASSIGNED"));
    }
    json_array_append_new (list, one);
  }
  more = json_pack ("{s:o}", "children_to_add", list);
  parent = sample ("02_686c_add_two_children", more);
  group = group_of_claim (parent);
  paper = print (fixture, &group->claim, 0);
  words = words_of_paper (paper);
  text = text_of_paper (paper);
  row_says (fixture, words, "child.1.ssn", "SeeItem25");
  row_says (fixture, words, "child.0.ssn", "666000000");
  says (text, "SSN: none was assigned by the Social Security Administration\n");
  says (text, "C h i l d K i d B W u h a s n o S S N :\n"
              "n o n r e s i d e n t a l i e n . C h i l d K i d G W u\n");
  says (text, "h a s n o S S N : n o n e w a s a s s i g n e d b y\n");
}

static void
a_student_without_an_ssn (Fixture *fixture, gconstpointer data)
{
  g_autoptr (json_t) parent = sample ("05_674_one_student", NULL);
  json_t *student = json_array_get (
      json_object_get (json_object_get (parent, "dependents_application"), "student_information"),
      0);
  g_autoptr (GroupOfClaim) group = NULL;
  g_autofree char *text = NULL;

  (void)data;
  json_object_del (student, "ssn");
  json_object_set_new (student, "no_ssn", json_string ("yes"));
  json_object_set_new (student, "no_ssn_reason", json_string ("NONRESIDENT_ALIEN"));
  json_object_set_new (student, "remarks", json_string ("First remark."));
  group = group_of_claim (parent);
  text = text_of (fixture, &group->claim, 0);
  says (text, "See Item 15");
  says (text, "has no SSN: nonresident alien. First remark.\n");
}

/* --- What the pipeline knows. --- */

static void
what_is_established_is_said (Fixture *fixture, gconstpointer data)
{
  g_autoptr (json_t) parent = sample ("06_674_three_students", NULL);
  g_autoptr (GroupOfClaim) group = group_of_claim (parent);
  g_autofree char *text = NULL, *unknown = NULL, *none = NULL;

  (void)data;
  g_assert_cmpuint (group->claim.child_count, ==, 3);
  g_array_index (group->children, PapersChild, 0).bgs_claim_id = "600123456";
  g_array_index (group->children, PapersChild, 1).insert_unknown = TRUE;
  text = text_of (fixture, &group->claim, 0);
  unknown = text_of (fixture, &group->claim, 1);
  none = text_of (fixture, &group->claim, 2);
  says (text, "1. Benefit claim 600123456 was established for this form.");
  says (unknown, "1. It is not known whether a benefit claim was established for this form.");
  does_not_say (none, "submitted electronically");
}

static void
notices_stand_on_the_main_document (Fixture *fixture, gconstpointer data)
{
  static const char *const notices[] = { "The Veteran has filed again on 12/01/2026.", NULL };
  g_autoptr (json_t) parent = sample ("07_combined_686c_674_two_students", NULL);
  g_autoptr (GroupOfClaim) group = group_of_claim (parent);
  g_autofree char *text = NULL, *other = NULL;

  (void)data;
  group->claim.notices = notices;
  g_assert_cmpuint (papers_main_child (&group->claim), ==, 0);
  text = text_of (fixture, &group->claim, 0);
  other = text_of (fixture, &group->claim, 1);
  says (text, "The Veteran has filed again on 12/01/2026.");
  does_not_say (other, "filed again");
}

static void
the_user_goes_before_what_was_typed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (json_t) parent = sample ("01_686c_add_spouse", NULL);
  g_autoptr (json_t) user = json_pack (
      "{s:{s:{s:s,s:s},s:s,s:s,s:s}}", "veteran_information", "full_name", "first", "Zoe", "last",
      "Quist", "ssn", "666999999", "participant_id", "600777", "va_file_number", "666999999");
  g_autoptr (GroupOfClaim) group = group_of_claim (parent);
  g_autoptr (GBytes) paper = NULL;
  g_autoptr (GArray) words = NULL;
  g_autofree char *text = NULL;

  (void)data;
  json_object_set_new (json_object_get (parent, "veteran_information"), "ssn",
                       json_string ("666111111"));
  group_of_claim_free (g_steal_pointer (&group));
  group = group_of_claim (parent);
  group->claim.user_data = user;
  paper = print (fixture, &group->claim, 0);
  words = words_of_paper (paper);
  text = text_of_paper (paper);
  row_says (fixture, words, "veteran.name", "ZoeQuist");
  row_says (fixture, words, "veteran.ssn", "666999999");
  says (text, "Veteran, as entered\n");
  says (text, "SSN: 666111111\n");
  does_not_say (text, "600777");
}

static void
what_else_came_with_the_user_is_told (Fixture *fixture, gconstpointer data)
{
  g_autoptr (json_t) parent = sample ("01_686c_add_spouse", NULL);
  g_autoptr (json_t) user =
      json_pack ("{s:{s:{s:s,s:s},s:s,s:s,s:s},s:{s:i}}", "veteran_information", "full_name",
                 "first", "Zoe", "last", "Quist", "icn", "1012345678", "rank_at_exit", "Sergeant",
                 "ssn_last_four", "9999", "portal", "visits", 7);
  g_autoptr (GroupOfClaim) group = group_of_claim (parent);
  g_autofree char *text = NULL;

  (void)data;
  group->claim.user_data = user;
  text = text_of (fixture, &group->claim, 0);
  says (text, "Rank at exit: Sergeant\n");
  says (text, "SSN last four: 9999\n");
  says (text, "Portal, Visits: 7\n");
  does_not_say (text, "1012345678");
}

static void
a_typed_signature_that_differs_is_told (Fixture *fixture, gconstpointer data)
{
  g_autoptr (json_t) parent = sample ("01_686c_add_spouse", NULL);
  g_autoptr (GroupOfClaim) same = group_of_claim (parent), other = NULL;
  g_autofree char *text = text_of (fixture, &same->claim, 0), *differs = NULL;

  (void)data;
  does_not_say (text, "Signature as typed");
  json_object_set_new (parent, "statement_of_truth_signature", json_string ("N. O. Body"));
  json_object_set_new (parent, "statement_of_truth_certified", json_false ());
  other = group_of_claim (parent);
  differs = text_of (fixture, &other->claim, 0);
  says (differs, "Signature as typed: N. O. Body\n");
  says (differs, "Statement of truth certified: No\n");
}

static void
data_of_options_that_were_not_chosen_are_told (Fixture *fixture, gconstpointer data)
{
  g_autoptr (json_t) parent = sample (
      "05_674_one_student", json_pack ("{s:{s:{s:s,s:s}}}", "spouse_information", "full_name",
                                       "first", "Marguerite", "last", "Unasked"));
  g_autoptr (GroupOfClaim) group = group_of_claim (parent);
  g_autofree char *text = text_of (fixture, &group->claim, 0);

  (void)data;
  says (text, "Spouse information, Full name: Marguerite Unasked\n");
  /* Nor has the form a box for where the Veteran lives. */
  says (text, "Veteran contact information, Veteran address: ");
}

static void
absent_answers_leave_both_boxes_empty (Fixture *fixture, gconstpointer data)
{
  g_autoptr (json_t) parent = sample ("01_686c_add_spouse", NULL);
  json_t *together =
      json_object_get (json_object_get (parent, "dependents_application"), "does_live_with_spouse");
  g_autoptr (GroupOfClaim) yes = group_of_claim (parent), none = NULL, unknown = NULL;
  g_autoptr (GBytes) with = print (fixture, &yes->claim, 0), without = NULL;
  g_autofree char *text = NULL;

  (void)data;
  json_object_del (together, "spouse_does_live_with_veteran");
  none = group_of_claim (parent);
  without = print (fixture, &none->claim, 0);
  g_assert_false (g_bytes_equal (with, without));
  json_object_set_new (together, "spouse_does_live_with_veteran", json_string ("sometimes"));
  unknown = group_of_claim (parent);
  text = text_of (fixture, &unknown->claim, 0);
  says (text, "Spouse does live with veteran: sometimes\n");
}

/* --- Days and stamps. --- */

static void
the_day_of_signing_is_chicagos (Fixture *fixture, gconstpointer data)
{
  g_autoptr (json_t) parent = sample ("01_686c_add_spouse", NULL);
  g_autoptr (GroupOfClaim) group = group_of_claim (parent);
  g_autoptr (GBytes) paper = NULL;
  g_autoptr (GArray) words = NULL;
  g_autofree char *text = NULL;

  (void)data;
  group->claim.submitted_at_ms = 1796103000000; /* 2026-12-01 05:30 UTC */
  group->claim.submission_day = "2026-11-30";
  paper = print (fixture, &group->claim, 0);
  words = words_of_paper (paper);
  text = text_of_paper (paper);
  row_says (fixture, words, "signed", "11302026");
  says (text, "VA.GOV 2026-12-01 05:30 AM UTC (2026-11-30 Central)\n");
  says (text, "Application Submitted on va.gov\n2026-12-01 05:30 AM UTC (2026-11-30 Central)\n");
}

static void
stamps_for_foreign_documents (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) page = papers_print_stamps (fixture->papers, 612, 792, 1795287900000, &error);
  g_autofree char *text = NULL;

  (void)data;
  g_assert_no_error (error);
  text = text_of_paper (page);
  says (text, "VA.GOV 2026-11-21 07:05 PM UTC\n");
  says (text, "FDC Reviewed - va.gov Submission\n");
  does_not_say (text, "Application Submitted");
}

/* --- Opening. --- */

static Papers *
open_with (const char *setting, const char *value, GError **error)
{
  static const Setting *const tables[] = { papers_settings, NULL };
  char *words[] = { "papers", NULL }, **argv = words;
  int argc = 1;
  g_autoptr (Settings) settings =
      settings_parse ("papers", "", "papers", tables, &argc, &argv, error);

  g_assert_nonnull (settings);
  settings_override (settings, setting, value);
  return papers_open (settings, error);
}

static void
is_refused (const char *setting, const char *value, const char *reason)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Papers) papers = open_with (setting, value, &error);

  g_assert_null (papers);
  g_assert_nonnull (error);
  if (!strstr (error->message, reason))
    g_error ("“%s” does not say “%s”", error->message, reason);
}

static void
copy_form (const char *folder, const char *name, const char *from, const char *to)
{
  g_autofree char *source = g_strconcat (SOURCE_DIR "/schemas/forms/", name, NULL);
  g_autofree char *target = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *data = NULL;
  gsize length;

  g_file_get_contents (source, &data, &length, &error);
  g_assert_no_error (error);
  if (from) {
    g_autoptr (GString) text = g_string_new_len (data, (gssize)length);

    g_assert_cmpuint (g_string_replace (text, from, to, 0), >, 0);
    g_file_set_contents (target, text->str, (gssize)text->len, &error);
  } else
    g_file_set_contents (target, data, (gssize)length, &error);
  g_assert_no_error (error);
}

static void
other_forms_are_looked_at_before_they_are_used (void)
{
  static const char *const names[] = { "21-686c.pdf", "21-686c.json", "21-674.pdf", "21-674.json" };
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("forms-XXXXXX", &error);

  g_assert_no_error (error);
  is_refused ("forms-dir", folder, "21-686c.pdf");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    copy_form (folder, names[i], NULL, NULL);
  {
    g_autoptr (Papers) papers = open_with ("forms-dir", folder, &error);

    g_assert_no_error (error);
    g_assert_nonnull (papers);
  }
  copy_form (folder, "21-674.json", "\"student.birth\":", "\"student.brith\":");
  is_refused ("forms-dir", folder, "form 21-674: nothing fills the rows student.brith");
  copy_form (folder, "21-674.json", "\"student.birth.month\"", "\"student.birth.moon\"");
  is_refused ("forms-dir", folder,
              "form 21-674: only the map has the fields student.birth.moon; only the form has the "
              "fields student.birth.month");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (folder, names[i], NULL);

    (void)g_remove (path); /* it is there */
  }
  (void)g_rmdir (folder); /* it is empty */
}

static void
a_place_that_is_none_is_refused (void)
{
  is_refused ("stamp-mark-at", "5", "stamp-mark-at is x,y");
  is_refused ("stamp-review-at", "5,-5", "stamp-review-at is x,y");
  is_refused ("stamp-submitted-at", "5,5,5", "stamp-submitted-at is x,y");
}

#define TEST(path, function) g_test_add (path, Fixture, &shared, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  Fixture shared = { NULL };
  int status;

  g_test_init (&argc, &argv, NULL);
  shared.papers = open_papers (NULL, NULL);
  shared.template = open_own_template ();
  TEST ("/papers/persons/children-do-not-change-places", children_do_not_change_places);
  TEST ("/papers/persons/a-seventh-child-is-one-block-name-first",
        a_seventh_child_is_one_block_name_first);
  TEST ("/papers/persons/without-an-ssn-the-remarks-say-why", without_an_ssn_the_remarks_say_why);
  TEST ("/papers/persons/a-student-without-an-ssn", a_student_without_an_ssn);
  TEST ("/papers/addendum/what-is-established-is-said", what_is_established_is_said);
  TEST ("/papers/addendum/notices-stand-on-the-main-document", notices_stand_on_the_main_document);
  TEST ("/papers/addendum/a-typed-signature-that-differs", a_typed_signature_that_differs_is_told);
  TEST ("/papers/addendum/data-of-options-that-were-not-chosen",
        data_of_options_that_were_not_chosen_are_told);
  TEST ("/papers/answers/absent-ones-leave-both-boxes-empty",
        absent_answers_leave_both_boxes_empty);
  TEST ("/papers/veteran/the-user-goes-before-what-was-typed", the_user_goes_before_what_was_typed);
  TEST ("/papers/veteran/what-else-came-with-the-user", what_else_came_with_the_user_is_told);
  TEST ("/papers/days/the-day-of-signing-is-chicagos", the_day_of_signing_is_chicagos);
  TEST ("/papers/stamps/for-foreign-documents", stamps_for_foreign_documents);
  g_test_add_func ("/papers/open/other-forms-are-looked-at-before-they-are-used",
                   other_forms_are_looked_at_before_they_are_used);
  g_test_add_func ("/papers/open/a-place-that-is-none-is-refused", a_place_that_is_none_is_refused);
  status = g_test_run ();
  pdf_template_free (shared.template);
  papers_free (shared.papers);
  return status;
}
