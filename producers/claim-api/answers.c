/* JSON:API answers; see answers.h. Source: schemas/openapi.yaml. */
#include "answers.h"

#include "body.h"
#include "claims/validate.h"

HttpReply *
answer_document (int status, const json_t *document, gboolean is_camel)
{
  g_autoptr (json_t) camel = is_camel ? body_to_camel (document) : NULL;
  char *text = json_dumps (camel ? camel : document, JSON_COMPACT);
  HttpReply *reply = http_reply_new (status, "application/json; charset=utf-8", text);

  free (text);
  return reply;
}

HttpReply *
answer_text (int status, const char *text, gboolean is_camel)
{
  g_autoptr (json_t) document = json_loads (text, 0, NULL);

  g_assert (document);
  return answer_document (status, document, is_camel);
}

HttpReply *
answer_error (int status, const char *title, const char *detail)
{
  g_autofree char *code = g_strdup_printf ("%d", status);
  g_autoptr (json_t) document = json_pack ("{s[{ssssssss}]}", "errors", "title", title, "detail",
                                           detail, "code", code, "status", code);

  return answer_document (status, document, FALSE);
}

/* title and detail as today's service fills them; the pointer in storage terms stands in
 * source.pointer below "data/attributes/", where today's callers look, and plain in meta.pointer.
 */
static json_t *
refusal (const ClaimFinding *finding)
{
  const char *below = finding->pointer[0] == '/' ? finding->pointer + 1 : finding->pointer;
  g_autofree char *where = g_strconcat ("data/attributes/", below, NULL);
  g_autofree char *title =
      g_strdup_printf ("%s %s", *below ? below : "the claim", finding->message);
  g_autofree char *detail = g_strdup_printf ("%s - %s", finding->pointer, finding->message);

  return json_pack ("{ss ss ss ss s{ss} s{ss}}", "title", title, "detail", detail, "code", "100",
                    "status", "422", "source", "pointer", where, "meta", "pointer",
                    finding->pointer);
}

HttpReply *
answer_refusals (GPtrArray *refusals, gboolean is_camel)
{
  json_t *errors = json_array ();
  g_autoptr (json_t) document = json_pack ("{so}", "errors", errors);

  for (guint i = 0; i < refusals->len; i++)
    json_array_append_new (errors, refusal (g_ptr_array_index (refusals, i)));
  return answer_document (422, document, is_camel);
}
