/* The schema first, then values that it cannot know. */
#include "evidence-simulator/payload.h"

#include <string.h>

#include "base/cleanup.h"
#include "evidence-simulator/fault.h"

#define NAME_MIN_CHARS 4
#define NAME_MAX_CHARS 256
#define NAME_PATTERN   "^[a-zA-Z0-9 Q`'~=+#^@$&_.(){};\\[\\]E-]+\\.[a-zA-Z]{3,4}$"
#define SOURCE_PATTERN "^[a-zA-Z0-9',\\s.\\-_|/@()]*$"
#define DATE_PATTERN   "^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
#define FIRST_DATE     "1900-01-01"

typedef enum { TEXT, NUMBER, TRUTH, LIST, OBJECT } Kind;

/* All that providerData may hold. */
static const struct {
  const char *name;
  Kind kind;
  gboolean is_required;
  glong min_chars, max_chars; /* of a TEXT */
  const char *pattern;
} members[] = {
  { "contentSource", TEXT, TRUE, 1, 500, SOURCE_PATTERN },
  { "dateVaReceivedDocument", TEXT, TRUE, 10, 10, DATE_PATTERN },
  { "documentTypeId", NUMBER, TRUE, 0, 0, NULL },
  { "actionable", TRUTH, FALSE, 0, 0, NULL },
  { "alternativeDocumentTypeIds", LIST, FALSE, 0, 0, NULL },
  { "associatedClaimIds", LIST, FALSE, 0, 0, NULL },
  { "benefitTypeId", NUMBER, FALSE, 0, 0, NULL },
  { "claimantDateOfBirth", TEXT, FALSE, 10, 10, DATE_PATTERN },
  { "claimantFirstName", TEXT, FALSE, 0, 64, NULL },
  { "claimantLastName", TEXT, FALSE, 0, 64, NULL },
  { "claimantMiddleInitial", TEXT, FALSE, 0, 4, "^[a-zA-Z]*$" },
  { "claimantParticipantId", TEXT, FALSE, 0, 15, "^[0-9]*$" },
  { "claimantSsn", TEXT, FALSE, 9, 9, "^[0-9]*$" },
  { "contentions", LIST, FALSE, 0, 0, NULL },
  { "documentControlSheet", OBJECT, FALSE, 0, 0, NULL },
  { "documentId", TEXT, FALSE, 36, 36, NULL },
  { "endProductCode", TEXT, FALSE, 1, 64, NULL },
  { "facilityCode", TEXT, FALSE, 0, 8, NULL },
  { "manifestId", TEXT, FALSE, 36, 36, NULL },
  { "newMail", TRUTH, FALSE, 0, 0, NULL },
  { "notes", TEXT, FALSE, 0, 100, NULL },
  { "payeeCode", TEXT, FALSE, 2, 2, "^[0-9]*$" },
  { "regionalProcessingOffice", TEXT, FALSE, 3, 15, NULL },
  { "sourceComment", TEXT, FALSE, 0, 1200, NULL },
  { "subject", TEXT, FALSE, 0, 256, NULL },
};

void
payload_clear (Payload *payload)
{
  g_clear_pointer (&payload->content_name, g_free);
  g_clear_pointer (&payload->provider_data, json_decref);
}

static gboolean
is_of_kind (json_t *value, gsize member)
{
  const char *text = json_string_value (value);
  glong chars = text ? g_utf8_strlen (text, -1) : 0;

  switch (members[member].kind) {
  case TEXT:
    return text && chars >= members[member].min_chars && chars <= members[member].max_chars &&
           (!members[member].pattern ||
            g_regex_match_simple (members[member].pattern, text, G_REGEX_DOLLAR_ENDONLY, 0));
  case NUMBER:
    return json_is_integer (value) && json_integer_value (value) > 0;
  case TRUTH:
    return json_is_boolean (value);
  case LIST:
    return json_is_array (value);
  case OBJECT:
    return json_is_object (value);
  }
  g_assert_not_reached ();
}

