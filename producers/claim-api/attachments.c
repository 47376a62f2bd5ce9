/* Attachments on their way in; see attachments.h. */
#include "attachments.h"

#include <string.h>
#include <unistd.h>

#include "answers.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/spool.h"
#include "claims/attachment.h"
#include "claims/validate.h"

/* For a place in the press: as long as a caller is told to wait before he tries again. */
#define PLACE_WAIT_MS 5000
#define RETRY_AFTER_S "5"

G_STATIC_ASSERT (PRESS_MAX_BYTES == ATTACHMENT_MAX_BYTES);

/* Judging needs no stamps. */
static const char no_stamps[] = "%PDF-1.4\n"
                                "1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
                                "2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
                                "xref\n0 3\n"
                                "0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \n"
                                "trailer\n<</Root 1 0 R/Size 3>>\nstartxref\n100\n%%EOF\n";

/* What stands in spool files now. */
static void
count_spooled (gint64 change)
{
  static GMutex lock; /* guards what follows, so that the gauge ends with the last of two changes */
  static gint64 bytes;

  g_mutex_lock (&lock);
  bytes += change;
  metrics_gauge (METRIC_API_SPOOLED, (double)bytes, NULL);
  g_mutex_unlock (&lock);
}

Attachment *
attachment_new (const char *name)
{
  Attachment *attachment = g_new0 (Attachment, 1);

  attachment->name = g_strdup (name);
  attachment->fd = -1;
  attachment->sum = g_checksum_new (G_CHECKSUM_SHA256);
  return attachment;
}

void
attachment_free (gpointer data)
{
  Attachment *attachment = data;

  if (attachment->fd >= 0) {
    close (attachment->fd);
    count_spooled (-attachment->length);
  }
  g_checksum_free (attachment->sum);
  g_free (attachment->name);
  g_free (attachment->content_base64);
  g_free (attachment);
}

void
attachment_refuse (GPtrArray *refusals, guint position, const char *message)
{
  claim_finding_add (refusals, CLAIM_RULE_LENIENT, message,
                     g_strdup_printf ("/attachments/%u", position));
}

gboolean
attachment_read_type (const json_t *given, const char *pointer, GPtrArray *refusals,
                      gint64 *ret_document_type)
{
  json_int_t type = json_integer_value (given);

  *ret_document_type = type;
  if (!given || json_is_null (given) ||
      (json_is_integer (given) && type >= 1 && type <= DOCUMENT_TYPE_MAX))
    return TRUE;
  claim_finding_add (refusals, CLAIM_RULE_LENIENT,
                     "must be a document type of Claims Evidence, 1 to 9999, or null",
                     g_strdup (pointer));
  return FALSE;
}

static void
refuse_document (GPtrArray *refusals, guint position, PressRefusal refusal, guint page)
{
  g_autofree char *sentence = press_refusal_sentence (refusal, page);

  attachment_refuse (refusals, position, sentence);
}

static HttpReply *
try_later (const char *detail)
{
  HttpReply *reply = answer_error (503, "Service unavailable", detail);

  http_reply_header (reply, "Retry-After", RETRY_AFTER_S);
  return reply;
}

static HttpReply *
own_trouble (const char *what, const GError *error)
{
  log_failure (what, "error", error->message, NULL);
  return try_later ("The attachments cannot be taken in now. Nothing was stored. Try again.");
}

HttpReply *
attachments_too_large (void)
{
  return answer_error (413, "Content too large",
                       "The attachments are larger than max-attachments-bytes.");
}

HttpReply *
attachment_append (Attachment *attachment, const AttachmentDesk *desk, guint position,
                   const char *bytes, gsize length, GPtrArray *refusals)
{
  g_autoptr (GError) error = NULL;

  if ((gint64)length > ATTACHMENT_MAX_BYTES - attachment->length) {
    refuse_document (refusals, position, PRESS_TOO_LARGE, 0);
    return answer_refusals (refusals, FALSE);
  }
  if (attachment->fd < 0)
    attachment->fd = spool_file_new (desk->spool_directory, &error);
  if (attachment->fd < 0 || !spool_file_append (attachment->fd, bytes, length, &error))
    return own_trouble ("there is no room for an attachment", error);
  g_checksum_update (attachment->sum, (const guchar *)bytes, (gssize)length);
  attachment->length += (gint64)length;
  count_spooled ((gint64)length);
  return NULL;
}

HttpReply *
attachment_judge (const Attachment *attachment, const AttachmentDesk *desk, guint position,
                  GPtrArray *refusals)
{
  g_autoptr (GBytes) stamps = g_bytes_new_static (no_stamps, strlen (no_stamps));
  g_autoptr (GError) error = NULL;
  g_autoptr (PressResult) result = NULL;

  if (attachment->length > 0) {
    result = press_document (desk->press, attachment->fd, stamps, NULL, 0, PLACE_WAIT_MS, &error);
    if (!result && g_error_matches (error, PRESS_ERROR, PRESS_ERROR_BUSY))
      return try_later ("Too many attachments are looked at at once. Nothing was stored. Try "
                        "again.");
    if (!result)
      return own_trouble ("an attachment cannot be looked at", error);
  }
  metrics_count (METRIC_API_ATTACHMENTS, 1,
                 press_refusal_code (result ? result->refusal : PRESS_NO_DOCUMENT), NULL);
  if (!result || result->refusal != PRESS_FINE)
    refuse_document (refusals, position, result ? result->refusal : PRESS_NO_DOCUMENT,
                     result ? result->page : 0);
  return NULL;
}

gint64
attachments_bytes (const GPtrArray *attachments)
{
  gint64 bytes = 0;

  for (guint i = 0; i < attachments->len; i++)
    bytes += ((const Attachment *)g_ptr_array_index (attachments, i))->length;
  return bytes;
}

HttpReply *
attachments_hold (GPtrArray *attachments, const AttachmentDesk *desk, GPtrArray *refusals)
{
  gint64 bytes = 0;

  for (guint i = 0; i < attachments->len; i++) {
    Attachment *attachment = g_ptr_array_index (attachments, i);
    g_autofree char *content = g_steal_pointer (&attachment->content_base64);
    gsize length = 0;
    HttpReply *reply = NULL;

    g_base64_decode_inplace (content, &length);
    bytes += (gint64)length;
    if (bytes > desk->max_bytes)
      return attachments_too_large ();
    reply = attachment_append (attachment, desk, i, content, length, refusals);
    if (!reply)
      reply = attachment_judge (attachment, desk, i, refusals);
    if (reply)
      return reply;
  }
  return NULL;
}
