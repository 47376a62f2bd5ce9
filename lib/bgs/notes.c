/* Development notes. Source: README.md, fact 19. */
#include "bgs/notes.h"

#include "bgs/client.h"

static const BgsOperation note_create = {
  "/DevelopmentNotesService/DevelopmentNotesService",
  "http://services.mapd.benefits.vba.va.gov/",
  "createNote",
};

static BgsBody *
write_note (BgsBody *body, const BgsNote *note)
{
  bgs_body_open (body, "note");
  bgs_body_audit (body, BGS_AUDIT_NOTE);
  bgs_body_text (body, "name", "Claim rejected by VA.gov");
  bgs_body_text (body, "bnftClmNoteTc", "CLMDVLNOTE");
  bgs_body_required (body, "clmId", note->claim_id);
  bgs_body_required (body, "ptcpntId", note->corporate_participant_id);
  bgs_body_required (body, "txt", note->text);
  bgs_body_close (body, "note");
  return body;
}

char *
bgs_note_create (BgsClient *client, const BgsCaller *caller, const BgsNote *note, GError **error)
{
  BgsBody *body = write_note (bgs_client_body (client, &note_create), note);
  g_autoptr (BgsReply) reply = bgs_call (client, caller, &note_create, body, error);
  char *id = NULL;

  if (!reply)
    return NULL;
  id = bgs_node_child_id (bgs_node_child (bgs_reply_root (reply), "note"), "noteId");
  return id ? id : bgs_reply_lacks (&note_create, "noteId", error);
}

char *
bgs_note_digest_text (const BgsNote *note)
{
  return bgs_body_digest (write_note (bgs_body_new (&note_create, NULL, 0), note));
}