/* The member of providerData that breaks the schema; NULL: none does. */
static const char *
find_misfit (json_t *data)
{
  const char *name = NULL;
  json_t *value = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (members); i++) {
    value = json_object_get (data, members[i].name);
    if (value ? !is_of_kind (value, i) : members[i].is_required)
      return members[i].name;
  }
  json_object_foreach (data, name, value)
  {
    gboolean is_known = FALSE;

    for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
      is_known = is_known || strcmp (members[i].name, name) == 0;
    if (!is_known)
      return name;
  }
  return NULL;
}

/* Made of characters that a name may hold, and with an extension that is taken. */
static gboolean
is_content_name (const char *name)
{
  static const char *const extensions[] = { "png", "pdf",  "tif", "tiff", "txt",
                                            "jpg", "jpeg", "bmp", NULL };
  glong chars = g_utf8_strlen (name, -1);
  g_autofree char *extension = NULL;

  if (chars < NAME_MIN_CHARS || chars > NAME_MAX_CHARS ||
      !g_regex_match_simple (NAME_PATTERN, name, G_REGEX_DOLLAR_ENDONLY, 0))
    return FALSE;
  extension = g_ascii_strdown (strrchr (name, '.') + 1, -1);
  return g_strv_contains (extensions, extension);
}

static gboolean
is_date_until (const char *text, const char *today)
{
  int year = (int)g_ascii_strtoll (text, NULL, 10);
  int month = (int)g_ascii_strtoll (text + strlen ("2026-"), NULL, 10);
  int day = (int)g_ascii_strtoll (text + strlen ("2026-11-"), NULL, 10);

  return g_date_valid_dmy ((GDateDay)day, (GDateMonth)month, (GDateYear)year) &&
         strcmp (text, FIRST_DATE) >= 0 && strcmp (text, today) <= 0;
}

static HttpReply *
judge_values (const Payload *payload, const PayloadRules *rules)
{
  const char *date =
      json_string_value (json_object_get (payload->provider_data, "dateVaReceivedDocument"));
  json_int_t type_id =
      json_integer_value (json_object_get (payload->provider_data, "documentTypeId"));
  g_autofree char *type_text = g_strdup_printf ("%" JSON_INTEGER_FORMAT, type_id);

  if (!is_content_name (payload->content_name))
    return fault_reply ("VEFSERR40003", "contentName", payload->content_name);
  if (!is_date_until (date, rules->today))
    return fault_reply ("VEFSERR40003", "dateVaReceivedDocument", date);
  if (type_id > G_MAXINT ||
      !g_hash_table_contains (rules->type_ids, GINT_TO_POINTER ((int)type_id)))
    return fault_reply ("VEFSERR40003", "documentTypeId", type_text);
  return NULL;
}

HttpReply *
payload_read (GBytes *text, const PayloadRules *rules, Payload *ret_payload)
{
  gsize length = 0;
  const char *bytes = g_bytes_get_data (text, &length);
  json_error_t error = { 0 };
  g_autoptr (json_t) json = json_loadb (bytes ? bytes : "", length, JSON_REJECT_DUPLICATES, &error);
  json_t *name = json_object_get (json, "contentName");
  json_t *data = json_object_get (json, "providerData");
  const char *misfit = NULL;

  if (!json && json_error_code (&error) == json_error_duplicate_key)
    return fault_reply ("VEFSERR40002", error.text, NULL);
  if (!json)
    return fault_empty ();
  if (!json_is_object (json) || !json_is_string (name) || !json_is_object (data) ||
      json_object_size (json) != 2)
    return fault_reply ("VEFSERR40001", "contentName and providerData, and nothing else", NULL);
  misfit = find_misfit (data);
  if (misfit)
    return fault_reply ("VEFSERR40001", misfit, NULL);
  *ret_payload = (Payload){ .content_name = g_strdup (json_string_value (name)),
                            .provider_data = json_incref (data) };
  return judge_values (ret_payload, rules);
}
