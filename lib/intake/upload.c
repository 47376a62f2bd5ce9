/* Create and PUT. The bytes of a package are read while they go out, and their MD5 is made on the
 * way: it is compared with the storage's, for a package that was damaged there would be refused
 * days later, or worse, read. */
#include "intake/upload.h"

#include <string.h>
#include "intake/client.h"

#define MB                1000000
#define MB_MS             1000 /* a slow line still carries 8 Mbit/s */
#define LOCATION_SPARE_MS 5000 /* clocks and the way there */
#define MD5_HEX           32

IntakeLocation *
intake_create_location (IntakeClient *client, GError **error)
{
  g_autoptr (HttpAnswer) answer = intake_call (client, INTAKE_CALL_CREATE, "/uploads", "{}", error);
  g_autoptr (IntakeLocation) location = answer ? intake_location_parse (answer->body, error) : NULL;

  if (!location)
    return NULL;
  if (!intake_client_trusts (client, location->location)) {
    g_set_error_literal (error, INTAKE_ERROR, INTAKE_ERROR_UNKNOWN,
                         "create: the location is not https, as intake-url is");
    return NULL;
  }
  return g_steal_pointer (&location);
}

gint64
intake_upload_limit_ms (const IntakeClient *client, gsize bytes, gint64 age_ms)
{
  gint64 wanted_ms = intake_client_timeout_ms (client) + (gint64)((bytes + MB - 1) / MB) * MB_MS;
  gint64 left_ms = INTAKE_LOCATION_LIFE_MS - LOCATION_SPARE_MS - age_ms;

  return CLAMP (left_ms, 0, wanted_ms);
}

/* "9a0364b9e99bb480dd25e1f0284c8555", with the quotation marks that belong to it. */
static gboolean
is_stored_whole (const HttpAnswer *answer, const char *md5, GError **error)
{
  const char *etag = http_answer_header (answer, "etag");
  gsize length = etag ? strlen (etag) : 0;

  if (!etag) { /* somebody else has answered */
    g_set_error_literal (error, INTAKE_ERROR, INTAKE_ERROR_UNKNOWN,
                         "put: the answer has no ETag, so it is not the storage's");
    return FALSE;
  }
  if (length >= 2 && etag[0] == '"' && etag[length - 1] == '"') {
    etag++;
    length -= 2;
  }
  if (length == MD5_HEX && g_ascii_strncasecmp (etag, md5, MD5_HEX) == 0)
    return TRUE;
  g_set_error_literal (error, INTAKE_ERROR, INTAKE_ERROR_DAMAGED,
                       "put: what was stored is not what was sent (ETag)");
  return FALSE;
}

char *
intake_upload (IntakeClient *client, const char *location, gint64 age_ms,
               const IntakePackage *package, GError **error)
{
  g_autoptr (IntakeStream) stream = intake_stream_new (package);
  g_autofree char *type =
      g_strconcat ("Content-Type: ", intake_package_content_type (package), NULL);
  g_autoptr (HttpAnswer) answer = NULL;
  gsize bytes = intake_package_bytes (package);
  HttpRequest request = {
    .method = "PUT",
    .url = location,
    .headers = (const char *[]){ type, NULL },
    .body_length = bytes,
    .read_body = intake_stream_read,
    .read_body_data = stream,
    .connect_timeout_ms = intake_client_connect_timeout_ms (client),
    .timeout_ms = intake_upload_limit_ms (client, bytes, age_ms),
    .peer = "intake",
    .operation = intake_call_name (INTAKE_CALL_PUT),
    .once = TRUE,
  };

  if (!intake_package_check (package, error))
    return NULL;
  if (request.timeout_ms == 0) {
    g_set_error_literal (error, INTAKE_ERROR, INTAKE_ERROR_LOCATION,
                         "put: not sent, the location is over");
    return NULL;
  }
  answer = intake_put (client, &request, error);
  if (!answer || !is_stored_whole (answer, intake_stream_md5 (stream), error))
    return NULL;
  return g_strdup (intake_stream_md5 (stream));
}
