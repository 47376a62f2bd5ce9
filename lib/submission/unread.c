#include "submission/unread.h"

#include "claims/answers.h"

#include <stdlib.h>
#include <string.h>

#define APPLICATION "dependents_application"

/* --- Tables. A row stands for its place and all below it; [] is any number. --- */

/* What BGS has no element for. Source: lib/bgs/README.md, facts 9 to 18. */
static const char *const no_element_686c[] = {
  "veteran_contact_information/international_phone_number",
  "veteran_contact_information/electronic_correspondence",
  "spouse_information/service_number",
  "current_marriage_information/type_other",
  "does_live_with_spouse/current_spouse_reason_for_separation",
  "does_live_with_spouse/other",
  "veteran_marriage_history/[]/other_reason_marriage_ended",
  "spouse_marriage_history/[]/other_reason_marriage_ended",
  "children_to_add/[]/birth_location/location/postal_code",
  "children_to_add/[]/is_biological_child_of_spouse",
  "children_to_add/[]/biological_parent_name/middle",
  "children_to_add/[]/does_child_have_disability",
  "children_to_add/[]/living_with",
  "children_to_add/[]/marriage_end_date",
  "children_to_add/[]/marriage_end_description",
  "children_to_add/[]/school_age_in_school",
  "report_divorce/explanation_of_other",
  "step_children/[]/who_does_the_stepchild_live_with/middle",
  "deaths/[]/child_status",
  "spouse_supporting_documents",
  "child_supporting_documents",
  NULL,
};

static const char *const no_element_674[] = {
  "veteran_contact_information/international_phone_number",
  "veteran_contact_information/electronic_correspondence",
  "child_stopped_attending_school",
  "days_till_expires",
  "privacy_agreement_accepted",
  "student_information/[]/type_of_program_or_benefit",
  "student_information/[]/other_program_or_benefit",
  "student_information/[]/claims_or_receives_pension",
  "student_information/[]/student_networth_information/total_value",
  "student_information/[]/is_parent",
  "student_information/[]/school_information/date_full_time_ended",
  NULL,
};

/* Whose data a part of the 686c is. */
static const struct {
  const char *key;
  const char *options[3]; /* one of them */
} parts[] = {
  { "spouse_information", { "add_spouse" } },
  { "current_marriage_information", { "add_spouse" } },
  { "does_live_with_spouse", { "add_spouse" } },
  { "spouse_marriage_history", { "add_spouse" } },
  { "children_to_add", { "add_child", "add_disabled_child" } },
  { "report_divorce", { "report_divorce" } },
  { "deaths", { "report_death" } },
  { "step_children", { "report_stepchild_not_in_household" } },
  { "child_marriage", { "report_marriage_of_child_under18", "child_marriage" } },
  { "child_stopped_attending_school", { "report_child18_or_older_is_not_attending_school" } },
};

/* Keys of dependents_application by the child that they go to (claims/split.c). Those of both are
 * the first's. */
static const char *const keys_of_686c[] = {
  "veteran_contact_information",
  "spouse_information",
  "current_marriage_information",
  "does_live_with_spouse",
  "veteran_marriage_history",
  "spouse_marriage_history",
  "children_to_add",
  "report_divorce",
  "step_children",
  "deaths",
  "child_marriage",
  "child_stopped_attending_school",
  NULL,
};

/* What the pages keep beside the answers, and what the papers alone carry. The net worth goes out
 * with a 686c, whose plan reads it, and not with a 674 (README.md, rule 6). */
static const char *const keys_of_page[] = {
  "household_income",
  "spouse_supporting_documents",
  "child_supporting_documents",
  "days_till_expires",
  "privacy_agreement_accepted",
  "use_v2",
  "veteran_information",
  "statement_of_truth_signature",
  "statement_of_truth_certified",
  "supporting_documents",
  "add_spouse",
  "add_child",
  "report674",
  "report_death",
  "report_stepchild_not_in_household",
  "report_marriage_of_child_under18",
  "report_child18_or_older_is_not_attending_school",
  "veteran_was_married_before",
  "spouse_was_married_before",
  NULL,
};

