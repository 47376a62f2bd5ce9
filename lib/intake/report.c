/* Single statuses and reports. */
#include "intake/report.h"

#include <jansson.h>
#include "base/cleanup.h"
#include "base/text.h"
#include "intake/client.h"

IntakeUpload *
intake_find_upload (IntakeClient *client, const char *guid, GError **error)
{
  g_autofree char *escaped = g_uri_escape_string (guid, NULL, FALSE);
  g_autofree char *path = g_strconcat ("/uploads/", escaped, NULL);
  g_autoptr (HttpAnswer) answer = intake_call (client, INTAKE_CALL_STATUS, path, NULL, error);
  g_autoptr (IntakeUpload) upload = NULL;

  if (!answer)
    return NULL;
  if (answer->status == 404)
    return intake_upload_new_unknown (guid);
  upload = intake_upload_parse (answer->body, error);
  if (upload && g_ascii_strcasecmp (upload->guid, guid) != 0) {
    g_set_error_literal (error, INTAKE_ERROR, INTAKE_ERROR_UNKNOWN,
                         "status: the answer is about another guid");
    return NULL;
  }
  return g_steal_pointer (&upload);
}

static char *
ids_json (const char *const *guids)
{
  g_autoptr (json_t) ids = json_array ();
  g_autoptr (json_t) object = json_object ();

  for (gsize i = 0; guids[i]; i++)
    json_array_append_new (ids, json_string (guids[i]));
  json_object_set (object, "ids", ids);
  return text_of_json (object);
}

static gboolean
was_not_asked_for (gpointer guid, gpointer upload, gpointer guids)
{
  (void)upload;
  return !g_strv_contains (guids, guid);
}

GHashTable *
intake_report (IntakeClient *client, const char *const *guids, GError **error)
{
  guint count = g_strv_length ((char **)guids);
  g_autofree char *body = ids_json (guids);
  g_autoptr (HttpAnswer) answer = NULL;
  GHashTable *uploads = NULL;

  g_return_val_if_fail (count >= 1 && count <= INTAKE_REPORT_MAX_IDS, NULL);

  answer = intake_call (client, INTAKE_CALL_REPORT, "/uploads/report", body, error);
  uploads = answer ? intake_report_parse (answer->body, error) : NULL;
  if (uploads)
    g_hash_table_foreach_remove (uploads, was_not_asked_for, (gpointer)guids);
  return uploads;
}
