/* The order of the checks is the server's. */
#include "intake-simulator/judgement.h"

#include <string.h>

#include "base/text.h"
#include "intake-simulator/metadata.h"

#define DETAIL_MAX_CHARS 200

char *
judgement_cut_detail (const char *detail)
{
  g_autofree char *valid = g_utf8_make_valid (detail, -1);
  g_autofree char *cut = text_truncate_chars (valid, DETAIL_MAX_CHARS);

  return strlen (cut) < strlen (valid) ? g_strconcat (cut, "...", NULL) : g_steal_pointer (&cut);
}

static const Part *
find_part (const Judgement *judgement, const char *name)
{
  for (guint i = 0; i < judgement->parts->len; i++) {
    const Part *part = g_ptr_array_index (judgement->parts, i);

    if (strcmp (part->name, name) == 0)
      return part;
  }
  return NULL;
}

static void
find_fault (Judgement *judgement, const char *code, const char *detail)
{
  judgement->code = code;
  judgement->detail = judgement_cut_detail (detail);
}

static gboolean
has_both_parts (Judgement *judgement)
{
  const Part *metadata = find_part (judgement, "metadata");
  const Part *content = find_part (judgement, "content");

  if (!metadata)
    find_fault (judgement, "DOC102", "No metadata part present");
  else if (strcmp (metadata->type, PAYLOAD_JSON) != 0)
    find_fault (judgement, "DOC102", "Incorrect content-type for metadata part");
  else if (!content)
    find_fault (judgement, "DOC103", "No content part present");
  else if (strcmp (content->type, PAYLOAD_PDF) != 0)
    find_fault (judgement, "DOC103", "Incorrect content-type for content part");
  return !judgement->code;
}

static gboolean
has_good_metadata (Judgement *judgement)
{
  g_autofree char *problem =
      metadata_problem (find_part (judgement, "metadata")->bytes, &judgement->metadata);

  if (problem)
    find_fault (judgement, "DOC102", problem);
  return !problem;
}

/* @name: how the server names the part: content, or attachment with its place in the order. */
static gboolean
look_at (Judgement *judgement, Part *part, const char *name)
{
  JudgedDocument judged = { .part = part };
  DocumentFinding finding = document_look (part->bytes, &judged.document);
  g_autofree char *detail = NULL;

  g_array_append_val (judgement->documents, judged);
  switch (finding) {
  case DOCUMENT_FINE:
    return TRUE;
  case DOCUMENT_TOO_LARGE:
    find_fault (judgement, "DOC106",
                "Maximum document size exceeded. Limit is 100 MB per document.");
    return FALSE;
  case DOCUMENT_OVERSIZED:
    find_fault (judgement, "DOC108", "Maximum page size exceeded. Limit is 78 in x 101 in.");
    return FALSE;
  case DOCUMENT_LOCKED:
    detail = g_strdup_printf ("Invalid PDF content, part %s: locked with a user password", name);
    break;
  case DOCUMENT_MISSING:
  case DOCUMENT_NO_PDF:
  case DOCUMENT_INVALID:
    detail = g_strdup_printf ("Invalid PDF content, part %s", name);
    break;
  }
  find_fault (judgement, "DOC103", detail);
  return FALSE;
}

static gboolean
has_good_documents (Judgement *judgement)
{
  guint attachments = 0;

  if (!look_at (judgement, (Part *)find_part (judgement, "content"), "content"))
    return FALSE;
  for (guint i = 0; i < judgement->parts->len; i++) {
    Part *part = g_ptr_array_index (judgement->parts, i);
    g_autofree char *name = NULL;

    if (!g_str_has_prefix (part->name, "attachment") || !payload_is_known_part (part->name))
      continue;
    name = g_strdup_printf ("attachment%u", ++attachments);
    if (!look_at (judgement, part, name))
      return FALSE;
  }
  return TRUE;
}

Judgement *
judgement_new (GBytes *object)
{
  Judgement *judgement = g_new0 (Judgement, 1);
  g_autofree char *problem = NULL;

  judgement->documents = g_array_new (FALSE, FALSE, sizeof (JudgedDocument));
  judgement->is_base64 = payload_is_base64 (object);
  if (g_bytes_get_size (object) == 0) {
    find_fault (judgement, "DOC107", "Empty payload");
    return judgement;
  }
  judgement->parts = payload_parse (object, &problem);
  if (!judgement->parts)
    find_fault (judgement, "DOC101", problem);
  else
    (void)(has_both_parts (judgement) && has_good_metadata (judgement) &&
           has_good_documents (judgement));
  return judgement;
}

void
judgement_free (Judgement *judgement)
{
  if (!judgement)
    return;
  g_free (judgement->detail);
  json_decref (judgement->metadata);
  g_clear_pointer (&judgement->parts, g_ptr_array_unref);
  g_clear_pointer (&judgement->documents, g_array_unref);
  g_free (judgement);
}
