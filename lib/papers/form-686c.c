/* Who fills which row of the 21-686c; see form-686c.h. */
#include "papers/form-686c.h"

#include "papers/contact.h"
#include "papers/rest.h"

/* What of a person or matter no row has asked for, below its heading. */
static void
write_rest (Sheet *sheet, const json_t *rest)
{
  papers_write_rest (sheet->filling, NULL, rest);
}

/* Elements that are no objects stay, and are told with the rest of the application. */
static void
write_each (Sheet *sheet, json_t *application, const char *key,
            void (*write) (Sheet *sheet, gsize k, json_t *person))
{
  json_t *list = json_object_get (application, key), *person;
  gsize k;

  json_array_foreach (list, k, person)
  {
    if (!json_is_object (person))
      continue;
    write (sheet, k, person);
    write_rest (sheet, person);
    (void)json_object_clear (person); /* all of it is told */
  }
}

/* A box for each answer of a fixed choice. */
typedef struct {
  Answer answer;
  const char *row, *text;
} Choice;

/* An answer that has no box stays, and is told in words. */
static void
write_choice (Sheet *sheet, json_t *object, const char *key, Question question, const char *label,
              const Choice *choices)
{
  Answer answer = claim_answer_at (question, object, key);

  for (; choices->row; choices++)
    if (choices->answer == answer) {
      sheet_put_check (sheet, choices->row, label, choices->text);
      (void)sheet_take_answer (object, key, question); /* told by the box */
      return;
    }
}

/* --- Net worth and incomes, which have no boxes but a text. --- */

static void
ask (GString *questions, const char *question, const char *answer)
{
  g_string_append_printf (questions, "%s%s %s", questions->len > 0 ? "\n\n" : "", question,
                          answer ? answer : "");
}

/* Yes and No; anything else as it was given; NULL when nothing was. */
static const char *
take_income (Sheet *sheet, json_t *object, const char *key)
{
  Answer answer = claim_answer_at (QUESTION_INCOME, object, key);

  if (answer != ANSWER_YES && answer != ANSWER_NO)
    return sheet_take_text (sheet, object, key);
  (void)sheet_take_answer (object, key, QUESTION_INCOME); /* it is known */
  return answer == ANSWER_YES ? "Yes" : "No";
}

static void
ask_income (Sheet *sheet, GString *questions, const char *who, const json_t *person, json_t *object,
            const char *key)
{
  g_autofree char *name = sheet_full_name (json_object_get (person, "full_name"));
  g_autofree char *question =
      g_strdup_printf ("Did %s%s%s%s have income in the last 365 days?", who, name ? ", " : "",
                       name ? name : "", name ? "," : "");

  ask (questions, question, take_income (sheet, object, key));
}

static void
ask_incomes (Sheet *sheet, GString *questions, const char *who, json_t *persons, const char *key)
{
  json_t *person;
  gsize k;

  json_array_foreach (persons, k, person)
  {
    if (json_is_object (person))
      ask_income (sheet, questions, who, person, person, key);
  }
}

/* Before the persons are written, for it needs their names and takes their answers. */
static char *
take_incomes (Sheet *sheet, json_t *application)
{
  GString *questions = g_string_new (NULL);
  json_t *spouse = json_object_get (application, "spouse_information");
  json_t *divorce = json_object_get (application, "report_divorce");
  Answer net_worth = sheet_take_answer (application, "household_income", QUESTION_YES_NO);

  if (net_worth == ANSWER_YES || net_worth == ANSWER_NO)
    ask (questions, "Was your household's net worth above $163,699 in the last tax year?",
         net_worth == ANSWER_YES ? "Yes" : "No");
  if (json_object_get (spouse, "full_name"))
    ask_income (sheet, questions, "your spouse", spouse,
                json_object_get (application, "does_live_with_spouse"), "spouse_income");
  ask_incomes (sheet, questions, "your child", json_object_get (application, "children_to_add"),
               "income_in_last_year");
  if (json_object_get (divorce, "full_name"))
    ask_income (sheet, questions, "your former spouse", divorce, divorce, "spouse_income");
  ask_incomes (sheet, questions, "the deceased", json_object_get (application, "deaths"),
               "deceased_dependent_income");
  return g_string_free (questions, FALSE);
}

/* --- Spouse and marriages. --- */

