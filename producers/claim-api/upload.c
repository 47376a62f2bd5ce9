/* A claim and its attachments, as a stream; see upload.h. */
#include "upload.h"

#include <string.h>

#include "answers.h"
#include "base/text.h"
#include "claims/content.h"
#include "claims/validate.h"
#include "http/media-type.h"
#include "http/multipart.h"

#define CLAIM_PART      "claim"
#define ATTACHMENT_PART "attachments"
#define TYPES_PART      "document_type_ids"
#define TYPES_MAX_BYTES 1000

struct Upload {
  const ClaimRules *rules;
  const AttachmentDesk *desk;
  gboolean is_camel;
  MultipartReader *reader;
  GByteArray *claim; /* its text while it comes; NULL: not begun, or read already */
  GByteArray *types; /* the same of the attachments' document types */
  json_t *type_list; /* once they are read */
  json_t *body;      /* once it is read */
  Received *received;
  GPtrArray *attachments; /* of Attachment *; the last one is the one that comes */
  gint64 bytes;           /* of all of them */
  GPtrArray *refusals;    /* of ClaimFinding *: of attachments */
  gboolean is_whole;
};

Upload *
upload_new (const char *boundary, const ClaimRules *rules, const AttachmentDesk *desk,
            gboolean is_camel)
{
  Upload *upload = g_new0 (Upload, 1);

  upload->rules = rules;
  upload->desk = desk;
  upload->is_camel = is_camel;
  upload->reader = multipart_reader_new (boundary);
  upload->attachments = g_ptr_array_new_with_free_func (attachment_free);
  upload->refusals = g_ptr_array_new_with_free_func ((GDestroyNotify)claim_finding_free);
  return upload;
}

void
upload_free (Upload *upload)
{
  if (!upload)
    return;
  multipart_reader_free (upload->reader);
  if (upload->claim)
    g_byte_array_unref (upload->claim);
  if (upload->types)
    g_byte_array_unref (upload->types);
  json_decref (upload->type_list);
  json_decref (upload->body);
  received_free (upload->received);
  g_ptr_array_unref (upload->attachments);
  g_ptr_array_unref (upload->refusals);
  g_free (upload);
}

gsize
upload_max_bytes (const ClaimRules *rules, const AttachmentDesk *desk)
{
  /* Each part with its head, boundary and line ends, and the last boundary. */
  gsize around = (ATTACHMENTS_MAX + 3) * (gsize)(MULTIPART_HEAD_MAX + MULTIPART_BOUNDARY_MAX + 16);

  return rules->max_claim_bytes + TYPES_MAX_BYTES + (gsize)desk->max_bytes + around;
}

static HttpReply *
bad_request (const char *text)
{
  return answer_error (400, "Bad request", text);
}

static HttpReply *
refuse (Upload *upload, const char *pointer, const char *message)
{
  claim_finding_add (upload->refusals, CLAIM_RULE_LENIENT, message, g_strdup (pointer));
  return answer_refusals (upload->refusals, upload->is_camel);
}

static HttpReply *
refuse_attachments (Upload *upload, const char *message)
{
  return refuse (upload, "/" ATTACHMENT_PART, message);
}

/* --- Parts --- */

static HttpReply *
begin_attachment (Upload *upload, const char *name)
{
  guint position = upload->attachments->len;

  if (position == ATTACHMENTS_MAX)
    return refuse_attachments (upload, "has more than 20 elements");
  if (!name || text_is_blank (name) || g_utf8_strlen (name, -1) > ATTACHMENT_NAME_MAX)
    attachment_refuse (upload->refusals, position, "needs a filename, 1 to 255 characters");
  g_ptr_array_add (upload->attachments, attachment_new (name ? name : ""));
  return NULL;
}

static HttpReply *
begin_types (Upload *upload)
{
  if (upload->type_list)
    return bad_request ("The body has two parts document_type_ids.");
  upload->types = g_byte_array_new ();
  return NULL;
}

static HttpReply *
begin_part (Upload *upload, const MultipartPart *part)
{
  if (strcmp (part->name, ATTACHMENT_PART) == 0)
    return begin_attachment (upload, part->filename);
  if (strcmp (part->name, TYPES_PART) == 0)
    return begin_types (upload);
  if (strcmp (part->name, CLAIM_PART) != 0)
    return bad_request ("A part of the body is neither claim, attachments nor document_type_ids.");
  if (upload->received)
    return bad_request ("The body has two parts claim.");
  if (!media_type_is_utf8 (part->content_type))
    return answer_error (415, "Unsupported media type",
                         "The part claim must name the charset UTF-8, or none.");
  upload->claim = g_byte_array_new ();
  return NULL;
}

