/* Nothing of a claim is lost in silence: over generated claims, each leaf of dependents_application
 * is on the wire, or adapted by a rule that is named here, or told by a code.
 *
 * A leaf of a generated claim is taken away. When neither what BGS is told nor a finding changes
 * with it, and no finding covers its place, it was silent. LEAF_CLAIMS is how many claims,
 * LEAF_SEED the first seed. */
#include <glib.h>

#include "base/cleanup.h"
#include "claims/answers.h"
#include "claims/content.h"
#include "claims/split.h"
#include "submission/planner.h"
#include "submission/survey.h"
#include "submission/veteran.h"
#include "support/generated-claims.h"

#include <string.h>

#define ORDINARY     300
#define LEAVES_TRIED 6

/* --- The named rules: what may change nothing. [] is any number; a row is its place and all below.
 * --- */

static const char *const rules[] = {
  /* BGS has no element for it; the papers print it. */
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
  "children_to_add/[]/date_entered_household",
  "children_to_add/[]/biological_parent_name",
  "children_to_add/[]/biological_parent_ssn",
  "children_to_add/[]/biological_parent_dob",
  "children_to_add/[]/does_child_have_disability",
  "children_to_add/[]/living_with",
  "children_to_add/[]/marriage_end_date",
  "children_to_add/[]/marriage_end_description",
  "report_divorce/explanation_of_other",
  "step_children/[]/who_does_the_stepchild_live_with/middle",
  "deaths/[]/child_status",
  "deaths/[]/dependent_death_location", /* of all but a spouse */
  "student_information/[]/type_of_program_or_benefit",
  "student_information/[]/other_program_or_benefit",
  "student_information/[]/claims_or_receives_pension",
  "student_information/[]/student_networth_information/total_value",
  "student_information/[]/is_parent",
  "student_information/[]/school_information/date_full_time_ended",
  "household_income", /* nil on a 674 */
  "spouse_supporting_documents",
  "child_supporting_documents",
  "days_till_expires",
  "privacy_agreement_accepted",
  "use_v2",
  /* It decides the review, which is decided beside the plan. */
  "current_marriage_information/type_of_marriage",
  /* It only confirms what another answer says, and its contradiction is told. */
  "current_marriage_information/outside_usa",
  "report_divorce/divorce_location/outside_usa",
  "veteran_marriage_history/[]/start_location/outside_usa",
  "veteran_marriage_history/[]/end_location/outside_usa",
  "spouse_marriage_history/[]/start_location/outside_usa",
  "spouse_marriage_history/[]/end_location/outside_usa",
  "children_to_add/[]/birth_location/outside_usa",
  "children_to_add/[]/is_biological_child",
  "children_to_add/[]/relationship_to_child",
  "step_children/[]/supporting_stepchild",
  "student_information/[]/school_information/student_did_attend_school_last_term",
  NULL,
};

