/* How a document is checked, see checker.h. */
#include "claims/checker.h"

#include <string.h>

#include "claims/key-case.h"

void
checker_found_as (Checker *checker, ClaimRule rule, const char *key, const char *message)
{
  if (checker->findings->len < CLAIM_FINDINGS_MAX)
    claim_finding_add (checker->findings, rule, message,
                       key ? g_strconcat (checker->path->str, "/", key, NULL)
                           : g_strdup (checker->path->str));
}

void
checker_found (Checker *checker, const char *message)
{
  checker_found_as (checker, checker->rule, NULL, message);
}

const json_t *
checker_sent (const Checker *checker)
{
  g_auto (GStrv) steps = g_strsplit (checker->path->str, "/", -1);
  const json_t *at = checker->sent;

  for (guint i = 1; at && steps[0] && steps[i]; i++)
    at = json_is_array (at) ? json_array_get (at, (gsize)g_ascii_strtoull (steps[i], NULL, 10))
                            : json_object_get (at, steps[i]);
  return at;
}

static gboolean
is_letter_of_key (char c)
{
  return c != '_' && c != '-' && c != ' ';
}

/* Whether @written is @key in another case: ChildrenToAdd, childrenToAdd, CHILDREN-TO-ADD. */
static gboolean
is_key_in_other_case (const char *written, const char *key)
{
  for (;;) {
    while (*written && !is_letter_of_key (*written))
      written++;
    while (*key && !is_letter_of_key (*key))
      key++;
    if (!*written || !*key)
      return !*written && !*key;
    if (g_ascii_tolower (*written++) != g_ascii_tolower (*key++))
      return FALSE;
  }
}

gboolean
has_key_in_other_case (const json_t *object, const char *key)
{
  const char *written;
  json_t *value;

  json_object_foreach ((json_t *)object, written,
                       value) if (strcmp (written, key) != 0 &&
                                  is_key_in_other_case (written, key)) return TRUE;
  return FALSE;
}

void
checker_found_missing (Checker *checker, ClaimRule rule, const char *key)
{
  g_autofree char *message = NULL;

  if (checker->findings->len >= CLAIM_FINDINGS_MAX)
    return;
  if (json_object_get (checker_sent (checker), key)) {
    checker_found_as (checker, rule, key, "needs content");
    return;
  }
  message = g_strdup_printf (has_key_in_other_case (checker_sent (checker), key)
                                 ? "needs %s; a key of this name in another case is there, which "
                                   "is not read"
                                 : "needs %s",
                             key);
  checker_found_as (checker, rule, NULL, message);
}

gboolean
has_key (const json_t *object, const char *key)
{
  return json_object_get (object, key) != NULL;
}

gboolean
is_text (const json_t *value, const char *expected)
{
  return json_is_string (value) && strcmp (json_string_value (value), expected) == 0;
}

void
checker_need (Checker *checker, const json_t *object, const char *key)
{
  if (!has_key (object, key))
    checker_found_missing (checker, checker->rule, key);
}

void
checker_should_have (Checker *checker, const json_t *object, const char *key)
{
  if (!has_key (object, key))
    checker_found_missing (checker, CLAIM_RULE_WARNING, key);
}

void
check_at (Checker *checker, const char *key, const json_t *value, Check check)
{
  gsize length = checker->path->len;

  g_string_append_printf (checker->path, "/%s", key);
  check (checker, value);
  g_string_truncate (checker->path, length);
}

/* The papers and BGS read snake_case only, so a key in camelCase is lost without a word. */
static void
warn_of_camel_case (Checker *checker, const json_t *object, const Member *members)
{
  const char *key;
  json_t *value;

  json_object_foreach ((json_t *)object, key, value)
  {
    g_autofree char *snake = claim_key_to_snake (key);
    const Member *member = members;

    if (strcmp (snake, key) == 0)
      continue;
    while (member->key && strcmp (member->key, snake) != 0)
      member++;
    if (member->key) {
      g_autofree char *message =
          g_strdup_printf ("has %s in camelCase, which is not read", member->key);
      checker_found_as (checker, CLAIM_RULE_WARNING, NULL, message);
    } else
      checker_found_as (checker, CLAIM_RULE_WARNING, NULL,
                        "has a key in camelCase, which is not read");
  }
}

gboolean
check_is_object (Checker *checker, const json_t *value)
{
  if (json_is_object (value))
    return TRUE;
  checker_found (checker, "must be an object");
  return FALSE;
}

gboolean
check_members (Checker *checker, const json_t *value, const Member *members)
{
  if (!check_is_object (checker, value))
    return FALSE;

  for (const Member *member = members; member->key; member++) {
    const json_t *inner = json_object_get (value, member->key);

    if (!inner) {
      if (member->presence == REQUIRED)
        checker_found_missing (checker, checker->rule, member->key);
    } else if (member->check)
      check_at (checker, member->key, inner, member->check);
  }
  if (checker->rule != CLAIM_RULE_LENIENT)
    warn_of_camel_case (checker, value, members);
  return TRUE;
}

void
check_each (Checker *checker, const json_t *value, Check check)
{
  if (!json_is_array (value)) {
    checker_found (checker, json_is_object (value) ? "must be an array, and is an object"
                                                   : "must be an array");
    return;
  }
  for (gsize i = 0; i < json_array_size (value); i++) {
    g_autofree char *index = g_strdup_printf ("%" G_GSIZE_FORMAT, i);

    if (!json_is_null (json_array_get (value, i))) /* nothing, see claims/content.h */
      check_at (checker, index, json_array_get (value, i), check);
  }
}
