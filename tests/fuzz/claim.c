/* A claim from the door's bytes to what BGS would be told: read, judged, split, planned, surveyed,
 * decided. Nothing of it may alter the document, none may fail, and every text that goes out is
 * well-formed XML. */
#include "claim-api/body.h"
#include "claims/content.h"
#include "claims/split.h"
#include "claims/validate.h"
#include "submission/decisions.h"
#include "submission/planner.h"
#include "submission/survey.h"
#include "submission/veteran.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* The door's own defaults. */
static const BodyBounds bounds = { .max_depth = 32, .max_array_length = 100 };

#define SURVEY_MAX 1000 /* "a few hundred" */

void
fuzz_seeds (void)
{
  fuzz_seed_files ("tests/samples/claims", ".json");
  fuzz_seed_files ("tests/samples/invalid", ".json");
}

/* --- Mutations of a document as a document --- */

typedef struct {
  json_t *parent;
  const char *key; /* NULL: by index */
  gsize index;
} Place;

static void
collect (json_t *value, GArray *places)
{
  const char *key;
  json_t *inner;
  gsize index;

  if (json_is_object (value))
    json_object_foreach (value, key, inner)
    {
      g_array_append_val (places, ((Place){ value, key, 0 }));
      collect (inner, places);
    }
  else if (json_is_array (value))
    json_array_foreach (value, index, inner)
    {
      g_array_append_val (places, ((Place){ value, NULL, index }));
      collect (inner, places);
    }
}

static json_t *
value_at (const Place *place)
{
  return place->key ? json_object_get (place->parent, place->key)
                    : json_array_get (place->parent, place->index);
}

static const char *const words[] = {
  "",
  " ",
  "USA",
  "CAN",
  "APO",
  "FPO",
  "AE",
  "Ohio",
  "TX",
  "2020-02-30",
  "1999-12-31T00:00:00Z",
  "$1,234.50",
  "1.234,50",
  "Łukasz",
  "Straße 12½",
  "王",
  "👪",
  "a\001b",
  "a\u2028b\u200bc",
  "O'Neil & <b>",
  "]]>",
  "Jr.",
  "DIVORCE",
  "death",
  "Other",
  "SPOUSE",
  "child",
  "yes",
  "NA",
  "(1) 202-555-0101 x5",
  "666-01-0101",
  "1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234",
};

static json_t *
any_value (guint *seed, const GArray *places)
{
  const Place *other;

  switch (rand_r (seed) % 10) {
  case 0:
    return json_null ();
  case 1:
    return json_boolean (rand_r (seed) % 2);
  case 2:
    return json_integer (rand_r (seed) % 3 ? rand_r (seed) % 100000 : G_MININT64);
  case 3:
    return json_real (rand_r (seed) / 7.0);
  case 4:
    return json_object ();
  case 5:
    return json_array ();
  case 6:
  case 7:
    return json_string (words[(gsize)rand_r (seed) % G_N_ELEMENTS (words)]);
  default:
    other = &g_array_index (places, Place, (guint)rand_r (seed) % places->len);
    return json_deep_copy (value_at (other));
  }
}

static json_t *
edited_text (json_t *value, guint *seed)
{
  char room[512];
  gsize length = MIN (json_string_length (value), sizeof room);
  g_autofree char *valid = NULL;

  memcpy (room, json_string_value (value), length);
  length = LLVMFuzzerMutate ((uint8_t *)room, length, sizeof room);
  (void)seed;
  valid = g_utf8_make_valid (room, (gssize)length);
  return json_string (valid);
}

