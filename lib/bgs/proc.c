/* vnp proc. Source: README.md, fact 6. */
#include "bgs/proc.h"

#include "bgs/client.h"
#include "bgs/kept.h"

#define PATH      "/VnpProcWebServiceBeanV2/VnpProcServiceV2"
#define NAMESPACE "http://procService.services.v2.vonapp.vba.va.gov/"

static const BgsOperation proc_create = { PATH, NAMESPACE, "vnpProcCreate", .is_harmless = TRUE };
static const BgsOperation proc_update = { PATH, NAMESPACE, "vnpProcUpdate", .is_harmless = TRUE };
static const BgsOperation proc_find = { PATH, NAMESPACE, "vnpProcFindByPrimaryKey",
                                        .is_harmless = TRUE };

/* The row without its id, whole, for an update replaces it; ends arg0. @created_at NULL: now. */
static BgsBody *
write_row (BgsBody *body, const char *state, const char *created_at)
{
  bgs_body_text (body, "vnpProcTypeCd", "DEPCHG");
  bgs_body_required (body, "vnpProcStateTypeCd", state);
  if (created_at)
    bgs_body_text (body, "creatdDt", created_at);
  else
    bgs_body_now (body, "creatdDt");
  bgs_body_now (body, "lastModifdDt");
  bgs_body_now (body, "submtdDt");
  bgs_body_audit (body, BGS_AUDIT_PLAIN);
  bgs_body_close (body, "arg0");
  return body;
}

static BgsBody *
write_proc (BgsBody *body, const BgsProc *proc)
{
  bgs_body_open (body, "arg0");
  return write_row (body, proc->state, NULL);
}

char *
bgs_proc_create (BgsClient *client, const BgsCaller *caller, const BgsProc *proc, GError **error)
{
  static const char *const kept_names[] = { "vnpProcId", "creatdDt", NULL };
  BgsBody *body = write_proc (bgs_client_body (client, &proc_create), proc);
  g_autoptr (BgsReply) reply = bgs_call (client, caller, &proc_create, body, error);
  const BgsNode *row = NULL;
  g_autofree char *id = NULL;

  if (!reply)
    return NULL;
  row = bgs_node_child (bgs_reply_root (reply), "return");
  id = bgs_node_child_id (row, "vnpProcId");
  if (!id)
    return bgs_reply_lacks (&proc_create, "vnpProcId", error);
  return bgs_keep (row, kept_names);
}

char *
bgs_proc_digest_text (const BgsProc *proc)
{
  return bgs_body_digest (write_proc (bgs_body_new (&proc_create, NULL, 0), proc));
}

static BgsBody *
write_update (BgsBody *body, const BgsProcUpdate *update)
{
  bgs_body_open (body, "arg0");
  bgs_body_required (body, "vnpProcId", update->proc_id);
  return write_row (body, update->state, update->created_at);
}

char *
bgs_proc_update (BgsClient *client, const BgsCaller *caller, const BgsProcUpdate *update,
                 GError **error)
{
  return bgs_call_for_key (client, caller, &proc_update,
                           write_update (bgs_client_body (client, &proc_update), update),
                           "vnpProcId", update->proc_id, error);
}

char *
bgs_proc_update_digest_text (const BgsProcUpdate *update)
{
  return bgs_body_digest (write_update (bgs_body_new (&proc_update, NULL, 0), update));
}

gboolean
bgs_proc_find (BgsClient *client, const BgsCaller *caller, const char *proc_id, char **ret_state,
               GError **error)
{
  BgsBody *body = bgs_client_body (client, &proc_find);
  g_autoptr (BgsReply) reply = NULL;
  g_autofree char *found = NULL;
  const BgsNode *row = NULL;

  bgs_body_required (body, "vnpProcId", proc_id);
  reply = bgs_call (client, caller, &proc_find, body, error);
  if (!reply)
    return FALSE;
  row = bgs_node_child (bgs_reply_root (reply), "return");
  found = bgs_node_child_id (row, "vnpProcId");
  *ret_state =
      g_strcmp0 (found, proc_id) == 0 ? bgs_node_child_text (row, "vnpProcStateTypeCd") : NULL;
  return TRUE;
}