static gboolean
is_at_or_below (const char *path, const char *row)
{
  gsize length = strlen (row);

  return strncmp (path, row, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* Rules by the value or by the kind of place. */
static gboolean
is_by_rule (const char *path, const json_t *leaf)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  g_autoptr (GString) pattern = g_string_new (NULL);
  const char *last = "";

  for (guint i = 1; parts[i]; i++) {
    gboolean is_number = strspn (parts[i], "0123456789") == strlen (parts[i]) && *parts[i];

    g_string_append_printf (pattern, "%s%s", i > 1 ? "/" : "", is_number ? "[]" : parts[i]);
    if (g_str_has_prefix (parts[i], "view:"))
      return TRUE; /* state of the pages */
    last = parts[i];
  }
  for (guint i = 0; rules[i]; i++)
    if (is_at_or_below (pattern->str, rules[i]))
      return TRUE;
  /* A "no" about a place says something only of a place that is there (claims/content.h). */
  if (strcmp (last, "outside_usa") == 0)
    return claim_answer (QUESTION_YES_NO, leaf) == ANSWER_NO;
  /* "Not applicable" is no answer; USA is what a state of the USA says anyhow; so is a plain "no"
   * about the SSN. */
  if (strstr (last, "income") && json_is_string (leaf)) {
    const char *said = json_string_value (leaf);

    while (g_ascii_isspace (*said))
      said++;
    return g_ascii_strncasecmp (said, "n", 1) == 0;
  }
  return strcmp (last, "country") == 0 || strcmp (last, "no_ssn") == 0 ||
         g_str_has_suffix (last, "_was_married_before");
}

/* --- Everything that is told, as text. --- */

static void
put (GString *text, const char *value)
{
  g_string_append_printf (text, "|%s", value ? value : "-");
}

static void
put_address (GString *text, const BgsAddress *address)
{
  if (!address)
    return;
  put (text, address->line_one);
  put (text, address->line_two);
  put (text, address->line_three);
  put (text, address->city);
  put (text, address->country);
  put (text, address->state);
  put (text, address->foreign_postal_code);
  put (text, address->military_postal_type);
  put (text, address->military_post_office_type);
  put (text, address->zip);
  put (text, address->zip_suffix);
  put (text, address->province);
}

static void
put_plan (GString *text, const Plan *plan)
{
  put_address (text, plan->veteran_address);
  put (text, plan->marital_status);
  put (text, plan->net_worth_over_limit);
  for (guint i = 0; i < plan->persons->len; i++) {
    const PlanPerson *planned = g_ptr_array_index (plan->persons, i);
    g_autofree char *digest = bgs_person_digest_text (&planned->person);

    put (text, planned->slot);
    put (text, digest);
    put_address (text, planned->address);
  }
  for (guint i = 0; i < plan->relationships->len; i++) {
    const PlanRelationship *planned = g_ptr_array_index (plan->relationships, i);
    g_autofree char *digest = bgs_relationship_digest_text (&planned->relationship);

    put (text, digest);
  }
  for (guint i = 0; i < plan->students->len; i++) {
    const PlanStudent *planned = g_ptr_array_index (plan->students, i);
    g_autofree char *school = bgs_child_school_digest_text (&planned->school);
    g_autofree char *student = bgs_child_student_digest_text (&planned->student);

    put (text, school);
    put (text, student);
  }
}

/* @ret_findings: of SurveyFinding *; may be NULL. */
static char *
told (const json_t *parent, GPtrArray **ret_findings)
{
  g_autoptr (GPtrArray) children = claim_split (parent);
  GPtrArray *findings = survey_claim (parent, children, NULL, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < children->len; i++) {
    const ClaimChildForm *child = g_ptr_array_index (children, i);
    g_autoptr (Plan) plan = planner_plan (child->form_type, child->form, NULL);
    g_autoptr (Veteran) veteran = veteran_new (child->form, NULL);

    put (text, child->form_type);
    put (text, veteran->phone_number);
    put (text, veteran->email);
    put_plan (text, plan);
  }
  for (guint i = 0; i < findings->len; i++) {
    const SurveyFinding *finding = g_ptr_array_index (findings, i);

    g_string_append_printf (text, "|%d %s %s", finding->weight, finding->code, finding->field);
  }
  if (ret_findings)
    *ret_findings = findings;
  else
    g_ptr_array_unref (findings);
  return g_string_free (text, FALSE);
}

/* A finding covers its place and all below it; that of a street all its lines; a star any key. */
static gboolean
is_covered (const GPtrArray *findings, const char *path)
{
  for (guint i = 0; i < findings->len; i++) {
    const SurveyFinding *finding = g_ptr_array_index (findings, i);
    const char *star = strstr (finding->field, "/*");
    gsize length = star ? (gsize)(star - finding->field) : strlen (finding->field);
    g_autofree char *place = g_strndup (finding->field, length);

    if (strcmp (finding->code, "more") == 0 || is_at_or_below (path, place))
      return TRUE;
    if (g_str_has_suffix (place, "/street") && g_str_has_prefix (path, place))
      return TRUE;
  }
  return FALSE;
}

static guint
check_claim (guint32 seed)
{
  GRand *random = g_rand_new_with_seed (seed);
  g_autoptr (json_t) parent = generated_claim (seed, random);
  g_autoptr (GArray) leaves = claim_leaves (parent);
  g_autoptr (GPtrArray) findings = NULL;
  g_autofree char *before = told (parent, &findings);
  g_autoptr (GPtrArray) children = claim_split (parent);
  guint silent = 0;

  if (children->len == 0)
    g_array_set_size (leaves, 0); /* refused at the door */
  for (guint i = 0; i < LEAVES_TRIED && leaves->len > 0; i++) {
    const ClaimLeaf *leaf =
        &g_array_index (leaves, ClaimLeaf, g_rand_int_range (random, 0, (gint32)leaves->len));
    json_t *old = json_incref (claim_leaf_value (leaf));
    g_autofree char *after = NULL;

    if (!claim_is_nothing (old) && !is_by_rule (leaf->path, old) &&
        !is_covered (findings, leaf->path)) {
      claim_leaf_set (leaf, json_null ());
      after = told (parent, NULL);
      if (g_str_equal (before, after)) {
        g_autofree char *shown = json_dumps (old, JSON_ENCODE_ANY);

        g_printerr ("seed %u (%s): %s is silent: %s\n", seed, generated_claim_sample (seed),
                    leaf->path, shown);
        g_test_message ("told: %s", before);
        silent++;
      }
      claim_leaf_set (leaf, json_incref (old));
    }
    json_decref (old);
  }
  g_rand_free (random);
  return silent;
}

static guint32
number_of (const char *variable, guint32 otherwise)
{
  const char *text = g_getenv (variable);

  return text ? (guint32)g_ascii_strtoull (text, NULL, 10) : otherwise;
}

static void
no_leaf_is_silent (void)
{
  guint32 first = number_of ("LEAF_SEED", 1), claims = number_of ("LEAF_CLAIMS", ORDINARY);
  guint silent = 0;

  for (guint32 seed = first; seed < first + claims; seed++)
    silent += check_claim (seed);
  g_test_message ("%u claims from seed %u", claims, first);
  g_assert_cmpuint (silent, ==, 0);
}

/* --- What is nothing. --- */

#define NOTHINGS_ADDED 8

static json_t *
generated_nothing (GRand *random)
{
  static const char *const texts[] = {
    "null",
    "\"\"",
    "\" \\t\"",
    "\"\\u00a0\\u200b\"",
    "{}",
    "[]",
    "[null, {}, [\"\"]]",
    "{\"full_name\": {\"first\": \"\", \"last\": null}, \"address\": {}, \"ssn\": \" \"}",
    "{\"location\": {\"city\": null}, \"outside_usa\": false}",
    "[{\"deep\": [{\"deeper\": {\"deepest\": [\"\", {\"x\": null}]}}]}]",
  };

  return json_loads (texts[g_rand_int_range (random, 0, G_N_ELEMENTS (texts))], JSON_DECODE_ANY,
                     NULL);
}

/* Objects and lists, also of the choices; borrowed. */
static void
gather_holders (GPtrArray *holders, json_t *node)
{
  const char *key;
  json_t *inner;
  gsize i;

  if (json_is_object (node) || json_is_array (node))
    g_ptr_array_add (holders, node);
  json_object_foreach (node, key, inner) gather_holders (holders, inner);
  json_array_foreach (node, i, inner) gather_holders (holders, inner);
}

/* At the end of a list, so that no other place has another number; under a key that is not there,
 * or is nothing too. */
static void
add_nothing (GRand *random, json_t *parent)
{
  static const char *const keys[] = {
    "report_divorce",
    "spouse_information",
    "children_to_add",
    "deaths",
    "student_information",
    "veteran_marriage_history",
    "child_marriage",
    "add_spouse",
    "report674",
    "report_death",
    "no_ssn",
    "no_ssn_reason",
    "full_name",
    "middle",
    "suffix",
    "ssn",
    "birth_date",
    "address",
    "street2",
    "country",
    "state",
    "postal_code",
    "outside_usa",
    "location",
    "date",
    "remarks",
    "was_married",
    "nickname",
    "fullName",
    "view:selectable686_options",
  };
  g_autoptr (GPtrArray) holders = g_ptr_array_new ();
  json_t *holder;
  const char *key;

  gather_holders (holders, parent);
  holder = g_ptr_array_index (holders, g_rand_int_range (random, 0, (gint32)holders->len));
  key = keys[g_rand_int_range (random, 0, G_N_ELEMENTS (keys))];
  if (json_is_array (holder))
    json_array_append_new (holder, generated_nothing (random));
  else if (claim_is_nothing (json_object_get (holder, key)))
    json_object_set_new (holder, key, generated_nothing (random));
}

static void
what_is_nothing_changes_nothing (void)
{
  guint32 first = number_of ("LEAF_SEED", 1), claims = number_of ("LEAF_CLAIMS", ORDINARY);

  for (guint32 seed = first; seed < first + claims; seed++) {
    GRand *random = g_rand_new_with_seed (seed);
    g_autoptr (json_t) parent = generated_claim (seed, random);
    g_autofree char *before = told (parent, NULL), *after = NULL;

    for (guint i = 0; i < NOTHINGS_ADDED; i++)
      add_nothing (random, parent);
    after = told (parent, NULL);
    if (!g_str_equal (before, after)) {
      g_autofree char *shown = json_dumps (parent, JSON_INDENT (1));

      g_test_message ("seed %u (%s): %s", seed, generated_claim_sample (seed), shown);
    }
    g_assert_cmpstr (after, ==, before);
    g_rand_free (random);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/submission/leaf/no-leaf-of-a-claim-is-silent", no_leaf_is_silent);
  g_test_add_func ("/submission/leaf/what-is-nothing-changes-nothing",
                   what_is_nothing_changes_nothing);
  return g_test_run ();
}
