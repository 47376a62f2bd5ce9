/* Nothing that was entered is missing on paper: over the samples and over generated claims, each
 * leaf of a claim is found in the text of its package, or is told by a box.
 *
 * A generated claim is made worse here: elements many times over, the longest values, odd scripts.
 * LEAF_CLAIMS is how many, LEAF_SEED the first seed. */
#include <string.h>

#include "base/text.h"
#include "claims/answers.h"
#include "claims/content.h"
#include "claims/values.h"
#include "papers/countries.h"
#include "pdf/text.h"
#include "support/generated-claims.h"
#include "support/group-of-claim.h"
#include "support/pdf-words.h"

#define ORDINARY 25

typedef struct {
  Papers *papers;
  PdfFonts *fonts;
} Fixture;

static void
is_sound (GBytes *paper)
{
  const char *const check[] = { "qpdf", "--check", "PAPER", NULL };
  const char *const fonts[] = { "pdffonts", "PAPER", NULL };
  g_autofree char *checked = ask_about_paper (paper, check);
  g_autofree char *told = ask_about_paper (paper, fonts);
  g_auto (GStrv) lines = g_strsplit (told, "\n", -1);

  g_assert_nonnull (checked);
  g_assert_cmpuint (g_strv_length (lines), >, 3);
  for (guint i = 2; lines[i] && *lines[i]; i++)
    /* … emb sub uni object ID */
    if (!strstr (lines[i], " yes yes yes "))
      g_error ("a font is not embedded: %s", lines[i]);
}

/* --- Text without what the eye does not weigh. --- */

static char *
plain (const char *text)
{
  g_autofree char *composed = g_utf8_normalize (text, -1, G_NORMALIZE_NFC);
  GString *kept = g_string_new (NULL);

  for (const char *at = composed; *at; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    if (!g_unichar_isspace (c) && !g_unichar_iscntrl (c) && !g_unichar_iszerowidth (c) &&
        c != '-' && c != '/')
      g_string_append_unichar (kept, c);
  }
  return g_string_free (kept, FALSE);
}

/* What stands at the head and foot of each page of an addendum, and so in the midst of a long
 * text, is left out. */
static char *
text_of_pages (const char *read)
{
  g_auto (GStrv) lines = g_strsplit (read, "\n", -1);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; lines[i]; i++) {
    if (strstr (lines[i], "Additional Information") || strstr (lines[i], "FDC Reviewed") ||
        strstr (lines[i], "VA.GOV 2026") || strstr (lines[i], "continued"))
      continue;
    if (strstr (lines[i], ", addendum page ") && lines[i + 1])
      i++; /* and whose it is */
    else
      g_string_append (text, lines[i]);
  }
  return plain (text->str);
}

static char *
text_of_package (Fixture *fixture, const GroupOfClaim *group, gboolean look_closely)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < group->claim.child_count; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) paper = papers_print (fixture->papers, &group->claim, i, &error);
    g_autofree char *read = NULL, *letters = NULL;

    g_assert_no_error (error);
    read = text_of_paper (paper);
    letters = text_of_pages (read);
    g_string_append (text, letters);
    if (look_closely)
      is_sound (paper);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* --- Is a leaf there? --- */

static gboolean
is_one_of (const char *key, const char *const *keys)
{
  return g_strv_contains (keys, key);
}

/* Told by a box, or by its emptiness. An answer that no table knows must be there as text. */
static gboolean
is_told_by_box (const char *key, const json_t *value)
{
  static const struct {
    const char *key;
    Question question;
  } choices[] = {
    { "type_of_marriage", QUESTION_MARRIAGE },
    { "reason_marriage_ended", QUESTION_END_OF_MARRIAGE },
    { "marriage_end_reason", QUESTION_END_OF_MARRIAGE },
    { "living_expenses_paid", QUESTION_SHARE },
    { "dependent_type", QUESTION_WHO_DIED },
    { "no_ssn_reason", QUESTION_NO_SSN },
    { "spouse_income", QUESTION_INCOME },
    { "income_in_last_year", QUESTION_INCOME },
    { "deceased_dependent_income", QUESTION_INCOME },
  };
  static const char *const yes_no[] = { "electronic_correspondence",
                                        "is_veteran",
                                        "spouse_does_live_with_veteran",
                                        "outside_usa",
                                        "is_biological_child",
                                        "adopted",
                                        "stepchild",
                                        "is_biological_child_of_spouse",
                                        "does_child_have_permanent_disability",
                                        "has_child_ever_been_married",
                                        "school_age_in_school",
                                        "supporting_stepchild",
                                        "child_under18",
                                        "step_child",
                                        "disabled",
                                        "child_over18_in_school",
                                        "was_married",
                                        "ch35",
                                        "fry",
                                        "feca",
                                        "other",
                                        "tuition_is_paid_by_gov_agency",
                                        "student_is_enrolled_full_time",
                                        "is_school_accredited",
                                        "student_did_attend_school_last_term",
                                        "household_income",
                                        "no_ssn",
                                        NULL };

  for (guint i = 0; i < G_N_ELEMENTS (choices); i++)
    if (g_str_equal (choices[i].key, key) &&
        claim_answer (choices[i].question, value) != ANSWER_UNKNOWN)
      return TRUE;
  return is_one_of (key, yes_no) && claim_answer (QUESTION_YES_NO, value) != ANSWER_UNKNOWN;
}