static HttpReply *
continue_part (Upload *upload, const char *bytes, gsize length)
{
  if (upload->claim) {
    if (length > upload->rules->max_claim_bytes - upload->claim->len)
      return answer_error (413, "Content too large", "The claim is larger than max-claim-bytes.");
    g_byte_array_append (upload->claim, (const guint8 *)bytes, (guint)length);
    return NULL;
  }
  if (upload->types) {
    if (length > TYPES_MAX_BYTES - upload->types->len)
      return refuse (upload, "/" TYPES_PART, "is longer than 1,000 bytes");
    g_byte_array_append (upload->types, (const guint8 *)bytes, (guint)length);
    return NULL;
  }
  upload->bytes += (gint64)length;
  if (upload->bytes > upload->desk->max_bytes)
    return attachments_too_large ();
  return attachment_append (g_ptr_array_index (upload->attachments, upload->attachments->len - 1),
                            upload->desk, upload->attachments->len - 1, bytes, length,
                            upload->refusals);
}

static HttpReply *
end_claim (Upload *upload)
{
  g_autoptr (GBytes) text = g_byte_array_free_to_bytes (g_steal_pointer (&upload->claim));
  HttpReply *reply =
      claim_read (text, upload->rules, upload->is_camel, &upload->body, &upload->received);

  if (!reply && !claim_is_nothing (json_object_get (upload->body, ATTACHMENT_PART)))
    reply = refuse_attachments (upload, "must be parts of their own beside the claim");
  return reply;
}

static HttpReply *
end_types (Upload *upload)
{
  g_autoptr (GByteArray) text = g_steal_pointer (&upload->types);

  upload->type_list = json_loadb ((const char *)text->data, text->len, 0, NULL);
  return json_is_array (upload->type_list) ? NULL
                                           : refuse (upload, "/" TYPES_PART, "must be an array");
}

static HttpReply *
end_part (Upload *upload)
{
  guint last = upload->attachments->len - 1;

  if (upload->claim)
    return end_claim (upload);
  if (upload->types)
    return end_types (upload);
  return attachment_judge (g_ptr_array_index (upload->attachments, last), upload->desk, last,
                           upload->refusals);
}

HttpReply *
upload_take (Upload *upload, const char *bytes, gsize length)
{
  HttpReply *reply = NULL;

  while (!reply) {
    const char *data = NULL;
    gsize data_length = 0;

    switch (multipart_reader_step (upload->reader, &bytes, &length, &data, &data_length)) {
    case MULTIPART_PART:
      reply = begin_part (upload, multipart_reader_part (upload->reader));
      break;
    case MULTIPART_DATA:
      reply = continue_part (upload, data, data_length);
      break;
    case MULTIPART_PART_END:
      reply = end_part (upload);
      break;
    case MULTIPART_MALFORMED:
      reply = bad_request (multipart_reader_problem (upload->reader));
      break;
    case MULTIPART_END:
      upload->is_whole = TRUE;
      return NULL;
    case MULTIPART_MORE:
      if (length == 0)
        return NULL;
      break;
    }
  }
  return reply;
}

/* --- The end --- */

static json_t *
digests_of (const GPtrArray *attachments)
{
  json_t *list = json_array ();

  for (guint i = 0; i < attachments->len; i++) {
    const Attachment *attachment = g_ptr_array_index (attachments, i);

    json_t *one = json_pack ("{ssss}", "name", attachment->name, "sha256",
                             g_checksum_get_string (attachment->sum));

    if (attachment->document_type != 0)
      json_object_set_new (one, "document_type_id", json_integer (attachment->document_type));
    json_array_append_new (list, one);
  }
  return list;
}

/* They come in any order beside the attachments, so they meet at the end. */
static void
apply_types (Upload *upload)
{
  if (!upload->type_list)
    return;
  if (json_array_size (upload->type_list) != upload->attachments->len) {
    http_reply_free (refuse (upload, "/" TYPES_PART, "must have an element for each attachment"));
    return;
  }
  for (guint i = 0; i < upload->attachments->len; i++) {
    Attachment *attachment = g_ptr_array_index (upload->attachments, i);
    g_autofree char *pointer = g_strdup_printf ("/" TYPES_PART "/%u", i);

    (void)attachment_read_type (json_array_get (upload->type_list, i), pointer, upload->refusals,
                                &attachment->document_type); /* what is wrong is a refusal */
  }
}

HttpReply *
upload_finish (Upload *upload, json_t **ret_body, Received **ret_received)
{
  if (!upload->is_whole)
    return bad_request ("The body ends before its last boundary.");
  if (!upload->received)
    return bad_request ("The body has no part claim.");
  apply_types (upload);
  if (upload->refusals->len > 0)
    return answer_refusals (upload->refusals, upload->is_camel);
  if (upload->attachments->len > 0)
    json_object_set_new (upload->body, ATTACHMENT_PART, digests_of (upload->attachments));
  g_ptr_array_unref (upload->received->attachments);
  upload->received->attachments = g_steal_pointer (&upload->attachments);
  upload->attachments = g_ptr_array_new_with_free_func (attachment_free);
  *ret_body = g_steal_pointer (&upload->body);
  *ret_received = g_steal_pointer (&upload->received);
  return NULL;
}
