#include "submission/plan-finding.h"

#include <string.h>

static const struct {
  const char *code, *text;
} texts_of_codes[] = {
  { "unclear-answer", "the answer is none that the form knows" },
  { "missing-answer", "an answer that decides is missing" },
  { "contradiction", "two answers contradict each other" },
  { "twice", "the same person stands in this list twice" },
  { "cut", "the text is longer than BGS can hold and was cut" },
  { "letters-lost",
    "letters of the text cannot be written in those that BGS takes and are missing" },
  { "not-writable", "nothing of the text can be written in the letters that BGS takes" },
  { "corrected", "replaced by what its ZIP code or territory says" },
  { "too-long", "longer than BGS can hold, and another text when it is cut; it is not sent" },
  { "left-out", "BGS has no place for it beside the others" },
  { "no-date", "no day of the calendar" },
  { "missing-date", "a day from which on somebody is paid for or not is missing" },
  { "future-date", "a day after the claim was submitted" },
  { "no-amount", "no amount" },
  { "negative-amount", "an amount below zero" },
  { "missing-number", "the SSN is missing, and nothing says that there is none" },
  { "no-number", "no such number: another count of digits, or letters beside them" },
  { "no-zip", "no ZIP code" },
  { "no-address", "a state or country alone is no address; it is not sent" },
  { "unknown-state", "no state of the USA" },
  { "state-abroad", "a state beside a foreign country" },
  { "unknown-country", "no country that BGS knows" },
  { "missing-country", "the country is missing" },
  { "missing-city", "the city is missing, and BGS takes no claim without one" },
  { "missing-name", "a name is missing, and BGS takes nobody without one" },
  { "unclear-military-address", "state and ZIP code do not say which military area it is" },
  { "military-zip", "the ZIP code is the military's, and the city and state are not" },
  { "not-chosen", "data of a choice that was not made; nothing of it is sent" },
  { "not-applicable", "another answer says that it does not count; it is not sent" },
  { "unknown-choice",
    "a choice that is none of the form's, or not written as one; nothing of it is sent" },
  { "not-read", "of no meaning for BGS at this place; it is not sent" },
  { "more", "more of this kind" },
};

const char *
plan_finding_text (const char *code)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts_of_codes); i++)
    if (strcmp (texts_of_codes[i].code, code) == 0)
      return texts_of_codes[i].text;
  return code;
}

void
plan_finding_add (GPtrArray *findings, PlanWeight weight, const char *code, const char *field,
                  const char *value)
{
  PlanFinding *finding;

  if (findings->len == PLAN_FINDINGS_MAX - 1 && weight != PLAN_PAPER) {
    code = "more";
    field = value = "";
    weight = PLAN_REVIEW;
  }
  if (findings->len >= PLAN_FINDINGS_MAX) {
    finding = g_ptr_array_index (findings, PLAN_FINDINGS_MAX - 1);
    if (weight != PLAN_PAPER || finding->weight == PLAN_PAPER)
      return;
  } else {
    finding = g_new0 (PlanFinding, 1);
    g_ptr_array_add (findings, finding);
  }
  *finding = (PlanFinding){ code, field, value, weight };
}
