/* Which metadata the server takes; in which order it complains. */
#include "intake-simulator/metadata.h"

#include <string.h>

static const char *const required_keys[] = { "veteranFirstName", "veteranLastName", "fileNumber",
                                             "zipCode" };

static gboolean
is_missing (json_t *metadata, const char *key)
{
  return !json_object_get (metadata, key);
}

static gboolean
is_no_string (json_t *metadata, const char *key)
{
  return !json_is_string (json_object_get (metadata, key));
}

/* Those of the required keys that @has_fault, with commas between; NULL: none. */
static char *
list_keys (json_t *metadata, gboolean (*has_fault) (json_t *metadata, const char *key))
{
  GString *list = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (required_keys); i++)
    if (has_fault (metadata, required_keys[i]))
      g_string_append_printf (list, "%s%s", list->len ? ", " : "", required_keys[i]);
  return g_string_free (list, list->len == 0);
}

static gboolean
matches (json_t *metadata, const char *key, const char *pattern, gboolean is_trimmed)
{
  g_autofree char *text = g_strdup (json_string_value (json_object_get (metadata, key)));

  if (is_trimmed)
    g_strstrip (text);
  return g_regex_match_simple (pattern, text, G_REGEX_DOLLAR_ENDONLY, 0);
}

/* Absent and "" are fine; a blank, a number or anything else that is no line of business is not. */
static gboolean
is_business_line (json_t *value)
{
  static const char *const lines[] = {
    "CMP", "PMC", "INS", "EDU", "VRE", "BVA", "FID", "NCA", "OTH"
  };
  const char *text = json_string_value (value);

  if (!value || json_is_null (value) || (text && !*text))
    return TRUE;
  for (gsize i = 0; text && i < G_N_ELEMENTS (lines); i++)
    if (g_ascii_strcasecmp (text, lines[i]) == 0)
      return TRUE;
  return FALSE;
}

char *
metadata_problem (GBytes *text, json_t **ret_metadata)
{
  json_t *metadata = json_loadb (g_bytes_get_data (text, NULL), g_bytes_get_size (text), 0, NULL);
  g_autofree char *keys = NULL;

  if (!json_is_object (metadata)) {
    json_decref (metadata);
    return g_strdup ("Invalid JSON object");
  }
  *ret_metadata = metadata;
  keys = list_keys (metadata, is_missing);
  if (keys)
    return g_strdup_printf ("Missing required keys: %s", keys);
  keys = list_keys (metadata, is_no_string);
  if (keys)
    return g_strdup_printf ("Non-string values for keys: %s", keys);
  if (!matches (metadata, "fileNumber", "\\A\\d{8,9}\\z", TRUE))
    return g_strdup ("Non-numeric or invalid-length fileNumber");
  for (gsize i = 0; i < 2; i++)
    if (!matches (metadata, required_keys[i], "\\A[a-zA-Z\\-/\\s]{1,50}\\z", TRUE))
      return g_strdup_printf ("Invalid %s. Must be 1 to 50 of a-z, A-Z, -, / and white space",
                              required_keys[i]);
  if (!is_business_line (json_object_get (metadata, "businessLine")))
    return g_strdup ("Invalid businessLine. It is one of CMP, PMC, INS, EDU, VRE, BVA, FID, NCA, "
                     "OTH");
  if (!matches (metadata, "zipCode", "\\A\\d{5}(-\\d{4})?\\z", FALSE))
    return g_strdup ("Invalid zipCode. It has five digits, or nine with a hyphen; 00000 outside "
                     "the US");
  return NULL;
}
