/* A location is good for one guid, one host and 900 s; a changed letter breaks its signature. */
#include "intake-simulator/storage.h"

#include <string.h>

#define SIGNATURE "&X-Amz-Signature="

static char *
signature_of (const Storage *storage, const char *host, const char *path, const char *query)
{
  gsize length = 0;
  const guchar *secret = g_bytes_get_data (storage->secret, &length);
  g_autofree char *text = g_strjoin ("\n", "PUT", host, path, query, NULL);

  return g_compute_hmac_for_string (G_CHECKSUM_SHA256, secret, length, text, -1);
}

char *
storage_location (const Storage *storage, const char *guid, const char *host)
{
  g_autoptr (GDateTime) now =
      g_date_time_new_from_unix_utc (uploads_now_ms (storage->uploads) / 1000);
  g_autofree char *date = g_date_time_format (now, "%Y%m%dT%H%M%SZ");
  g_autofree char *path = g_strconcat (STORAGE_PATH, guid, NULL);
  g_autofree char *query = g_strdup_printf (
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=SIMULATED%%2F%.8s%%2Fus-gov-west-1%%2Fs3"
      "%%2Faws4_request&X-Amz-Date=%s&X-Amz-Expires=%d&X-Amz-SignedHeaders=host",
      date, date, LOCATION_LIFE_MS / 1000);
  g_autofree char *signature = signature_of (storage, host, path, query);

  return g_strconcat (storage->scheme, "://", host, path, "?", query, SIGNATURE, signature, NULL);
}

static HttpReply *
refuse (int status, const char *code, const char *message)
{
  g_autofree char *xml =
      g_strdup_printf ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code>"
                       "<Message>%s</Message><RequestId>SIMULATED</RequestId></Error>",
                       code, message);

  return http_reply_new (status, "application/xml", xml);
}

/* The query without its signature is what was signed. */
static gboolean
is_signed (const Storage *storage, const HttpServerRequest *request)
{
  const char *host = g_hash_table_lookup (request->headers, "host");
  const char *mark = strstr (request->query, SIGNATURE);
  g_autofree char *query = mark ? g_strndup (request->query, (gsize)(mark - request->query)) : NULL;
  g_autofree char *signature =
      query ? signature_of (storage, host ? host : "", request->path, query) : NULL;

  return signature && strcmp (signature, mark + strlen (SIGNATURE)) == 0;
}

/* NULL: fine. An optional check of S3's. */
static HttpReply *
check_md5 (const HttpServerRequest *request)
{
  const char *given = g_hash_table_lookup (request->headers, "content-md5");
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_MD5);
  g_autofree char *base64 = NULL;
  guint8 digest[16];
  gsize length = sizeof digest, size = 0;
  const guchar *data = g_bytes_get_data (request->body, &size);

  if (!given)
    return NULL;
  g_checksum_update (checksum, data, (gssize)size);
  g_checksum_get_digest (checksum, digest, &length);
  base64 = g_base64_encode (digest, length);
  return strcmp (base64, given) == 0
             ? NULL
             : refuse (400, "BadDigest",
                       "The Content-MD5 you specified did not match what we received.");
}

/* In S3's order: framing, authorisation, the object. */
static HttpReply *
check (const Storage *storage, const HttpServerRequest *request, const char *guid)
{
  gint64 created_ms;

  if (!g_str_equal (request->method, "PUT"))
    return refuse (405, "MethodNotAllowed",
                   "The specified method is not allowed against this resource.");
  if (g_hash_table_contains (request->headers, "transfer-encoding"))
    return refuse (501, "NotImplemented",
                   "A header you provided implies functionality that is not implemented");
  if (!g_hash_table_contains (request->headers, "content-length"))
    return refuse (411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
  if (g_hash_table_contains (request->headers, "authorization"))
    return refuse (400, "InvalidArgument", "Only one auth mechanism allowed");
  /* The key is the API's. S3 would not mind; we do, for it is nobody's business there. */
  if (g_hash_table_contains (request->headers, "apikey"))
    return refuse (400, "InvalidRequest", "The header apikey does not belong here");
  if (!is_signed (storage, request))
    return refuse (403, "SignatureDoesNotMatch",
                   "The request signature we calculated does not match the signature you provided. "
                   "Check your key and signing method.");
  created_ms = uploads_created_ms (storage->uploads, guid);
  if (created_ms < 0)
    return refuse (403, "AccessDenied", "Access Denied");
  if (uploads_now_ms (storage->uploads) > created_ms + LOCATION_LIFE_MS)
    return refuse (403, "AccessDenied", "Request has expired");
  return check_md5 (request);
}

HttpReply *
storage_answer (const Storage *storage, const HttpServerRequest *request)
{
  const char *guid = request->path + strlen (STORAGE_PATH);
  HttpReply *reply = check (storage, request, guid);
  g_autofree char *md5 = NULL;
  g_autofree char *etag = NULL;

  if (reply)
    return reply;
  if (!uploads_store (storage->uploads, guid, request->body))
    return refuse (403, "AccessDenied", "Access Denied");
  md5 = g_compute_checksum_for_bytes (G_CHECKSUM_MD5, request->body);
  etag = g_strdup_printf ("\"%s\"", md5);
  reply = http_reply_new (200, "application/xml", NULL);
  http_reply_header (reply, "ETag", etag);
  return reply;
}
