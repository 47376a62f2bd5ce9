/* An invented signed-in user for a sample claim; see test-user.h. */
#include "test-user.h"

#include <string.h>

#define LAST_NAME_KEPT 24 /* of 30 characters; the rest tells copies apart */

/* A stable number from 0 to @below - 1 for a text. */
static guint64
number_for (const char *text, guint64 below)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 bytes[32];
  gsize length = sizeof bytes;
  guint64 number = 0;

  g_checksum_update (sum, (const guchar *)text, (gssize)strlen (text));
  g_checksum_get_digest (sum, bytes, &length);
  for (guint i = 0; i < 7; i++)
    number = number << 8 | bytes[i];
  return number % below;
}

static void
set_text (json_t *object, const char *key, char *text_taken)
{
  json_object_set_new (object, key, json_string (text_taken));
  g_free (text_taken);
}

/* "Lindqvist" becomes "Lindqvist-Ac": letters only, for names on forms have no digits. */
static char *
name_of_copy (const char *last, guint copy)
{
  GString *name = g_string_new (NULL);
  g_autofree char *kept =
      g_utf8_substring (last, 0, MIN (g_utf8_strlen (last, -1), LAST_NAME_KEPT));
  char letters[8];
  guint count = 0;

  for (guint rest = copy; rest > 0 && count < sizeof letters; rest = (rest - 1) / 26)
    letters[count++] = (char)('a' + (rest - 1) % 26);
  g_string_append_printf (name, "%s-", kept);
  while (count > 0)
    g_string_append_c (name, letters[--count]);
  name->str[strlen (kept) + 1] = g_ascii_toupper (name->str[strlen (kept) + 1]);
  return g_string_free (name, FALSE);
}

json_t *
test_user_data (const json_t *claim, guint copy)
{
  const json_t *own = json_object_get (claim, "veteran_information");
  const char *ssn = json_string_value (json_object_get (own, "ssn"));
  g_autofree char *seed = NULL;
  json_t *veteran, *name;

  if (!json_is_object (own))
    return NULL;
  veteran = json_deep_copy (own);
  name = json_object_get (veteran, "full_name");
  seed = g_strdup_printf ("%s/%u", ssn ? ssn : "", copy);
  set_text (veteran, "participant_id",
            g_strdup_printf ("6%011" G_GUINT64_FORMAT, number_for (seed, 100000000000)));
  if (copy > 0) {
    guint64 first = number_for (ssn ? ssn : "", 1000000);
    const char *last = json_string_value (json_object_get (name, "last"));

    set_text (veteran, "ssn",
              g_strdup_printf ("666%06" G_GUINT64_FORMAT, (first + copy) % 1000000));
    json_object_set (veteran, "va_file_number", json_object_get (veteran, "ssn"));
    if (last)
      set_text (name, "last", name_of_copy (last, copy));
  }
  return json_pack ("{so}", "veteran_information", veteran);
}