/* Every key of the form, sorted. */
static const char *const known_keys[] = {
  "address",
  "adopted",
  "all_other_income",
  "annual_social_security_payments",
  "benefit_payment_date",
  "biological_parent_dob",
  "biological_parent_name",
  "biological_parent_ssn",
  "birth_date",
  "birth_location",
  "ch35",
  "child_marriage",
  "child_over18_in_school",
  "child_status",
  "child_stopped_attending_school",
  "child_supporting_documents",
  "child_under18",
  "children_to_add",
  "city",
  "claims_or_receives_pension",
  "confirmation_code",
  "country",
  "current_marriage_information",
  "current_spouse_reason_for_separation",
  "current_term_dates",
  "date",
  "date_child_left_school",
  "date_entered_household",
  "date_full_time_ended",
  "date_married",
  "date_term_ended",
  "days_till_expires",
  "deaths",
  "deceased_dependent_income",
  "dependent_death_date",
  "dependent_death_location",
  "dependent_income",
  "dependent_type",
  "dependents_application",
  "disabled",
  "divorce_location",
  "does_child_have_disability",
  "does_child_have_permanent_disability",
  "does_child_live_with_you",
  "does_live_with_spouse",
  "earnings_from_all_employment",
  "electronic_correspondence",
  "email_address",
  "end_date",
  "end_location",
  "expected_graduation_date",
  "expected_student_start_date",
  "explanation_of_other",
  "feca",
  "first",
  "fry",
  "full_name",
  "has_child_ever_been_married",
  "household_income",
  "income_in_last_year",
  "international_phone_number",
  "is_biological_child",
  "is_biological_child_of_spouse",
  "is_parent",
  "is_school_accredited",
  "is_veteran",
  "last",
  "last_term_school_information",
  "living_expenses_paid",
  "living_with",
  "location",
  "marriage_date",
  "marriage_end_date",
  "marriage_end_description",
  "marriage_end_reason",
  "middle",
  "name",
  "no_ssn",
  "no_ssn_reason",
  "official_school_start_date",
  "other",
  "other_annuities_income",
  "other_assets",
  "other_program_or_benefit",
  "other_reason_marriage_ended",
  "outside_usa",
  "phone_number",
  "postal_code",
  "privacy_agreement_accepted",
  "real_estate",
  "reason_marriage_ended",
  "relationship_to_child",
  "relationship_to_student",
  "remarks",
  "report_divorce",
  "savings",
  "school_age_in_school",
  "school_information",
  "securities",
  "service_number",
  "size",
  "spouse_does_live_with_veteran",
  "spouse_income",
  "spouse_information",
  "spouse_marriage_history",
  "spouse_supporting_documents",
  "spouse_was_married_before",
  "ssn",
  "start_date",
  "start_location",
  "state",
  "step_child",
  "step_children",
  "stepchild",
  "street",
  "street2",
  "street3",
  "student_did_attend_school_last_term",
  "student_earnings_from_school_year",
  "student_expected_earnings_next_year",
  "student_income",
  "student_information",
  "student_is_enrolled_full_time",
  "student_networth_information",
  "suffix",
  "supporting_stepchild",
  "term_begin",
  "total_value",
  "tuition_is_paid_by_gov_agency",
  "type_of_marriage",
  "type_of_program_or_benefit",
  "type_other",
  "va_file_number",
  "veteran_address",
  "veteran_contact_information",
  "veteran_marriage_history",
  "veteran_was_married_before",
  "was_married",
  "who_does_the_stepchild_live_with",
};

static int
compare_key (const void *key, const void *row)
{
  return strcmp (key, *(const char *const *)row);
}

static const char *
named (const char *key)
{
  return bsearch (key, known_keys, G_N_ELEMENTS (known_keys), sizeof known_keys[0], compare_key)
             ? key
             : "*";
}

/* State of the pages: which ones were seen, what was opened. */
static gboolean
is_of_page (const char *key)
{
  return g_str_has_prefix (key, "view:");
}

UnreadKey
unread_key (const char *key)
{
  if (g_strv_contains (keys_of_686c, key))
    return KEY_OF_686C;
  if (strcmp (key, "student_information") == 0)
    return KEY_OF_674;
  return is_of_page (key) || g_strv_contains (keys_of_page, key) ? KEY_OF_PAGE : KEY_UNKNOWN;
}

/* --- The walk. --- */

typedef struct {
  char *path;
  Unread unread;
} Place;

typedef struct {
  const char *const *no_element;
  const json_t *content;
  UnreadPlaceIs place_is;
  gpointer data;
  gboolean is_set_aside; /* what is walked now, by another answer */
  GString *path;         /* as the plan has it, foreign keys and all */
  GString *told;         /* the same without foreign keys */
  GString *pattern;      /* below the application, numbers as [] */
  GArray *places;        /* of Place: unread so far */
} Walk;

/* What a node's leaves are. */
typedef enum { LEAVES_NONE, LEAVES_ALL_UNREAD, LEAVES_OTHER } Leaves;

static void
place_clear (gpointer place)
{
  g_free (((Place *)place)->path);
}

static gboolean
is_at_or_below (const char *pattern, const char *row)
{
  gsize length = strlen (row);

  return strncmp (pattern, row, length) == 0 && (pattern[length] == '\0' || pattern[length] == '/');
}

static gboolean
is_in (const char *pattern, const char *const *rows)
{
  for (; *rows; rows++)
    if (is_at_or_below (pattern, *rows))
      return TRUE;
  return FALSE;
}

static gboolean
is_chosen (const Walk *walk)
{
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (is_at_or_below (walk->pattern->str, parts[i].key))
      return claim_option_of (walk->content, parts[i].options) == ANSWER_YES;
  return TRUE;
}