static gboolean
is_of_the_pages (const char *path)
{
  return strstr (path, "/view:") || g_str_has_suffix (path, "/use_v2") ||
         g_str_has_suffix (path, "/days_till_expires");
}

static gboolean
has (const char *package, const char *words)
{
  g_autofree char *wanted = plain (words);

  return *wanted && strstr (package, wanted) != NULL;
}

static gboolean
has_amount (const char *package, const char *text)
{
  g_autofree char *amount = claim_amount (text), *digits = NULL;
  const char *point = amount ? strchr (amount, '.') : NULL;

  if (!amount)
    return FALSE;
  digits = text_digits (amount);
  if (!point || strlen (point) == 2) { /* no cents, or one digit of them */
    g_autofree char *longer = g_strconcat (digits, point ? "0" : "00", NULL);

    return has (package, longer);
  }
  return has (package, digits);
}

static gboolean
has_leaf (Fixture *fixture, const char *package, const char *key, const json_t *value)
{
  g_autoptr (GArray) odd = g_array_new (FALSE, FALSE, sizeof (gunichar));
  g_autofree char *typed = json_is_string (value) ? g_strdup (json_string_value (value))
                           : json_is_boolean (value)
                               ? g_strdup (json_is_true (value) ? "Yes" : "No")
                               : json_dumps (value, JSON_ENCODE_ANY | JSON_REAL_PRECISION (15));
  g_autofree char *printed = pdf_text_printable (fixture->fonts, typed, TRUE, odd);
  g_autofree char *digits = text_digits (typed);
  const char *code = g_str_equal (key, "country") ? papers_country_code (g_strstrip (typed)) : NULL;

  if (has (package, printed) || (code && has (package, code)))
    return TRUE;
  if (claim_is_day (typed)) {
    g_autofree char *day = g_strdup_printf ("%.2s%.2s%.4s", typed + 5, typed + 8, typed);

    return has (package, day);
  }
  if (strspn (typed, "0123456789-+(). /") == strlen (typed) &&
      (has (package, digits) || (digits[0] == '1' && has (package, digits + 1))))
    return TRUE;
  return has_amount (package, typed);
}

static guint
is_missing (const char *path, const json_t *value)
{
  g_autofree char *shown = json_dumps (value, JSON_ENCODE_ANY);

  g_printerr ("%s is missing: %s\n", path, shown);
  return 1;
}

/* How many leaves are missing. */
static guint
missing_below (Fixture *fixture, const char *package, const json_t *node, const char *path)
{
  const char *key;
  json_t *inner;
  gsize i;
  guint missing = 0;

  json_object_foreach ((json_t *)node, key, inner)
  {
    g_autofree char *below = g_strconcat (path, "/", key, NULL);

    if (is_of_the_pages (below) || claim_is_nothing (inner))
      continue;
    if (json_is_object (inner) || json_is_array (inner))
      missing += missing_below (fixture, package, inner, below);
    else if (!is_told_by_box (key, inner) && !has_leaf (fixture, package, key, inner))
      missing += is_missing (below, inner);
  }
  json_array_foreach (node, i, inner)
  {
    g_autofree char *below = g_strdup_printf ("%s/%" G_GSIZE_FORMAT, path, i);

    if (json_is_object (inner) || json_is_array (inner))
      missing += missing_below (fixture, package, inner, below);
    else if (!claim_is_nothing (inner) && !is_of_the_pages (below) &&
             !has_leaf (fixture, package, "", inner))
      missing += is_missing (below, inner);
  }
  return missing;
}

static void
check (Fixture *fixture, const json_t *parent, const char *what, gboolean look_closely)
{
  g_autoptr (GroupOfClaim) group = group_of_claim (parent);
  g_autofree char *package = NULL;
  const json_t *signature;
  guint missing;

  if (group->claim.child_count == 0)
    return; /* refused at the door */
  package = text_of_package (fixture, group, look_closely);
  missing = missing_below (fixture, package, json_object_get (parent, APPLICATION), APPLICATION);
  signature = json_object_get (parent, "statement_of_truth_signature");
  if (!has_leaf (fixture, package, "", signature))
    missing += is_missing ("statement_of_truth_signature", signature);
  missing += missing_below (fixture, package, json_object_get (parent, "veteran_information"),
                            "veteran_information");
  if (missing > 0) {
    g_printerr ("%s: %u are missing\n", what, missing);
    g_test_fail ();
  }
}

