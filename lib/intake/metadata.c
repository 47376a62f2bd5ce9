/* Metadata by the server's rules, of which a wrong one is told only after the PUT, as a DOC102. */
#include "intake/metadata.h"

#include <jansson.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/text.h"
#include "intake/intake.h"
#include "latin/ascii.h"

#define ABROAD     "00000"
#define ZIP_DIGITS 5
#define ZIP_PLUS_4 9

/* What never changes. */
static const struct {
  const char *key, *value;
} constants[] = {
  { "source", "va.gov backup dependent claim submission" }, /* the server puts our name for it */
  { "docType", "686C-674-V2" },
  { "businessLine", "CMP" },
};

/* Names: letters and these, at most so many. */
#define NAME_EXTRA     "-/"
#define NAME_MAX_CHARS 50

/* The number: digits, without what people put between them. */
#define NUMBER_BETWEEN    "- "
#define NUMBER_MIN_DIGITS 8
#define NUMBER_MAX_DIGITS 9

/* Empty when nothing of it can be written. */
static char *
written_name (const char *name)
{
  g_autofree char *ascii = latin_ascii (name ? name : "", 0);
  GString *written = g_string_new (NULL);

  for (const char *at = ascii; *at && written->len < NAME_MAX_CHARS; at++) {
    if (g_ascii_isalpha (*at) || strchr (NAME_EXTRA, *at))
      g_string_append_c (written, *at);
    else if (g_ascii_isspace (*at) && written->len > 0 && written->str[written->len - 1] != ' ')
      g_string_append_c (written, ' ');
  }
  return g_strchomp (g_string_free (written, FALSE));
}

/* NULL: it is none. */
static char *
written_number (const char *number)
{
  g_autofree char *digits = text_digits (number);
  gsize length = strlen (digits);

  if (!number || strspn (number, "0123456789" NUMBER_BETWEEN) != strlen (number) ||
      length < NUMBER_MIN_DIGITS || length > NUMBER_MAX_DIGITS)
    return NULL;
  return g_steal_pointer (&digits);
}

static char *
written_zip (const IntakeMetadata *metadata)
{
  g_autofree char *digits = text_digits (metadata->postal_code);

  if (metadata->is_abroad)
    return g_strdup (ABROAD);
  if (strlen (digits) == ZIP_PLUS_4)
    return g_strdup_printf ("%.5s-%s", digits, digits + ZIP_DIGITS);
  return strlen (digits) == ZIP_DIGITS ? g_steal_pointer (&digits) : g_strdup (ABROAD);
}

static gboolean
lacks (const char *what, GError **error)
{
  g_set_error (error, INTAKE_ERROR, INTAKE_ERROR_ARGUMENT, "metadata: %s", what);
  return FALSE;
}

static gboolean
add_veteran (json_t *object, const IntakeMetadata *metadata, GError **error)
{
  g_autofree char *first = written_name (metadata->first_name);
  g_autofree char *last = written_name (metadata->last_name);
  g_autofree char *number = written_number (metadata->file_number);

  if (!number)
    number = written_number (metadata->ssn);
  if (!*first)
    return lacks ("nothing of veteranFirstName can be written", error);
  if (!*last)
    return lacks ("nothing of veteranLastName can be written", error);
  if (!number)
    return lacks ("neither file number nor SSN has 8 or 9 digits", error);
  json_object_set_new (object, "veteranFirstName", json_string (first));
  json_object_set_new (object, "veteranLastName", json_string (last));
  json_object_set_new (object, "fileNumber", json_string (number));
  return TRUE;
}

char *
intake_metadata_json (const IntakeMetadata *metadata, GError **error)
{
  g_autoptr (json_t) object = json_object ();
  g_autofree char *zip = written_zip (metadata);

  if (!add_veteran (object, metadata, error))
    return NULL;
  json_object_set_new (object, "zipCode", json_string (zip));
  for (gsize i = 0; i < G_N_ELEMENTS (constants); i++)
    json_object_set_new (object, constants[i].key, json_string (constants[i].value));
  json_object_set_new (object, "claimDate", json_string (metadata->claim_date));
  return text_of_json (object);
}