static void
change_document (json_t *document, guint *seed)
{
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (Place));
  Place *place;
  json_t *value;

  collect (document, places);
  if (places->len == 0)
    return;
  place = &g_array_index (places, Place, (guint)rand_r (seed) % places->len);
  value = value_at (place);
  switch (rand_r (seed) % 5) {
  case 0:
    if (place->key)
      json_object_del (place->parent, place->key);
    else
      json_array_remove (place->parent, place->index);
    return;
  case 1:
    if (place->key) { /* also in a place of that name elsewhere */
      const Place *other = &g_array_index (places, Place, (guint)rand_r (seed) % places->len);

      if (json_is_object (other->parent))
        json_object_set_new (other->parent, place->key, json_deep_copy (value));
    } else
      json_array_append_new (place->parent, json_deep_copy (value));
    return;
  case 2:
    if (json_is_string (value)) {
      json_t *edited = edited_text (value, seed);

      if (place->key)
        json_object_set_new (place->parent, place->key, edited);
      else
        json_array_set_new (place->parent, place->index, edited);
      return;
    } /* fall through */
  default:
    value = any_value (seed, places);
    if (place->key)
      json_object_set_new (place->parent, place->key, value);
    else
      json_array_set_new (place->parent, place->index, value);
  }
}

size_t
LLVMFuzzerCustomMutator (uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
  g_autoptr (json_t) document = json_loadb ((const char *)data, size, 0, NULL);
  size_t length;

  if (!json_is_object (document) || rand_r (&seed) % 8 == 0)
    return LLVMFuzzerMutate (data, size, max_size);
  for (guint changes = 1 + (guint)rand_r (&seed) % 4; changes > 0; changes--)
    change_document (document, &seed);
  length = json_dumpb (document, (char *)data, max_size, JSON_COMPACT);
  if (length <= max_size)
    return length;
  return LLVMFuzzerMutate (data, size, max_size);
}

/* --- What is checked --- */

static void
check_xml (char *text_taken)
{
  g_autofree char *text = text_taken;
  xmlDoc *document = xmlReadMemory (text, (int)strlen (text), NULL, NULL,
                                    XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NONET);

  g_assert_nonnull (document);
  xmlFreeDoc (document);
}

static void
check_calls (const Plan *plan)
{
  for (guint i = 0; i < plan->calls->len; i++) {
    const PlanCall *call = &g_array_index (plan->calls, PlanCall, i);

    switch (call->kind) {
    case PLAN_PARTICIPANT:
    case PLAN_PERSON:
    case PLAN_ADDRESS:
      g_assert_cmpuint (call->index, <, plan->persons->len);
      break;
    case PLAN_RELATIONSHIP:
      g_assert_cmpuint (call->index, <, plan->relationships->len);
      break;
    case PLAN_SCHOOL:
    case PLAN_STUDENT:
      g_assert_cmpuint (call->index, <, plan->students->len);
      break;
    }
  }
}

static void
check_person_of (const Plan *plan, int person)
{
  g_assert_true (person == PLAN_VETERAN || (person >= 0 && (guint)person < plan->persons->len));
}

static void
check_plan (const char *form_type, const json_t *form, const json_t *user_data)
{
  g_autoptr (json_t) merged = veteran_merge (form, user_data);
  g_autoptr (Plan) plan = planner_plan (form_type, merged, NULL);
  g_autoptr (Veteran) veteran = veteran_new (form, user_data);

  check_calls (plan);
  for (guint i = 0; i < plan->persons->len; i++) {
    const PlanPerson *planned = g_ptr_array_index (plan->persons, i);

    check_xml (bgs_person_digest_text (&planned->person));
  }
  for (guint i = 0; i < plan->relationships->len; i++) {
    const PlanRelationship *planned = g_ptr_array_index (plan->relationships, i);

    check_person_of (plan, planned->a);
    check_person_of (plan, planned->b);
    check_xml (bgs_relationship_digest_text (&planned->relationship));
  }
  for (guint i = 0; i < plan->students->len; i++) {
    const PlanStudent *planned = g_ptr_array_index (plan->students, i);

    check_person_of (plan, planned->person);
    check_xml (bgs_child_school_digest_text (&planned->school));
    check_xml (bgs_child_student_digest_text (&planned->student));
  }
  g_assert_cmpuint (plan->findings->len, <=, PLAN_FINDINGS_MAX + 1);
  for (guint i = 0; i < plan->findings->len; i++) {
    const PlanFinding *finding = g_ptr_array_index (plan->findings, i);

    g_assert_true (plan_finding_text (finding->code) != finding->code);
    fuzz_check_line (finding->field);
    g_assert_true (!finding->value || g_str_is_ascii (finding->value));
  }
  g_assert_true (!veteran->ssn || strlen (veteran->ssn) == 9);
  g_assert_true (!veteran->phone_number || strlen (veteran->phone_number) == 10);
  decide_removal (merged);
}

