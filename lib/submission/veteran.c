#include "submission/veteran.h"

#include "base/text.h"
#include "bgs/phone.h"
#include "claims/values.h"

#include <string.h>

static const json_t *
information (const json_t *document)
{
  return json_object_get (document, "veteran_information");
}

static const char *
text (const json_t *object, const char *key)
{
  const char *value = json_string_value (json_object_get (object, key));

  return text_is_blank (value) ? NULL : value;
}

/* What the form's pages typed, a number too. */
static char *
typed (const json_t *object, const char *key)
{
  const json_t *value = json_object_get (object, key);

  if (json_is_integer (value))
    return g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (value));
  if (json_is_real (value))
    return g_strdup_printf ("%.15g", json_real_value (value)); /* nobody's to round */
  return g_strdup (text (object, key));
}

json_t *
veteran_merge (const json_t *form, const json_t *user_data)
{
  json_t *merged = json_copy ((json_t *)form);
  const json_t *user = information (user_data);

  if (json_is_object (user))
    json_object_set (merged, "veteran_information", (json_t *)user);
  return merged;
}

/* @read: claim_ssn() or claim_file_number() */
static char *
number_at (const json_t *object, const char *key, char *(*read) (const char *text))
{
  g_autofree char *written = typed (object, key);

  return read (written);
}

/* What is no day of the calendar is none; survey.c tells it. */
static char *
day (const json_t *object, const char *key)
{
  g_autofree char *typed = g_strdup (text (object, key));

  return typed && claim_is_day (g_strstrip (typed)) ? g_steal_pointer (&typed) : NULL;
}

/* BGS's ids are numbers; anything else would only be refused further on. */
static char *
participant_id (const json_t *user)
{
  const json_t *value = json_object_get (user, "participant_id");
  const char *id = text (user, "participant_id");
  g_autofree char *trimmed = id ? g_strstrip (g_strdup (id)) : NULL;

  if (json_is_integer (value))
    return g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (value));
  if (!trimmed || strspn (trimmed, "0123456789") != strlen (trimmed))
    return NULL;
  return g_steal_pointer (&trimmed);
}

gboolean
veteran_has_file_number (const json_t *merged)
{
  g_autofree char *number = number_at (information (merged), "va_file_number", claim_file_number);

  return number != NULL;
}

Veteran *
veteran_new (const json_t *form, const json_t *user_data)
{
  Veteran *veteran = g_new0 (Veteran, 1);
  g_autoptr (json_t) merged = veteran_merge (form, user_data);
  const json_t *user = information (merged);
  const json_t *name = json_object_get (user, "full_name");
  g_autofree char *phone = NULL;
  const json_t *contact = json_object_get (json_object_get (form, "dependents_application"),
                                           "veteran_contact_information");

  veteran->participant_id = participant_id (user);
  veteran->ssn = number_at (user, "ssn", claim_ssn);
  if (!veteran->ssn)
    veteran->ssn = number_at (information (form), "ssn", claim_ssn);
  veteran->file_number = number_at (user, "va_file_number", claim_file_number);
  if (!veteran->file_number)
    veteran->file_number = g_strdup (veteran->ssn);

  veteran->first_name = g_strdup (text (name, "first"));
  veteran->middle_name = g_strdup (text (name, "middle"));
  veteran->last_name = g_strdup (text (name, "last"));
  veteran->suffix = g_strdup (text (name, "suffix"));
  veteran->birth_date = day (user, "birth_date");

  phone = typed (contact, "phone_number");
  veteran->phone_number = bgs_phone_number (phone);
  veteran->email = typed (contact, "email_address");

  veteran->external_uid = g_strdup (text (user, "icn") ? text (user, "icn") : text (user, "uuid"));
  veteran->external_key =
      g_strdup (text (user, "common_name") ? text (user, "common_name") : text (user, "email"));
  veteran->caller = (BgsCaller){ veteran->external_uid, veteran->external_key, NULL };
  return veteran;
}

/* --- What no error may tell. --- */

/* Shorter texts are codes: of states, "NA", "US". Names are as short as two letters. */
#define MIN_PRIVATE_CHARS      3
#define MIN_PRIVATE_NAME_CHARS 2

/* A person's: schools have their "name" alone. */
static gboolean
is_key_of_a_name (const char *key)
{
  static const char *const keys[] = { "first", "middle", "last", "statement_of_truth_signature",
                                      NULL };

  return g_strv_contains (keys, key) ||
         (g_str_has_suffix (key, "name") && !g_str_equal (key, "name"));
}

static void
hide_text (GHashTable *values, const char *key, const char *text)
{
  gboolean is_name = is_key_of_a_name (key);
  g_auto (GStrv) words = g_strsplit_set (is_name ? text : "", " \t,-'.", -1);

  if (g_utf8_strlen (text, -1) >= (is_name ? MIN_PRIVATE_NAME_CHARS : MIN_PRIVATE_CHARS))
    g_hash_table_add (values, g_strstrip (g_strdup (text)));
  for (gsize i = 0; words[i]; i++)
    if (g_utf8_strlen (words[i], -1) >= MIN_PRIVATE_NAME_CHARS)
      g_hash_table_add (values, g_strdup (words[i]));
}

static void
hide_all (GHashTable *values, const char *key, const json_t *value)
{
  const char *name;
  json_t *inner;
  gsize i;

  if (json_is_object (value)) {
    json_object_foreach ((json_t *)value, name, inner) hide_all (values, name, inner);
  } else if (json_is_array (value)) {
    json_array_foreach (value, i, inner) hide_all (values, key, inner);
  } else if (json_is_string (value)) {
    hide_text (values, key, json_string_value (value));
  } else if (json_is_number (value)) {
    g_autofree char *number = g_strdup_printf ("%.0f", json_number_value (value));

    hide_text (values, key, number);
  }
}

void
veteran_hide (Veteran *veteran, const json_t *parent, const json_t *user_data)
{
  g_autoptr (GHashTable) values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  hide_all (values, "", parent);
  hide_all (values, "", user_data);
  g_strfreev (veteran->private_values);
  veteran->private_values = (char **)g_hash_table_get_keys_as_array (values, NULL);
  g_hash_table_steal_all (values); /* the texts are the array's now */
  veteran->caller.private_values = (const char *const *)veteran->private_values;
}

void
veteran_free (Veteran *veteran)
{
  if (!veteran)
    return;
  g_free (veteran->participant_id);
  g_free (veteran->ssn);
  g_free (veteran->file_number);
  g_free (veteran->first_name);
  g_free (veteran->middle_name);
  g_free (veteran->last_name);
  g_free (veteran->suffix);
  g_free (veteran->birth_date);
  g_free (veteran->phone_number);
  g_free (veteran->email);
  g_free (veteran->external_uid);
  g_free (veteran->external_key);
  g_strfreev (veteran->private_values);
  g_free (veteran);
}
