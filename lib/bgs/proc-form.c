/* vnp proc form. Source: README.md, fact 7. */
#include "bgs/proc-form.h"

#include <string.h>
#include "bgs/client.h"

#define PATH      "/VnpProcFormWebServiceBean/VnpProcFormService"
#define NAMESPACE "http://procFormService.services.vonapp.vba.va.gov/"

static const BgsOperation form_create = { PATH, NAMESPACE, "vnpProcFormCreate",
                                          .is_harmless = TRUE };
static const BgsOperation form_find = { PATH, NAMESPACE, "vnpProcFormFindByPrimaryKey",
                                        .is_harmless = TRUE };

const char *
bgs_proc_form_wire_type (const char *form_type)
{
  if (g_strcmp0 (form_type, "21-686C") == 0)
    return "21-686c";
  if (g_strcmp0 (form_type, "21-674") == 0)
    return "21-674";
  return NULL;
}

static BgsBody *
write_form (BgsBody *body, const BgsProcForm *form)
{
  bgs_body_open (body, "arg0");
  bgs_body_open (body, "compId");
  bgs_body_required (body, "vnpProcId", form->proc_id);
  bgs_body_required (body, "formTypeCd", bgs_proc_form_wire_type (form->form_type));
  bgs_body_close (body, "compId");
  bgs_body_audit (body, BGS_AUDIT_LISTED);
  bgs_body_close (body, "arg0");
  return body;
}

/* The row's two keys stand in compId, in creates as in finds. */
static gboolean
is_this_form (const BgsReply *reply, const BgsProcForm *form)
{
  const BgsNode *row = bgs_node_child (bgs_reply_root (reply), "return");
  const BgsNode *keys = bgs_node_child (row, "compId");
  g_autofree char *proc_id = bgs_node_child_id (keys, "vnpProcId");
  g_autofree char *form_type = bgs_node_child_text (keys, "formTypeCd");

  return g_strcmp0 (proc_id, form->proc_id) == 0 &&
         g_strcmp0 (form_type, bgs_proc_form_wire_type (form->form_type)) == 0;
}

char *
bgs_proc_form_create (BgsClient *client, const BgsCaller *caller, const BgsProcForm *form,
                      GError **error)
{
  BgsBody *body = write_form (bgs_client_body (client, &form_create), form);
  g_autoptr (BgsReply) reply = bgs_call (client, caller, &form_create, body, error);

  if (!reply)
    return NULL;
  if (!is_this_form (reply, form))
    return bgs_reply_lacks (&form_create, "compId of this form", error);
  return g_strdup ("");
}

char *
bgs_proc_form_digest_text (const BgsProcForm *form)
{
  return bgs_body_digest (write_form (bgs_body_new (&form_create, NULL, 0), form));
}

gboolean
bgs_proc_form_find (BgsClient *client, const BgsCaller *caller, const BgsProcForm *form,
                    gboolean *ret_exists, GError **error)
{
  BgsBody *body = bgs_client_body (client, &form_find);
  g_autoptr (BgsReply) reply = NULL;

  bgs_body_required (body, "vnpProcId", form->proc_id);
  bgs_body_required (body, "formTypeCd", bgs_proc_form_wire_type (form->form_type));
  reply = bgs_call (client, caller, &form_find, body, error);
  if (!reply)
    return FALSE;
  *ret_exists = is_this_form (reply, form);
  return TRUE;
}

gboolean
bgs_proc_form_is_duplicate (const GError *error)
{
  return g_error_matches (error, BGS_ERROR, BGS_ERROR_FAULT) &&
         strstr (error->message, "ORA-00001") && strstr (error->message, "PK_VNP_PROC_FORM");
}
