/* What is nothing, and how answers are read. */
#include "claims/answers.h"
#include "claims/content.h"
#include "claims/split.h"

static json_t *
parse (const char *text)
{
  json_t *value = json_loads (text, JSON_DECODE_ANY, NULL);

  g_assert_nonnull (value);
  return value;
}

static void
content_is (const char *given, const char *expected)
{
  g_autoptr (json_t) value = parse (given);
  g_autoptr (json_t) before = json_deep_copy (value);
  g_autoptr (json_t) content = claim_content (value);
  g_autoptr (json_t) again = content ? claim_content (content) : NULL;
  g_autoptr (json_t) wanted = expected ? parse (expected) : NULL;

  if (wanted ? !json_equal (content, wanted) : content != NULL)
    g_error ("%s is read as %s", given, json_dumps (content, JSON_ENCODE_ANY));
  g_assert_true (!content || json_equal (content, again));
  g_assert_true (json_equal (value, before));
  g_assert_cmpint (claim_is_nothing (value), ==, !expected || g_str_equal (expected, "{}"));
}

static void
nothing_is_left_out_at_any_depth (void)
{
  content_is ("null", NULL);
  content_is ("\"\"", NULL);
  content_is ("\" \\t\\n\\u00a0\\u3000\\u200b\\ufeff\"", NULL);
  content_is ("[]", NULL);
  content_is ("[null, [], {\"a\": \" \"}]", NULL);
  content_is ("{}", "{}");
  content_is ("{\"a\": {\"b\": [{\"c\": \"\"}, null]}}", "{}");
  content_is ("false", "false");
  content_is ("0", "0");
  content_is ("\" x \"", "\" x \"");
  content_is ("{\"a\": null, \"b\": {\"c\": {}, \"d\": 0}}", "{\"b\": {\"d\": 0}}");
  content_is ("{\"outside_usa\": false}", "{}");
  content_is ("{\"a\": [{\"start_location\": {\"outside_usa\": \"No\", \"location\": {}}}]}", "{}");
  content_is ("{\"outside_usa\": false, \"date\": \"x\"}", "{\"date\": \"x\"}");
  content_is ("{\"outside_usa\": true}", "{\"outside_usa\": true}");
  content_is ("{\"outside_usa\": \"maybe\"}", "{\"outside_usa\": \"maybe\"}");
  content_is ("{\"outside_usa\": false, \"location\": {\"city\": \"x\"}}",
              "{\"outside_usa\": false, \"location\": {\"city\": \"x\"}}");
  content_is ("{\"a\": [{}, {\"b\": false}, \"\", {}]}", "{\"a\": [null, {\"b\": false}]}");
}

static void
depth_is_bounded (void)
{
  GString *deep = g_string_new (NULL);
  g_autoptr (json_t) value = NULL;

  for (guint i = 0; i < CLAIM_DEPTH_MAX + 10; i++)
    g_string_append_c (deep, '[');
  g_string_append_c (deep, '1');
  for (guint i = 0; i < CLAIM_DEPTH_MAX + 10; i++)
    g_string_append_c (deep, ']');
  value = json_loads (deep->str, 0, NULL); /* the parser has a bound of its own, 2048 */
  g_assert_nonnull (value);
  g_assert_true (claim_is_nothing (value));
  g_assert_null (claim_content (value));
  g_string_free (deep, TRUE);
}