/* --- Worse claims. --- */

static void
repeat_elements (GRand *random, json_t *application)
{
  const char *key;
  json_t *list;

  json_object_foreach (application, key, list)
  {
    gsize count = json_array_size (list);

    if (count > 0 && g_rand_int_range (random, 0, 3) == 0)
      for (gint32 more = g_rand_int_range (random, 1, 8); more > 0; more--)
        json_array_append_new (
            list, json_deep_copy (
                      json_array_get (list, (gsize)g_rand_int_range (random, 0, (gint32)count))));
  }
}

static json_t *
worst_value (GRand *random)
{
  static const char *const scripts[] = {
    "Ξενοφών Παπαδόπουλος",
    "Ѳеодоръ Щукинъ",
    "김민준",
    "山田太郎",
    "Zażółć gęślą jaźń",
    "שלום",
    "محمد الأمين",
    "e\xcc\x81\xcc\xa3 a\xcc\x8a", /* letters with marks of their own */
    "turned \xe2\x80\xae round",   /* right-to-left override */
    "bell\x07 and tab\there",
    "two\nlines",
    "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7 family",
    "\xe0\xb8\x81\xe0\xb9\x84\xe0\xb8\x97\xe0\xb8\xa2", /* Thai, which no font of ours has */
  };
  gsize length = (gsize)g_rand_int_range (random, 20, 2000);
  g_autofree char *filled = NULL;

  switch (g_rand_int_range (random, 0, 4)) {
  case 0:
    filled = g_strnfill (length, 'W');
    return json_string (filled);
  case 1: {
    g_autoptr (GString) words = g_string_new (NULL);

    while (words->len < length)
      g_string_append_printf (words, "word%u ", g_rand_int (random) % 1000);
    return json_string (words->str);
  }
  default:
    return json_string (scripts[g_rand_int_range (random, 0, G_N_ELEMENTS (scripts))]);
  }
}

static void
make_worse (GRand *random, json_t *parent)
{
  g_autoptr (GArray) leaves = NULL;

  repeat_elements (random, json_object_get (parent, APPLICATION));
  leaves = claim_leaves (parent);
  for (guint i = 0; i < 8 && leaves->len > 0; i++) {
    const ClaimLeaf *leaf =
        &g_array_index (leaves, ClaimLeaf, g_rand_int_range (random, 0, (gint32)leaves->len));

    if (json_is_string (claim_leaf_value (leaf)))
      claim_leaf_set (leaf, worst_value (random));
  }
}

/* --- The tests. --- */

static void
samples_are_whole (Fixture *fixture, gconstpointer data)
{
  (void)data;
  for (guint i = 0; i < G_N_ELEMENTS (generated_claim_samples); i++) {
    const char *name = generated_claim_samples[i];
    g_autofree char *path = g_strconcat (SOURCE_DIR "/tests/samples/claims/", name, ".json", NULL);
    g_autoptr (json_t) parent = json_load_file (path, 0, NULL);

    g_assert_nonnull (parent);
    check (fixture, parent, name, TRUE);
  }
}

static guint32
number_of (const char *variable, guint32 otherwise)
{
  const char *text = g_getenv (variable);

  return text ? (guint32)g_ascii_strtoull (text, NULL, 10) : otherwise;
}

static void
generated_claims_are_whole (Fixture *fixture, gconstpointer data)
{
  guint32 first = number_of ("LEAF_SEED", 1), claims = number_of ("LEAF_CLAIMS", ORDINARY);

  (void)data;
  for (guint32 seed = first; seed < first + claims; seed++) {
    GRand *random = g_rand_new_with_seed (seed);
    g_autoptr (json_t) parent = generated_claim (seed, random);
    g_autofree char *what = g_strdup_printf ("seed %u", seed);

    make_worse (random, parent);
    check (fixture, parent, what, seed % 10 == 0);
    g_rand_free (random);
  }
  g_test_message ("%u claims from seed %u", claims, first);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  (void)data;
  fixture->papers = open_papers (g_getenv ("PAPERS_FORMS"), &error);
  g_assert_no_error (error);
  fixture->fonts = pdf_fonts_open (&error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  (void)data;
  pdf_fonts_free (fixture->fonts);
  papers_free (fixture->papers);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/papers/leaf/every-leaf-of-the-samples-is-on-paper", Fixture, NULL, set_up,
              samples_are_whole, tear_down);
  g_test_add ("/papers/leaf/every-leaf-of-generated-claims-is-on-paper", Fixture, NULL, set_up,
              generated_claims_are_whole, tear_down);
  return g_test_run ();
}
