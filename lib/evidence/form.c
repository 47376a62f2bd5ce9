/* Head, document, tail: what stands in memory is short, and the document is read as it goes out. */
#include "evidence/form.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/text.h"

#define CRLF   "\r\n"
#define SOURCE "VA.gov"

struct EvidenceForm {
  const EvidencePaper *paper;
  char *content_type, *head, *tail;
  gsize head_length, tail_length;
  gsize at; /* of all */
  GChecksum *md5;
};

static char *
payload_of (const EvidencePaper *paper)
{
  g_autoptr (json_t) payload =
      json_pack ("{ss s{ss ss sI}}", "contentName", paper->content_name, "providerData",
                 "contentSource", SOURCE, "dateVaReceivedDocument", paper->received_day,
                 "documentTypeId", (json_int_t)paper->document_type);

  return text_of_json (payload);
}

EvidenceForm *
evidence_form_new (const EvidencePaper *paper)
{
  EvidenceForm *form = g_new0 (EvidenceForm, 1);
  g_autofree char *uuid = text_new_uuid ();
  g_autofree char *boundary = g_strconcat ("paper-", uuid, NULL); /* it stands in no document */
  g_autofree char *payload = payload_of (paper);

  form->paper = paper;
  form->content_type = g_strconcat ("multipart/form-data; boundary=", boundary, NULL);
  form->head =
      g_strdup_printf ("--%s" CRLF "Content-Disposition: form-data; name=\"payload\"" CRLF
                       "Content-Type: application/json" CRLF CRLF "%s" CRLF "--%s" CRLF
                       "Content-Disposition: form-data; name=\"file\"; filename=\"%s\"" CRLF
                       "Content-Type: application/pdf" CRLF CRLF,
                       boundary, payload, boundary, paper->content_name);
  form->tail = g_strdup_printf (CRLF "--%s--" CRLF, boundary);
  form->head_length = strlen (form->head);
  form->tail_length = strlen (form->tail);
  form->md5 = g_checksum_new (G_CHECKSUM_MD5);
  return form;
}

void
evidence_form_free (EvidenceForm *form)
{
  if (!form)
    return;
  g_free (form->content_type);
  g_free (form->head);
  g_free (form->tail);
  g_checksum_free (form->md5);
  g_free (form);
}

gsize
evidence_form_bytes (const EvidenceForm *form)
{
  return form->head_length + form->paper->length + form->tail_length;
}

const char *
evidence_form_content_type (const EvidenceForm *form)
{
  return form->content_type;
}

void
evidence_form_rewind (EvidenceForm *form)
{
  form->at = 0;
  g_checksum_reset (form->md5);
}

static gssize
copy_text (const char *text, gsize length, gsize at, char *buffer, gsize size)
{
  size = MIN (size, length - at);
  memcpy (buffer, text + at, size);
  return (gssize)size;
}

static gssize
read_document (EvidenceForm *form, gsize at, char *buffer, gsize size)
{
  const EvidencePaper *paper = form->paper;
  gssize got;

  size = MIN (size, paper->length - at);
  if (paper->bytes) {
    memcpy (buffer, (const char *)g_bytes_get_data (paper->bytes, NULL) + at, size);
    got = (gssize)size;
  } else
    do
      got = pread (paper->fd, buffer, size, (off_t)at);
    while (got < 0 && errno == EINTR);
  if (got > 0)
    g_checksum_update (form->md5, (const guchar *)buffer, got);
  return got > 0 ? got : -1;
}

gssize
evidence_form_read (gpointer data, char *buffer, gsize size)
{
  EvidenceForm *form = data;
  gsize document_end = form->head_length + form->paper->length;
  gssize got;

  if (form->at < form->head_length)
    got = copy_text (form->head, form->head_length, form->at, buffer, size);
  else if (form->at < document_end)
    got = read_document (form, form->at - form->head_length, buffer, size);
  else
    got = copy_text (form->tail, form->tail_length, form->at - document_end, buffer, size);
  if (got > 0)
    form->at += (gsize)got;
  return got;
}

const char *
evidence_form_md5 (EvidenceForm *form)
{
  return g_checksum_get_string (form->md5);
}
