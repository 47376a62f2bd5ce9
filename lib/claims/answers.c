/* How the answers that decide something are read; see answers.h. */
#include "claims/answers.h"

#include <string.h>

#include "claims/content.h"

/* Longer texts are no answer of any table. */
#define ANSWER_MAX_BYTES 64

typedef struct {
  Question question;
  const char *text; /* small letters, one blank between words */
  Answer answer;
} AnswerRow;

static const AnswerRow rows[] = {
  { QUESTION_YES_NO, "true", ANSWER_YES },
  { QUESTION_YES_NO, "yes", ANSWER_YES },
  { QUESTION_YES_NO, "y", ANSWER_YES },
  { QUESTION_YES_NO, "false", ANSWER_NO },
  { QUESTION_YES_NO, "no", ANSWER_NO },
  { QUESTION_YES_NO, "n", ANSWER_NO },

  { QUESTION_INCOME, "true", ANSWER_YES },
  { QUESTION_INCOME, "yes", ANSWER_YES },
  { QUESTION_INCOME, "y", ANSWER_YES },
  { QUESTION_INCOME, "false", ANSWER_NO },
  { QUESTION_INCOME, "no", ANSWER_NO },
  { QUESTION_INCOME, "n", ANSWER_NO },
  { QUESTION_INCOME, "na", ANSWER_NOT_APPLICABLE },
  { QUESTION_INCOME, "n/a", ANSWER_NOT_APPLICABLE },
  { QUESTION_INCOME, "not applicable", ANSWER_NOT_APPLICABLE },

  { QUESTION_WHO_DIED, "spouse", ANSWER_SPOUSE },
  { QUESTION_WHO_DIED, "child", ANSWER_CHILD },
  { QUESTION_WHO_DIED, "dependent parent", ANSWER_PARENT },

  { QUESTION_STUDENT, "biological", ANSWER_BIOLOGICAL },
  { QUESTION_STUDENT, "biological child", ANSWER_BIOLOGICAL },
  { QUESTION_STUDENT, "stepchild", ANSWER_STEPCHILD },
  { QUESTION_STUDENT, "step child", ANSWER_STEPCHILD },
  { QUESTION_STUDENT, "adopted", ANSWER_ADOPTED },
  { QUESTION_STUDENT, "adopted child", ANSWER_ADOPTED },

  { QUESTION_MARRIAGE, "civil", ANSWER_CIVIL },
  { QUESTION_MARRIAGE, "ceremonial", ANSWER_CEREMONIAL },
  { QUESTION_MARRIAGE, "common law", ANSWER_COMMON_LAW },
  { QUESTION_MARRIAGE, "tribal", ANSWER_TRIBAL },
  { QUESTION_MARRIAGE, "proxy", ANSWER_PROXY },
  { QUESTION_MARRIAGE, "other", ANSWER_OTHER },

  { QUESTION_END_OF_MARRIAGE, "death", ANSWER_DEATH },
  { QUESTION_END_OF_MARRIAGE, "divorce", ANSWER_DIVORCE },
  { QUESTION_END_OF_MARRIAGE, "annulment", ANSWER_ANNULMENT },
  { QUESTION_END_OF_MARRIAGE, "other", ANSWER_OTHER },

  { QUESTION_SHARE, "more than half", ANSWER_MORE_THAN_HALF },
  { QUESTION_SHARE, "half", ANSWER_HALF },
  { QUESTION_SHARE, "less than half", ANSWER_LESS_THAN_HALF },

  { QUESTION_NO_SSN, "nonresident alien", ANSWER_NONRESIDENT_ALIEN },
  { QUESTION_NO_SSN, "none assigned", ANSWER_NONE_ASSIGNED },
  { QUESTION_NO_SSN, "no ssn assigned by ssa", ANSWER_NONE_ASSIGNED },
};

/* Small letters, and one blank for any run of blanks, hyphens and underscores. */
static char *
plain_words (const char *text)
{
  GString *plain = g_string_new (NULL);

  for (; *text; text++) {
    if (g_ascii_isspace (*text) || *text == '-' || *text == '_') {
      if (plain->len > 0 && plain->str[plain->len - 1] != ' ')
        g_string_append_c (plain, ' ');
    } else
      g_string_append_c (plain, g_ascii_tolower (*text));
  }
  if (plain->len > 0 && plain->str[plain->len - 1] == ' ')
    g_string_truncate (plain, plain->len - 1);
  return g_string_free (plain, FALSE);
}

Answer
claim_answer (Question question, const json_t *value)
{
  gboolean is_yes_no = question == QUESTION_YES_NO || question == QUESTION_INCOME;
  g_autofree char *plain = NULL;

  if (claim_is_nothing (value))
    return ANSWER_MISSING;
  if (json_is_boolean (value) && is_yes_no)
    return json_is_true (value) ? ANSWER_YES : ANSWER_NO;
  if (!json_is_string (value) || json_string_length (value) > ANSWER_MAX_BYTES)
    return ANSWER_UNKNOWN;

  plain = plain_words (json_string_value (value));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].question == question && strcmp (rows[i].text, plain) == 0)
      return rows[i].answer;
  return ANSWER_UNKNOWN;
}

Answer
claim_answer_at (Question question, const json_t *object, const char *key)
{
  return claim_answer (question, json_object_get (object, key));
}

Answer
claim_option (const json_t *document, const char *option)
{
  return claim_answer_at (QUESTION_YES_NO, json_object_get (document, "view:selectable686_options"),
                          option);
}

Answer
claim_option_of (const json_t *document, const char *const *options)
{
  Answer answer = ANSWER_MISSING;

  for (; *options; options++) {
    Answer next = claim_option (document, *options);

    if (next == ANSWER_YES)
      return ANSWER_YES;
    if (next == ANSWER_NO)
      answer = ANSWER_NO;
  }
  return answer;
}