static Unread
reason (const Walk *walk)
{
  if (!is_chosen (walk))
    return UNREAD_NOT_CHOSEN;
  return walk->is_set_aside ? UNREAD_NOT_APPLICABLE : UNREAD_UNKNOWN;
}

static Leaves walk_node (Walk *walk, const json_t *node, Unread *ret_unread);

static void
add_place (Walk *walk, Unread unread)
{
  Place place = { g_strdup (walk->told->str), unread };

  g_array_append_val (walk->places, place);
}

static Leaves
walk_step (Walk *walk, const char *key, const char *told, const char *pattern, const json_t *inner,
           Unread *ret_unread)
{
  gsize path = walk->path->len, told_length = walk->told->len, pattern_length = walk->pattern->len;
  gboolean was_set_aside = walk->is_set_aside;
  Leaves leaves;

  g_string_append_printf (walk->path, "/%s", key);
  g_string_append_printf (walk->told, "/%s", told);
  g_string_append_printf (walk->pattern, "%s%s", pattern_length > 0 ? "/" : "", pattern);
  leaves = walk_node (walk, inner, ret_unread);
  walk->is_set_aside = was_set_aside;
  g_string_truncate (walk->path, path);
  g_string_truncate (walk->told, told_length);
  g_string_truncate (walk->pattern, pattern_length);
  return leaves;
}

typedef struct {
  Unread unread;
  gboolean any, all; /* leaves at all; and all of them unread, for one reason */
} Sum;

static void
sum_up (Sum *sum, Leaves leaves, Unread unread)
{
  if (leaves == LEAVES_NONE)
    return;
  if (leaves != LEAVES_ALL_UNREAD || (sum->any && sum->unread != unread))
    sum->all = FALSE;
  sum->any = TRUE;
  sum->unread = unread;
}

static Leaves
walk_node (Walk *walk, const json_t *node, Unread *ret_unread)
{
  Sum sum = { UNREAD_UNKNOWN, FALSE, TRUE };
  guint before = walk->places->len;
  PlaceIs place_is = walk->place_is (walk->path->str, walk->data);
  Unread unread = UNREAD_UNKNOWN;
  Leaves leaves;
  const char *key;
  json_t *inner;
  gsize i;

  if (place_is == PLACE_NO_ELEMENT ||
      (is_in (walk->pattern->str, walk->no_element) && is_chosen (walk)))
    return LEAVES_NONE;
  walk->is_set_aside |= place_is == PLACE_NOT_APPLICABLE;
  if (!json_is_object (node) && !json_is_array (node)) {
    if (place_is == PLACE_READ)
      return LEAVES_OTHER;
    *ret_unread = reason (walk);
    add_place (walk, *ret_unread);
    return LEAVES_ALL_UNREAD;
  }

  if (json_is_array (node)) {
    json_array_foreach (node, i, inner)
    {
      g_autofree char *index = g_strdup_printf ("%" G_GSIZE_FORMAT, i);

      if (json_is_null (inner)) /* nothing, see claims/content.h */
        continue;
      leaves = walk_step (walk, index, index, "[]", inner, &unread);
      sum_up (&sum, leaves, unread);
    }
  } else
    json_object_foreach ((json_t *)node, key, inner)
    {
      if (is_of_page (key))
        continue;
      leaves = walk_step (walk, key, named (key), named (key), inner, &unread);
      sum_up (&sum, leaves, unread);
    }

  if (!sum.any)
    return LEAVES_NONE;
  if (!sum.all)
    return LEAVES_OTHER;
  g_array_set_size (walk->places, before);
  add_place (walk, sum.unread);
  *ret_unread = sum.unread;
  return LEAVES_ALL_UNREAD;
}

void
unread_find (const char *form_type, const json_t *content, UnreadPlaceIs place_is,
             UnreadFound found, gpointer data)
{
  Walk walk = {
    .no_element = strcmp (form_type, "21-674") == 0 ? no_element_674 : no_element_686c,
    .content = content,
    .place_is = place_is,
    .data = data,
    .path = g_string_new (APPLICATION),
    .told = g_string_new (APPLICATION),
    .pattern = g_string_new (NULL),
    .places = g_array_new (FALSE, FALSE, sizeof (Place)),
  };
  const char *key, *last = "";
  json_t *inner;
  Unread unread;

  g_array_set_clear_func (walk.places, place_clear);
  json_object_foreach (json_object_get (content, APPLICATION), key,
                       inner) if (unread_key (key) != KEY_OF_PAGE) (void)
      walk_step (&walk, key, named (key), named (key), inner, &unread);

  for (guint i = 0; i < walk.places->len; i++) {
    const Place *place = &g_array_index (walk.places, Place, i);

    if (strcmp (place->path, last) != 0)
      found (place->path, place->unread, data);
    last = place->path;
  }
  g_array_unref (walk.places);
  g_string_free (walk.path, TRUE);
  g_string_free (walk.told, TRUE);
  g_string_free (walk.pattern, TRUE);
}