static void
answers_are_read_by_the_table (void)
{
  static const struct {
    Question question;
    const char *text;
    Answer answer;
  } rows[] = {
    { QUESTION_YES_NO, "true", ANSWER_YES },
    { QUESTION_YES_NO, "false", ANSWER_NO },
    { QUESTION_YES_NO, "\"TRUE\"", ANSWER_YES },
    { QUESTION_YES_NO, "\" yes \"", ANSWER_YES },
    { QUESTION_YES_NO, "\"n\"", ANSWER_NO },
    { QUESTION_YES_NO, "\"NA\"", ANSWER_UNKNOWN },
    { QUESTION_YES_NO, "1", ANSWER_UNKNOWN },
    { QUESTION_YES_NO, "null", ANSWER_MISSING },
    { QUESTION_YES_NO, "\" \"", ANSWER_MISSING },
    { QUESTION_YES_NO, "{\"a\": {}}", ANSWER_MISSING },
    { QUESTION_INCOME, "\"na\"", ANSWER_NOT_APPLICABLE },
    { QUESTION_INCOME, "\"Y\"", ANSWER_YES },
    { QUESTION_WHO_DIED, "\"Spouse\"", ANSWER_SPOUSE },
    { QUESTION_WHO_DIED, "\"dependent parent\"", ANSWER_PARENT },
    { QUESTION_WHO_DIED, "\" Dependent-Parent \"", ANSWER_PARENT },
    { QUESTION_WHO_DIED, "\"CHILD\"", ANSWER_CHILD },
    { QUESTION_WHO_DIED, "\"uncle\"", ANSWER_UNKNOWN },
    { QUESTION_WHO_DIED, "true", ANSWER_UNKNOWN },
    { QUESTION_STUDENT, "\"Step-Child\"", ANSWER_STEPCHILD },
    { QUESTION_STUDENT, "\"ADOPTED_CHILD\"", ANSWER_ADOPTED },
    { QUESTION_STUDENT, "\"grandchild\"", ANSWER_UNKNOWN },
    { QUESTION_MARRIAGE, "\"common-law\"", ANSWER_COMMON_LAW },
    { QUESTION_MARRIAGE, "\"Common Law\"", ANSWER_COMMON_LAW },
    { QUESTION_MARRIAGE, "\"church\"", ANSWER_UNKNOWN },
    { QUESTION_END_OF_MARRIAGE, "\"DIVORCE\"", ANSWER_DIVORCE },
    { QUESTION_SHARE, "\"more than HALF\"", ANSWER_MORE_THAN_HALF },
    { QUESTION_SHARE, "\"half\"", ANSWER_HALF },
    { QUESTION_NO_SSN, "\"No SSN Assigned by SSA\"", ANSWER_NONE_ASSIGNED },
    { QUESTION_NO_SSN, "\"half\"", ANSWER_UNKNOWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (json_t) value = parse (rows[i].text);

    g_assert_cmpint (claim_answer (rows[i].question, value), ==, rows[i].answer);
  }
  g_assert_cmpint (claim_answer (QUESTION_YES_NO, NULL), ==, ANSWER_MISSING);
}

static void
options_are_chosen_not_chosen_or_missing (void)
{
  static const char *const both[] = { "add_child", "add_disabled_child", NULL };
  g_autoptr (json_t) form = parse ("{\"view:selectable686_options\": {\"add_child\": \"No\", "
                                   "\"add_disabled_child\": \"YES\", \"report_death\": {}}}");

  g_assert_cmpint (claim_option (form, "add_child"), ==, ANSWER_NO);
  g_assert_cmpint (claim_option (form, "report_death"), ==, ANSWER_MISSING);
  g_assert_cmpint (claim_option_of (form, both), ==, ANSWER_YES);
  json_object_del (json_object_get (form, "view:selectable686_options"), "add_disabled_child");
  g_assert_cmpint (claim_option_of (form, both), ==, ANSWER_NO);
  g_assert_cmpint (claim_option (NULL, "add_child"), ==, ANSWER_MISSING);
}

static void
no_child_claim_is_made_of_nothing (void)
{
  g_autoptr (json_t) parent = parse (
      "{\"view:selectable686_options\": {\"report674\": \"true\"}, "
      "\"dependents_application\": {\"student_information\": [{}, {\"full_name\": {\"first\": "
      "\"A\", \"middle\": \"\"}}, {\"ssn\": \" \"}]}}");
  g_autoptr (GPtrArray) children = claim_split (parent);
  const ClaimChildForm *child;
  g_autoptr (json_t) expected = parse ("[{\"full_name\": {\"first\": \"A\"}}]");

  g_assert_cmpuint (children->len, ==, 1);
  child = g_ptr_array_index (children, 0);
  g_assert_true (
      json_equal (json_object_get (json_object_get (child->form, "dependents_application"),
                                   "student_information"),
                  expected));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/claims/content/nothing-is-left-out-at-any-depth",
                   nothing_is_left_out_at_any_depth);
  g_test_add_func ("/claims/content/depth-is-bounded", depth_is_bounded);
  g_test_add_func ("/claims/answers/are-read-by-the-table", answers_are_read_by_the_table);
  g_test_add_func ("/claims/answers/options-are-chosen-not-chosen-or-missing",
                   options_are_chosen_not_chosen_or_missing);
  g_test_add_func ("/claims/content/no-child-claim-is-made-of-nothing",
                   no_child_claim_is_made_of_nothing);
  return g_test_run ();
}