static void
write_marriage (Sheet *sheet, json_t *marriage)
{
  static const Choice kinds[] = {
    { ANSWER_CIVIL, "type.civil", "Civil ceremony" },
    { ANSWER_CEREMONIAL, "type.religious", "Religious ceremony" },
    { ANSWER_COMMON_LAW, "type.common-law", "Common law" },
    { ANSWER_TRIBAL, "type.tribal", "Tribal" },
    { ANSWER_PROXY, "type.proxy", "Proxy" },
    { ANSWER_OTHER, "type.other", "Other" },
    { 0 },
  };

  sheet_block (sheet, "marriage");
  sheet_put_date (sheet, "date", "Date of marriage", marriage, "date");
  sheet_put_place (sheet, "place", "Place of marriage", marriage);
  write_choice (sheet, marriage, "type_of_marriage", QUESTION_MARRIAGE, "Kind of marriage", kinds);
  sheet_put (sheet, "type-other", "Other kind of marriage", marriage, "type_other");
}

static void
write_spouse (Sheet *sheet, json_t *application)
{
  json_t *spouse = json_object_get (application, "spouse_information");
  json_t *marriage = json_object_get (application, "current_marriage_information");
  json_t *together = json_object_get (application, "does_live_with_spouse");

  sheet_begin (sheet, "spouse", "Spouse", spouse);
  sheet_put_name (sheet, "name", "Name", json_object_get (spouse, "full_name"));
  sheet_put_person_ssn (sheet, "Spouse", spouse);
  sheet_put_date (sheet, "birth", "Date of birth", spouse, "birth_date");
  sheet_put_yes_no (sheet, "is-veteran", "Is a veteran", spouse, "is_veteran");
  sheet_put (sheet, "file-number", "VA file number", spouse, "va_file_number");
  sheet_put (sheet, "service-number", "Service number", spouse, "service_number");
  write_marriage (sheet, marriage);
  sheet_block (sheet, "spouse");
  sheet_put_yes_no (sheet, "lives-with", "Lives with the Veteran", together,
                    "spouse_does_live_with_veteran");
  sheet_put (sheet, "separation", "Reason for separation", together,
             "current_spouse_reason_for_separation");
  sheet_put_address (sheet, "address", "Address", json_object_get (together, "address"));
  write_rest (sheet, spouse);
  papers_write_rest (sheet->filling, "Marriage", marriage);
  papers_write_rest (sheet->filling, "Living together", together);
  (void)json_object_del (application, "spouse_information"); /* may be missing */
  (void)json_object_del (application, "current_marriage_information");
  (void)json_object_del (application, "does_live_with_spouse");
}

static void
write_former_marriage (Sheet *sheet, json_t *marriage)
{
  static const Choice ends[] = {
    { ANSWER_DEATH, "reason.death", "Death" },
    { ANSWER_DIVORCE, "reason.divorce", "Divorce" },
    { ANSWER_ANNULMENT, "reason.annulment", "Annulment" },
    { ANSWER_OTHER, "reason.other", "Other" },
    { 0 },
  };

  sheet_put_name (sheet, "name", "Former spouse", json_object_get (marriage, "full_name"));
  sheet_put_date (sheet, "start", "Date of marriage", marriage, "start_date");
  sheet_put_place (sheet, "start", "Place of marriage",
                   json_object_get (marriage, "start_location"));
  write_choice (sheet, marriage, "reason_marriage_ended", QUESTION_END_OF_MARRIAGE,
                "Reason for termination", ends);
  sheet_put (sheet, "reason.text", "Other reason for termination", marriage,
             "other_reason_marriage_ended");
  sheet_put_date (sheet, "end", "Date of termination", marriage, "end_date");
  sheet_put_place (sheet, "end", "Place of termination",
                   json_object_get (marriage, "end_location"));
}

static void
write_veteran_marriage (Sheet *sheet, gsize k, json_t *marriage)
{
  sheet_begin_nth (sheet, "veteran-marriage", k, "Veteran's former marriage", marriage);
  write_former_marriage (sheet, marriage);
}

static void
write_spouse_marriage (Sheet *sheet, gsize k, json_t *marriage)
{
  sheet_begin_nth (sheet, "spouse-marriage", k, "Spouse's former marriage", marriage);
  write_former_marriage (sheet, marriage);
}

/* --- Children. --- */

/* A box that is marked by a yes. A no says no more than the empty box; where there is no box, it is
 * told. */
static gboolean
write_mark (Sheet *sheet, json_t *object, const char *key, const char *row, const char *label)
{
  Answer answer = sheet_take_answer (object, key, QUESTION_YES_NO);

  if (answer == ANSWER_YES)
    sheet_put_check (sheet, row, label, "Yes");
  else if (answer == ANSWER_NO && !sheet_has_row (sheet, row))
    sheet_put_check (sheet, row, label, "No");
  return answer == ANSWER_YES;
}