static void
check_survey (const json_t *parent, const GPtrArray *children, const json_t *user_data)
{
  g_autoptr (GPtrArray) findings = survey_claim (parent, children, user_data, NULL);
  g_autofree char *reasons = NULL;
  const json_t *form_686c = NULL;
  guint count_674 = 0;

  g_assert_cmpuint (findings->len, <=, SURVEY_MAX);
  for (guint i = 0; i < findings->len; i++) {
    const SurveyFinding *finding = g_ptr_array_index (findings, i);

    fuzz_check_line (finding->field);
  }
  for (guint i = 0; i < children->len; i++) {
    const ClaimChildForm *child = g_ptr_array_index (children, i);

    if (g_str_equal (child->form_type, "21-686C"))
      form_686c = child->form;
    else
      count_674++;
  }
  survey_paper (findings);
  reasons = decide_review (form_686c, count_674, findings);
  g_assert_true (!reasons || g_utf8_validate (reasons, -1, NULL));
}

static gboolean
is_refused (const json_t *parent)
{
  g_autoptr (GPtrArray) findings = claim_validate (parent);
  gboolean refused = FALSE;

  g_assert_cmpuint (findings->len, <=, CLAIM_FINDINGS_MAX);
  for (guint i = 0; i < findings->len; i++) {
    const ClaimFinding *finding = g_ptr_array_index (findings, i);

    fuzz_check_line (finding->message);
    g_assert_true (g_utf8_validate (finding->pointer, -1, NULL));
    g_assert_true (finding->pointer[0] == '\0' || finding->pointer[0] == '/');
    refused |= finding->rule == CLAIM_RULE_LENIENT;
  }
  return refused;
}

static void
check_claim (const json_t *parent, const json_t *user_data)
{
  g_autoptr (json_t) before = json_deep_copy (parent);
  g_autoptr (json_t) content = claim_content (parent);
  g_autoptr (json_t) again = claim_content (content);

  g_assert_true (json_equal (content, again));
  if (is_refused (parent)) {
    /* It is not stored; who plans is not to rely on that. */
    check_plan ("21-686C", parent, user_data);
    check_plan ("21-674", parent, user_data);
  } else {
    g_autoptr (GPtrArray) children = claim_split (parent);

    g_assert_cmpuint (children->len, >, 0);
    for (guint i = 0; i < children->len; i++) {
      const ClaimChildForm *child = g_ptr_array_index (children, i);

      check_plan (child->form_type, child->form, user_data);
    }
    check_survey (parent, children, user_data);
  }
  g_assert_true (json_equal (parent, before));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static json_t *user_data;
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);

  if (!user_data)
    user_data = json_pack ("{s:{s:{s:s,s:s},s:s,s:s,s:s}}", "veteran_information", "full_name",
                           "first", "Harold", "last", "Lindqvist", "ssn", "666010101", "birth_date",
                           "1981-06-14", "participant_id", "600000001");
  for (int is_camel = 0; is_camel < 2; is_camel++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (json_t) parent = body_parse (bytes, &bounds, is_camel, &error);

    g_assert_true ((parent == NULL) == (error != NULL));
    if (!parent) {
      g_assert_true (error->domain == BODY_ERROR);
      fuzz_check_line (error->message);
      return 0;
    }
    check_claim (parent, is_camel ? user_data : NULL);
  }
  return 0;
}
