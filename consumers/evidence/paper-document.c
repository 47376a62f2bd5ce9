/* A form printed, or an attachment pressed. See paper-document.h. */
#include "paper-document.h"

#include "claims/attachment.h"
#include "dossier/pressing.h"

#define ROOM_WAIT_MS 1000

void
paper_document_free (PaperDocument *document)
{
  if (!document)
    return;
  g_clear_pointer (&document->bytes, g_bytes_unref);
  press_result_free (document->pressed);
  dossier_room_give (document->room, document->room_bytes);
  g_free (document);
}

/* --- A form --- */

static gboolean
print_form (const PaperMaker *maker, const Paper *paper, PaperDocument *document, GError **error)
{
  g_autofree PapersChild *children = dossier_children (maker->dossier, maker->known);
  const PapersClaim claim = dossier_claim (maker->dossier, children);

  for (guint i = 0; i < claim.child_count; i++) {
    const ChildClaim *child = g_ptr_array_index (maker->dossier->group->children, i);

    if (child->claim_id != paper->claim_id)
      continue;
    document->bytes = papers_print (maker->papers, &claim, i, error);
    document->length = document->bytes ? g_bytes_get_size (document->bytes) : 0;
    return document->bytes != NULL;
  }
  return run_refuse (maker->run, "no-such-form", error);
}

/* --- An attachment --- */

/* What it takes at most, by its row; 0: there is no such row. */
static gboolean
find_bytes (const PaperMaker *maker, const Paper *paper, gint64 *ret_bytes, GError **error)
{
  Db *db = run_db_take (maker->run, error);
  g_autoptr (GPtrArray) list =
      db ? claim_attachments_list (db, run_sealer (maker->run),
                                   maker->dossier->group->parent_claim_id, error)
         : NULL;

  run_db_give (maker->run, db);
  *ret_bytes = 0;
  for (guint i = 0; list && i < list->len; i++) {
    const ClaimAttachment *attachment = g_ptr_array_index (list, i);

    if (attachment->id == paper->attachment_id)
      *ret_bytes = attachment->bytes_at_most;
  }
  return list != NULL;
}

static gboolean
take_room (const PaperMaker *maker, const Paper *paper, PaperDocument *document, GError **error)
{
  gint64 bytes = 0;

  if (!find_bytes (maker, paper, &bytes, error))
    return FALSE;
  if (!dossier_room_take (maker->room, bytes))
    return run_snooze (maker->run, ROOM_WAIT_MS,
                       "other papers hold as many attachments as there may be", error);
  document->room_bytes = bytes;
  return TRUE;
}

static gboolean
press_attachment (const PaperMaker *maker, const Paper *paper, PaperDocument *document,
                  GError **error)
{
  g_autoptr (GBytes) stamps = NULL;

  if (!take_room (maker, paper, document, error))
    return FALSE;
  stamps = pressing_stamps (maker->papers, maker->dossier->group->submitted_at_ms, error);
  if (!stamps || !pressing_press (maker->run, maker->press, paper->attachment_id, stamps,
                                  &document->pressed, error))
    return FALSE;
  if (!document->pressed)
    return run_refuse (maker->run, "damaged-in-store", error);
  if (document->pressed->refusal != PRESS_FINE)
    return run_refuse (maker->run, press_refusal_code (document->pressed->refusal), error);
  document->length = (gsize)document->pressed->length;
  return TRUE;
}

PaperDocument *
paper_document_new (const PaperMaker *maker, const Paper *paper, GError **error)
{
  g_autoptr (PaperDocument) document = g_new0 (PaperDocument, 1);

  document->room = maker->room;
  if (!(paper->attachment_no ? press_attachment (maker, paper, document, error)
                             : print_form (maker, paper, document, error)))
    return NULL;
  return g_steal_pointer (&document);
}

EvidencePaper
paper_document_to_store (const PaperDocument *document, const Paper *paper, const char *folder,
                         const char *received_day)
{
  return (EvidencePaper){ .folder = folder,
                          .content_name = paper->content_name,
                          .document_type = paper->document_type,
                          .received_day = received_day,
                          .bytes = document->bytes,
                          .fd = document->pressed ? document->pressed->fd : -1,
                          .length = document->length };
}
