/* Note and result of an insert. See insert-record.h. */
#include "claims/insert-record.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define ADOPTED "adopted="

char *
insert_note_format (const InsertNote *note)
{
  return g_strdup_printf ("increment=%s type=%s day=%s", note->increment, note->claim_type,
                          note->day);
}

static char *
note_field (char **fields, const char *prefix)
{
  for (; *fields; fields++)
    if (g_str_has_prefix (*fields, prefix) && (*fields)[strlen (prefix)])
      return g_strdup (*fields + strlen (prefix));
  return NULL;
}

InsertNote *
insert_note_parse (const char *text)
{
  g_auto (GStrv) fields = g_strsplit (text ? text : "", " ", -1);
  g_autoptr (InsertNote) note = g_new0 (InsertNote, 1);

  note->increment = note_field (fields, "increment=");
  note->claim_type = note_field (fields, "type=");
  note->day = note_field (fields, "day=");
  return note->increment && note->claim_type && note->day ? g_steal_pointer (&note) : NULL;
}

void
insert_note_free (InsertNote *note)
{
  if (!note)
    return;
  g_free (note->increment);
  g_free (note->claim_type);
  g_free (note->day);
  g_free (note);
}

char *
insert_note_adopt (const char *note_text, const char *benefit_claim_id)
{
  return g_strconcat (note_text ? note_text : "", note_text ? " " : "", ADOPTED, benefit_claim_id,
                      NULL);
}

static void
put (json_t *kept, const char *name, const char *value)
{
  if (value)
    json_object_set_new (kept, name, json_string (value));
}

char *
insert_result_format (const InsertResult *result)
{
  g_autoptr (json_t) kept = json_object ();

  put (kept, "benefitClaimID", result->benefit_claim_id);
  put (kept, "claimTypeCode", result->claim_type);
  put (kept, "participantClaimantID", result->claimant_id);
  put (kept, "programTypeCode", result->program_type ? result->program_type : "CPL");
  put (kept, "serviceTypeCode", result->service_type ? result->service_type : "CP");
  put (kept, "statusTypeCode", result->status ? result->status : "PEND");
  return text_of_json (kept);
}

/* Of a claim that a person has named only its type is known, from what was sent. */
char *
insert_note_result (const char *note_text)
{
  g_auto (GStrv) fields = g_strsplit (note_text ? note_text : "", " ", -1);
  g_autofree char *adopted = note_field (fields, ADOPTED), *type = note_field (fields, "type=");
  const InsertResult result = { .benefit_claim_id = adopted, .claim_type = type };

  return adopted ? insert_result_format (&result) : NULL;
}