/* The form has one box for a death and a divorce, so the addendum says which. */
static void
write_end_of_childs_marriage (Sheet *sheet, json_t *child)
{
  static const Choice ends[] = {
    { ANSWER_DEATH, "marriage-end.void", "Death" },
    { ANSWER_DIVORCE, "marriage-end.void", "Divorce" },
    { ANSWER_ANNULMENT, "marriage-end.annulled", "Annulled" },
    { ANSWER_OTHER, "marriage-end.other", "Other" },
    { 0 },
  };
  Answer end = claim_answer_at (QUESTION_END_OF_MARRIAGE, child, "marriage_end_reason");

  sheet_put_date (sheet, "marriage-end", "Date the marriage ended", child, "marriage_end_date");
  write_choice (sheet, child, "marriage_end_reason", QUESTION_END_OF_MARRIAGE,
                "Reason the marriage ended", ends);
  if (end == ANSWER_DEATH || end == ANSWER_DIVORCE)
    pdf_filling_note (sheet->filling, NULL, "Declared void means that the marriage ended by",
                      end == ANSWER_DEATH ? "Death" : "Divorce");
  sheet_put (sheet, "marriage-end.text", "Other reason the marriage ended", child,
             "marriage_end_description");
}

static void
write_child (Sheet *sheet, gsize k, json_t *child)
{
  json_t *relationship = json_object_get (child, "relationship_to_child");

  sheet_begin_nth (sheet, "child", k, "Child", child);
  sheet_put_name (sheet, "name", "Name", json_object_get (child, "full_name"));
  sheet_put_person_ssn (sheet, "Child", child);
  sheet_put_date (sheet, "birth", "Date of birth", child, "birth_date");
  sheet_put_place (sheet, "birth-place", "Place of birth",
                   json_object_get (child, "birth_location"));
  sheet_put_name (sheet, "lives-with", "Lives with", json_object_get (child, "living_with"));
  sheet_put_address (sheet, "address", "Address", json_object_get (child, "address"));
  write_mark (sheet, child, "is_biological_child", "status.biological", "Biological child");
  write_mark (sheet, relationship, "adopted", "status.adopted", "Adopted child");
  write_mark (sheet, relationship, "stepchild", "status.stepchild", "Stepchild");
  write_mark (sheet, child, "school_age_in_school", "status.in-school",
              "18 to 23 years old and in school");
  write_mark (sheet, child, "does_child_have_permanent_disability", "status.incapable",
              "Incapable of self-support");
  write_mark (sheet, child, "has_child_ever_been_married", "status.married", "Previously married");
  sheet_put_yes_no (sheet, "of-spouse", "Biological child of the spouse", child,
                    "is_biological_child_of_spouse");
  sheet_put_date (sheet, "entered", "Date of entering the household", child,
                  "date_entered_household");
  write_end_of_childs_marriage (sheet, child);
}

/* --- Those who are no dependents any more. --- */

static void
write_divorce (Sheet *sheet, json_t *application)
{
  json_t *divorce = json_object_get (application, "report_divorce");

  sheet_begin (sheet, "divorce", "Divorce", divorce);
  sheet_put_name (sheet, "name", "Former spouse", json_object_get (divorce, "full_name"));
  sheet_put_place (sheet, "place", "Place of divorce",
                   json_object_get (divorce, "divorce_location"));
  sheet_put_date (sheet, "date", "Date of divorce", divorce, "date");
  write_rest (sheet, divorce);
  (void)json_object_del (application, "report_divorce"); /* may be missing */
}

/* One question for all of them: the box is marked when they agree, else each answer is told. */
static void
write_support (Sheet *sheet, json_t *stepchildren)
{
  Answer all = ANSWER_MISSING;
  json_t *person;
  gsize k;

  json_array_foreach (stepchildren, k, person)
  {
    Answer answer = claim_answer_at (QUESTION_YES_NO, person, "supporting_stepchild");

    if (answer == ANSWER_MISSING)
      continue;
    if (answer == ANSWER_UNKNOWN || (all != ANSWER_MISSING && all != answer))
      return;
    all = answer;
  }
  if (all == ANSWER_MISSING)
    return;
  sheet_put_check (sheet, all == ANSWER_YES ? "supporting.yes" : "supporting.no",
                   "Supporting the stepchildren", all == ANSWER_YES ? "Yes" : "No");
  json_array_foreach (stepchildren, k, person)
  {
    (void)sheet_take_answer (person, "supporting_stepchild", QUESTION_YES_NO); /* all agree */
  }
}

