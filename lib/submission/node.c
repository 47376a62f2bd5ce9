#include "submission/node.h"

#include "base/text.h"
#include "bgs/names.h"
#include "claims/values.h"

#include <string.h>

/* --- Places. --- */

static const char *
keep (Node node, const char *value)
{
  return plan_reading_keep (node.reading, value);
}

Node
node_at (Node node, const char *key)
{
  g_autofree char *path = *node.path ? g_strconcat (node.path, "/", key, NULL) : g_strdup (key);

  return (Node){ node.reading, json_object_get (node.value, key), keep (node, path) };
}

static Node
entry (Node list, gsize index)
{
  g_autofree char *path = g_strdup_printf ("%s/%" G_GSIZE_FORMAT, list.path, index);

  return (Node){ list.reading, json_array_get (list.value, index), keep (list, path) };
}

gboolean
node_next (Node list, gsize *index, Node *ret_entry)
{
  for (; *index < json_array_size (list.value); (*index)++) {
    if (json_is_null (json_array_get (list.value, *index)))
      continue;
    *ret_entry = entry (list, (*index)++);
    return TRUE;
  }
  return FALSE;
}

static void
has_read (Node node)
{
  if (node.value)
    plan_reading_mark_read (node.reading, node.path);
}

void
node_set_aside (Node node, PlaceIs place_is)
{
  if (node.value)
    plan_reading_set_aside (node.reading, node.path, place_is);
}

void
node_find (Node node, PlanWeight weight, const char *code)
{
  plan_finding_add (node.reading->findings, weight, code, node.path, NULL);
}

/* --- Texts, days and numbers. --- */

const char *
node_text (Node node)
{
  g_autofree char *number = NULL;
  double real = json_real_value (node.value);

  if (json_is_string (node.value)) {
    has_read (node);
    return keep (node, json_string_value (node.value));
  }
  if (!json_is_number (node.value))
    return NULL;
  has_read (node);
  if (json_is_integer (node.value))
    number = g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (node.value));
  else
    /* As it was typed: a third decimal is nobody's to round. */
    number = g_strdup_printf ("%.15g", real);
  return keep (node, number);
}

const char *
node_fitted (Node node, BgsElement element, PlanWeight when_empty)
{
  BgsFit fit;
  g_autofree char *value = bgs_element_fit (element, node_text (node), &fit);

  if (fit == BGS_FIT_CUT)
    node_find (node, PLAN_REVIEW, "cut");
  if (fit == BGS_FIT_LETTERS_LOST)
    node_find (node, PLAN_REVIEW, "letters-lost");
  if (fit == BGS_FIT_TOO_LONG)
    node_find (node, PLAN_REVIEW, "too-long");
  if (fit == BGS_FIT_EMPTY)
    node_find (node, when_empty, "not-writable");
  return keep (node, text_is_blank (value) ? NULL : value);
}

const char *
node_amount (Node node)
{
  const char *typed = node_text (node);
  g_autofree char *plain = claim_amount (typed);

  if (typed && !plain)
    node_find (node, PLAN_REVIEW, "no-amount");
  if (plain && *plain == '-' && strpbrk (plain, "123456789"))
    node_find (node, PLAN_REVIEW, "negative-amount");
  return keep (node, plain);
}

const char *
node_number (Node node, char *(*read) (const char *text))
{
  const char *typed = node_text (node);
  g_autofree char *found = read (typed);

  if (typed && !found)
    node_find (node, PLAN_REVIEW, "no-number");
  return keep (node, found);
}

const char *
node_day (Node node)
{
  const char *typed = node_text (node);
  g_autofree char *plain = typed ? g_strstrip (g_strdup (typed)) : NULL;

  if (!typed)
    return NULL;
  if (claim_is_day (plain)) {
    plain[10] = '\0';
    return keep (node, plain);
  }
  node_find (node, PLAN_REVIEW, "no-date");
  return NULL;
}

const char *
node_day_that_decides (Node node)
{
  if (!node_text (node))
    node_find (node, PLAN_REVIEW, "missing-date");
  return node_day (node);
}

/* What has happened has done so when the claim was submitted. */
static const char *
not_in_future (Node node, const char *read)
{
  const char *submission_day = node.reading->submission_day;

  if (read && submission_day && strcmp (read, submission_day) > 0)
    node_find (node, PLAN_REVIEW, "future-date");
  return read;
}

const char *
node_past_day (Node node)
{
  return not_in_future (node, node_day (node));
}

const char *
node_past_day_that_decides (Node node)
{
  return not_in_future (node, node_day_that_decides (node));
}

/* --- Answers. --- */

/* What somebody has said where a table has no row for it: a few words, for the note. */
static const char *
said (Node node)
{
  g_autofree char *ascii = bgs_street_text (json_string_value (node.value));
  g_autofree char *few = text_truncate_chars (ascii, 40);

  return keep (node, few && *few ? few : NULL);
}

Answer
node_answer (Node node, Question question)
{
  Answer read = claim_answer (question, node.value);

  if (json_is_object (node.value) || json_is_array (node.value)) {
    node_find (node, PLAN_REVIEW, "unclear-answer");
    return ANSWER_UNKNOWN; /* its leaves are found as unread besides */
  }
  has_read (node);
  if (read == ANSWER_UNKNOWN)
    plan_finding_add (node.reading->findings, PLAN_REVIEW, "unclear-answer", node.path,
                      said (node));
  return read;
}

Answer
node_decision (Node node, Question question)
{
  Answer read = node_answer (node, question);

  if (read == ANSWER_MISSING)
    node_find (node, PLAN_REVIEW, "missing-answer");
  return read;
}

static const char *
yes_no_of (Answer read)
{
  return read == ANSWER_YES ? "Y" : read == ANSWER_NO ? "N" : NULL;
}

const char *
node_flag (Node node)
{
  return yes_no_of (node_answer (node, QUESTION_YES_NO));
}

const char *
node_flag_that_decides (Node node)
{
  return yes_no_of (node_decision (node, QUESTION_YES_NO));
}

const char *
node_income (Node node)
{
  return yes_no_of (node_answer (node, QUESTION_INCOME));
}

const char *
node_word (Answer answer, const NodeWord *words)
{
  for (; words->word; words++)
    if (words->answer == answer)
      return words->word;
  return NULL;
}