static void
write_stepchild (Sheet *sheet, gsize k, json_t *child)
{
  static const Choice shares[] = {
    { ANSWER_MORE_THAN_HALF, "support.more", "More than half" },
    { ANSWER_HALF, "support.half", "Half" },
    { ANSWER_LESS_THAN_HALF, "support.less", "Less than half" },
    { 0 },
  };
  json_t *name = json_object_get (child, "full_name");
  g_autoptr (json_t) again = json_deep_copy (name);

  sheet_begin_nth (sheet, "stepchild", k, "Stepchild", child);
  sheet_put_name (sheet, "name", "Name", name);
  sheet_put_person_ssn (sheet, "Stepchild", child);
  if (sheet_has_row (sheet, "listed"))
    sheet_put_name_again (sheet, "listed", "Name", again);
  sheet_put_name (sheet, "lives-with", "Lives with",
                  json_object_get (child, "who_does_the_stepchild_live_with"));
  sheet_put_address (sheet, "address", "Address", json_object_get (child, "address"));
  write_choice (sheet, child, "living_expenses_paid", QUESTION_SHARE,
                "Share of living expenses paid", shares);
}

static void
write_stepchildren (Sheet *sheet, json_t *application)
{
  json_t *stepchildren = json_object_get (application, "step_children");

  sheet_begin (sheet, "stepchildren", "Stepchildren", NULL);
  if (json_array_size (stepchildren) > 0)
    sheet_put_check (sheet, "any.yes", "Stepchildren", "Yes");
  write_support (sheet, stepchildren);
  write_each (sheet, application, "step_children", write_stepchild);
}

/* A child's own marks say that it was a child; where there are none, the answer is told. */
static void
write_who_died (Sheet *sheet, json_t *death)
{
  static const Choice others[] = {
    { ANSWER_SPOUSE, "was.spouse", "Spouse" },
    { ANSWER_PARENT, "was.parent", "Dependent parent" },
    { 0 },
  };
  static const struct {
    const char *key, *row, *label;
  } marks[] = {
    { "child_under18", "was.minor", "Minor child" },
    { "step_child", "was.stepchild", "Stepchild" },
    { "adopted", "was.adopted", "Adopted child" },
    { "disabled", "was.incapable", "Child incapable of self-support" },
    { "child_over18_in_school", "was.in-school", "18 to 23 years old and in school" },
  };
  json_t *status = json_object_get (death, "child_status");
  gboolean is_marked = FALSE;

  write_choice (sheet, death, "dependent_type", QUESTION_WHO_DIED, "The deceased was", others);
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    if (write_mark (sheet, status, marks[i].key, marks[i].row, marks[i].label))
      is_marked = TRUE;
  if (is_marked && claim_answer_at (QUESTION_WHO_DIED, death, "dependent_type") == ANSWER_CHILD)
    (void)sheet_take_answer (death, "dependent_type", QUESTION_WHO_DIED); /* told by the marks */
}

static void
write_death (Sheet *sheet, gsize k, json_t *death)
{
  sheet_begin_nth (sheet, "death", k, "Deceased dependent", death);
  sheet_put_name (sheet, "name", "Name", json_object_get (death, "full_name"));
  write_who_died (sheet, death);
  sheet_put_date (sheet, "date", "Date of death", death, "dependent_death_date");
  sheet_put_place (sheet, "place", "Place of death",
                   json_object_get (death, "dependent_death_location"));
}

static void
write_child_marriage (Sheet *sheet, gsize k, json_t *child)
{
  sheet_begin_nth (sheet, "child-marriage", k, "Child who married", child);
  sheet_put_name (sheet, "name", "Name", json_object_get (child, "full_name"));
  sheet_put_date (sheet, "date", "Date of marriage", child, "date_married");
}

static void
write_left_school (Sheet *sheet, gsize k, json_t *child)
{
  sheet_begin_nth (sheet, "left-school", k, "Schoolchild who stopped attending", child);
  sheet_put_name (sheet, "name", "Name", json_object_get (child, "full_name"));
  sheet_put_date (sheet, "date", "Date of leaving school", child, "date_child_left_school");
}

void
papers_write_686c (Sheet *sheet, json_t *application)
{
  g_autofree char *incomes = take_incomes (sheet, application);

  papers_write_contact (sheet, json_object_get (application, "veteran_contact_information"));
  sheet_put_address (sheet, "address", "Mailing address",
                     json_object_get (json_object_get (application, "veteran_contact_information"),
                                      "veteran_address"));
  write_spouse (sheet, application);
  write_each (sheet, application, "veteran_marriage_history", write_veteran_marriage);
  write_each (sheet, application, "spouse_marriage_history", write_spouse_marriage);
  write_each (sheet, application, "children_to_add", write_child);
  write_divorce (sheet, application);
  write_stepchildren (sheet, application);
  write_each (sheet, application, "deaths", write_death);
  write_each (sheet, application, "child_marriage", write_child_marriage);
  write_each (sheet, application, "child_stopped_attending_school", write_left_school);
  sheet_begin (sheet, "", "Net worth and incomes", NULL);
  if (*incomes)
    pdf_filling_lines (sheet->filling, "addendum", "Net worth and incomes", incomes);
}
