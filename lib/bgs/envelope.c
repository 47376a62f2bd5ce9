/* Writes request bodies and reads replies. Source: README.md, facts 3 and 5. */
#include "bgs/envelope.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/text.h"
#include "bgs/fault.h"

#define SOAP_NAMESPACE "http://schemas.xmlsoap.org/soap/envelope/"
#define XSI_NAMESPACE  "http://www.w3.org/2001/XMLSchema-instance"
#define WSSE_NAMESPACE                                                                             \
  "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define VAWSS_NAMESPACE        "http://vbawebservices.vba.va.gov/vawss"
/* A longer key is refused for good. */
#define MAX_EXTERNAL_KEY_CHARS 39
/* A value shorter than this is no use to mask: it would tear holes into the text. */
#define MIN_PRIVATE_CHARS      2
/* Most bodies, and what an envelope adds to its body, are shorter. */
#define USUAL_BYTES            2048

struct BgsBody {
  const BgsOperation *operation;
  const BgsAudit *audit; /* NULL: a digest text */
  gint64 now_ms;
  GString *xml;
  const char *missing;   /* the first required element without a value */
  const char *malformed; /* the first day that is none */
  GPtrArray *private_values;
};

struct BgsReply {
  xmlDoc *document;
  xmlNode *root;
};

/* --- Writing --- */

/* Escaped as the recorded client does it, quotes included; what XML cannot carry at all is left
 * out. */
static void
append_escaped (GString *xml, const char *text)
{
  g_autofree char *valid = g_utf8_validate (text, -1, NULL) ? NULL : g_utf8_make_valid (text, -1);
  const char *at = valid ? valid : text;

  while (*at) {
    const char *plain = at;
    gunichar character;

    while ((guchar)*at >= 0x20 && (guchar)*at < 0x7F && !strchr ("&<>'\"", *at))
      at++;
    g_string_append_len (xml, plain, at - plain);
    if (!*at)
      return;
    character = g_utf8_get_char (at);
    at = g_utf8_next_char (at);
    if (character == '&')
      g_string_append (xml, "&amp;");
    else if (character == '<')
      g_string_append (xml, "&lt;");
    else if (character == '>')
      g_string_append (xml, "&gt;");
    else if (character == '\'')
      g_string_append (xml, "&#39;");
    else if (character == '"')
      g_string_append (xml, "&quot;");
    else if (character == '\r')
      g_string_append (xml, "&#13;");
    else if ((character >= 0x20 && character != 0xFFFE && character != 0xFFFF) ||
             character == '\t' || character == '\n')
      g_string_append_unichar (xml, character);
  }
}

/* @before the name and @after it. Appended piece by piece: a body has some hundred of these, and
 *   the printf family takes a fourth of a call's time. */
static void
append_tag (GString *xml, const char *before, const char *prefix, const char *name,
            const char *after)
{
  g_string_append (xml, before);
  g_string_append (xml, prefix);
  g_string_append (xml, name);
  g_string_append (xml, after);
}

BgsBody *
bgs_body_new (const BgsOperation *operation, const BgsAudit *audit, gint64 now_ms)
{
  BgsBody *body = g_new0 (BgsBody, 1);

  body->operation = operation;
  body->audit = audit;
  body->now_ms = now_ms;
  body->xml = g_string_sized_new (USUAL_BYTES);
  body->private_values = g_ptr_array_new_with_free_func (g_free);
  append_tag (body->xml, "<", "t:", operation->operation, ">");
  return body;
}

void
bgs_body_free (BgsBody *body)
{
  if (!body)
    return;
  g_string_free (body->xml, TRUE);
  g_ptr_array_unref (body->private_values);
  g_free (body);
}

static const char *
prefix_of (const BgsBody *body)
{
  return body->operation->is_qualified ? "t:" : "";
}

void
bgs_body_open (BgsBody *body, const char *name)
{
  append_tag (body->xml, "<", prefix_of (body), name, ">");
}

void
bgs_body_close (BgsBody *body, const char *name)
{
  append_tag (body->xml, "</", prefix_of (body), name, ">");
}

void
bgs_body_text (BgsBody *body, const char *name, const char *value)
{
  if (!value) {
    append_tag (body->xml, "<", prefix_of (body), name, " xsi:nil=\"true\"/>");
    return;
  }
  bgs_body_open (body, name);
  append_escaped (body->xml, value);
  bgs_body_close (body, name);
}

void
bgs_body_hide (BgsBody *body, const char *value)
{
  if (value && g_utf8_strlen (value, -1) >= MIN_PRIVATE_CHARS)
    g_ptr_array_add (body->private_values, g_strdup (value));
}

void
bgs_body_private (BgsBody *body, const char *name, const char *value)
{
  bgs_body_hide (body, value);
  bgs_body_text (body, name, value);
}

static void
require (BgsBody *body, const char *name, const char *value)
{
  if (text_is_blank (value) && !body->missing)
    body->missing = name;
}

void
bgs_body_required (BgsBody *body, const char *name, const char *value)
{
  require (body, name, value);
  bgs_body_text (body, name, value);
}

void
bgs_body_required_private (BgsBody *body, const char *name, const char *value)
{
  require (body, name, value);
  bgs_body_private (body, name, value);
}

/* YYYY-MM-DD of a day or a timestamp; NULL when it is neither. */
static char *
day_of (const char *text)
{
  gint64 year = 0;
  gint64 month = 0;
  gint64 day = 0;

  if (strlen (text) < 10 || (text[10] != '\0' && text[10] != 'T') || text[4] != '-' ||
      text[7] != '-')
    return NULL;
  for (guint i = 0; i < 10; i++)
    if (i != 4 && i != 7 && !g_ascii_isdigit (text[i]))
      return NULL;
  year = g_ascii_strtoll (text, NULL, 10);
  month = g_ascii_strtoll (text + 5, NULL, 10);
  day = g_ascii_strtoll (text + 8, NULL, 10);
  if (!g_date_valid_dmy ((GDateDay)day, (GDateMonth)month, (GDateYear)year))
    return NULL;
  return g_strndup (text, 10);
}

void
bgs_body_day (BgsBody *body, const char *name, const char *day)
{
  g_autofree char *plain = NULL;
  g_autofree char *noon = NULL;

  if (text_is_blank (day)) {
    bgs_body_text (body, name, NULL);
    return;
  }
  plain = day_of (day);
  if (!plain) {
    if (!body->malformed)
      body->malformed = name;
    bgs_body_text (body, name, NULL);
    return;
  }
  noon = g_strconcat (plain, "T12:00:00+00:00", NULL);
  bgs_body_text (body, name, noon);
}

void
bgs_body_required_day (BgsBody *body, const char *name, const char *day)
{
  require (body, name, day);
  bgs_body_day (body, name, day);
}

void
bgs_body_now (BgsBody *body, const char *name)
{
  g_autoptr (GDateTime) now = NULL;
  g_autofree char *text = NULL;

  if (!body->audit)
    return;
  now = g_date_time_new_from_unix_utc (body->now_ms / 1000);
  text = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  bgs_body_text (body, name, text);
}

void
bgs_body_audit (BgsBody *body, BgsAuditOrder order)
{
  const BgsAudit *audit = body->audit;

  if (!audit)
    return;
  bgs_body_now (body, "jrnDt");
  bgs_body_required (body, "jrnLctnId", audit->station_id);
  if (order == BGS_AUDIT_PLAIN) {
    bgs_body_text (body, "jrnStatusTypeCd", "U"); /* on creates too */
    bgs_body_required (body, "jrnUserId", audit->username);
    bgs_body_required (body, "jrnObjId", audit->application);
    return;
  }
  bgs_body_required (body, "jrnObjId", audit->application);
  if (order == BGS_AUDIT_NOTE)
    bgs_body_text (body, "jrnSttTc", "I");
  else
    bgs_body_text (body, "jrnStatusTypeCd", "U");
  bgs_body_required (body, "jrnUserId", audit->username);
}

char *
bgs_body_end (BgsBody *body, GError **error)
{
  if (body->missing || body->malformed) {
    g_set_error (error, BGS_ERROR, BGS_ERROR_ARGUMENT, "%s: %s is %s", body->operation->operation,
                 body->missing ? body->missing : body->malformed,
                 body->missing ? "missing" : "not a day");
    return NULL;
  }
  return g_strconcat (body->xml->str, "</t:", body->operation->operation, ">", NULL);
}

char *
bgs_body_digest (BgsBody *body)
{
  char *text = g_strconcat (body->xml->str, "</t:", body->operation->operation, ">", NULL);

  bgs_body_free (body);
  return text;
}

const char *const *
bgs_body_private_values (const BgsBody *body)
{
  GPtrArray *values = body->private_values;

  if (values->len == 0 || g_ptr_array_index (values, values->len - 1))
    g_ptr_array_add (values, NULL);
  return (const char *const *)values->pdata;
}

static void
append_header (GString *xml, const char *prefix, const char *name, const char *value)
{
  append_tag (xml, "<", prefix, name, ">");
  append_escaped (xml, value ? value : "");
  append_tag (xml, "</", prefix, name, ">");
}

char *
bgs_envelope (const BgsOperation *operation, const BgsAudit *audit, const char *client_machine,
              const BgsCaller *caller, const char *body_element)
{
  GString *xml = g_string_sized_new (USUAL_BYTES + strlen (body_element));
  g_autofree char *key = NULL;

  if (caller && caller->external_key) {
    g_autofree char *valid = g_utf8_make_valid (caller->external_key, -1);

    key = text_truncate_chars (valid, MAX_EXTERNAL_KEY_CHARS);
  }
  g_string_append (xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
  g_string_append_printf (xml,
                          "<e:Envelope xmlns:e=\"" SOAP_NAMESPACE "\" xmlns:xsi=\"" XSI_NAMESPACE
                          "\" xmlns:t=\"%s\">",
                          operation->xml_namespace);
  g_string_append (xml, "<e:Header><w:Security xmlns:w=\"" WSSE_NAMESPACE "\"><w:UsernameToken>");
  append_header (xml, "w:", "Username", audit->username);
  g_string_append (xml, "</w:UsernameToken><v:VaServiceHeaders xmlns:v=\"" VAWSS_NAMESPACE "\">");
  append_header (xml, "v:", "CLIENT_MACHINE", client_machine);
  append_header (xml, "v:", "STN_ID", audit->station_id);
  append_header (xml, "v:", "applicationName", audit->application);
  append_header (xml, "v:", "ExternalUid", caller ? caller->external_uid : NULL);
  append_header (xml, "v:", "ExternalKey", key);
  g_string_append (xml, "</v:VaServiceHeaders></w:Security></e:Header><e:Body>");
  g_string_append (xml, body_element);
  g_string_append (xml, "</e:Body></e:Envelope>");
  return g_string_free (xml, FALSE);
}

/* --- Reading --- */

static gboolean
has_name (const xmlNode *node, const char *xml_namespace, const char *name)
{
  if (node->type != XML_ELEMENT_NODE || g_strcmp0 ((const char *)node->name, name) != 0)
    return FALSE;
  return !xml_namespace ||
         (node->ns && g_strcmp0 ((const char *)node->ns->href, xml_namespace) == 0);
}

static xmlNode *
find_child (const xmlNode *node, const char *xml_namespace, const char *name)
{
  for (xmlNode *child = node ? node->children : NULL; child; child = child->next)
    if (has_name (child, xml_namespace, name))
      return child;
  return NULL;
}

static xmlNode *
first_element (const xmlNode *node)
{
  for (xmlNode *child = node ? node->children : NULL; child; child = child->next)
    if (child->type == XML_ELEMENT_NODE)
      return child;
  return NULL;
}

static xmlNode *
next_element (const xmlNode *node)
{
  for (xmlNode *next = node->next; next; next = next->next)
    if (next->type == XML_ELEMENT_NODE)
      return next;
  return NULL;
}

/* No answer of BGS has a document type; one that has could make entities grow. */
static void
refuse_document_type (void *context, const xmlChar *name, const xmlChar *external,
                      const xmlChar *system)
{
  (void)name;
  (void)external;
  (void)system;
  xmlStopParser (context);
}

static xmlDoc *
parse_document (GBytes *bytes)
{
  static gsize is_ready = 0;
  xmlParserCtxt *context = NULL;
  xmlDoc *document = NULL;
  gsize length = 0;
  const char *data = g_bytes_get_data (bytes, &length);

  if (g_once_init_enter (&is_ready)) {
    xmlInitParser ();
    g_once_init_leave (&is_ready, 1);
  }
  if (length == 0 || length > G_MAXINT)
    return NULL;
  context = xmlNewParserCtxt ();
  if (!context)
    return NULL;
  context->sax->internalSubset = refuse_document_type;
  document = xmlCtxtReadMemory (context, data, (int)length, NULL, NULL,
                                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                    XML_PARSE_NOCDATA | XML_PARSE_COMPACT);
  xmlFreeParserCtxt (context);
  return document;
}

static char *
text_of (const xmlNode *node)
{
  xmlChar *content = NULL;
  char *text = NULL;

  if (!node)
    return NULL;
  content = xmlNodeGetContent (node);
  text = g_strdup (content ? (const char *)content : "");
  xmlFree (content);
  g_strstrip (text);
  if (!*text)
    g_clear_pointer (&text, g_free);
  return text;
}

/* @is_alone: nothing else stands in the body. */
static void
set_fault (const BgsOperation *operation, const xmlNode *fault, gboolean is_alone,
           const char *const *private_values, GError **error)
{
  xmlNode *detail = find_child (fault, NULL, "detail");
  g_autofree char *string = text_of (find_child (fault, NULL, "faultstring"));
  g_autofree char *message = NULL;
  g_autofree char *text = NULL;
  gboolean refuses;

  for (xmlNode *child = first_element (detail); child && !message; child = child->next)
    message = text_of (find_child (child, NULL, "message"));
  text = bgs_fault_text (string, message, private_values);
  refuses = is_alone && (operation->is_harmless || bgs_fault_is_refusal (string, message));
  g_set_error (error, BGS_ERROR, refuses ? BGS_ERROR_FAULT : BGS_ERROR_UNPROVEN, "%s: %s%s",
               operation->operation,
               refuses    ? ""
               : is_alone ? "a fault that BGS is not known to give: "
                          : "a fault that does not stand alone: ",
               text);
}

static void
set_unreadable (const BgsOperation *operation, long status, const char *trouble, GError **error)
{
  g_set_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN, "%s: HTTP %ld, %s", operation->operation,
               status, trouble);
}

BgsReply *
bgs_reply_parse (const BgsOperation *operation, long status, GBytes *body,
                 const char *const *private_values, GError **error)
{
  g_autoptr (xmlDoc) document = parse_document (body);
  g_autofree char *expected = g_strconcat (operation->operation, "Response", NULL);
  xmlNode *envelope = NULL;
  xmlNode *soap_body = NULL;
  xmlNode *content = NULL;
  xmlNode *fault = NULL;
  BgsReply *reply = NULL;

  if (!document) {
    set_unreadable (operation, status, "the answer is not XML", error);
    return NULL;
  }
  envelope = xmlDocGetRootElement (document);
  if (!envelope || !has_name (envelope, SOAP_NAMESPACE, "Envelope")) {
    set_unreadable (operation, status, "the answer is not a SOAP envelope", error);
    return NULL;
  }
  soap_body = find_child (envelope, SOAP_NAMESPACE, "Body");
  content = first_element (soap_body);
  if (!content) {
    set_unreadable (operation, status, "the SOAP body is empty", error);
    return NULL;
  }
  fault = find_child (soap_body, SOAP_NAMESPACE, "Fault"); /* in whatever place */
  if (fault) {
    set_fault (operation, fault, fault == content && !next_element (fault), private_values, error);
    return NULL;
  }
  if (status != 200) {
    set_unreadable (operation, status, "with a SOAP body that is no fault", error);
    return NULL;
  }
  if (!has_name (content, operation->xml_namespace, expected)) {
    set_unreadable (operation, status, "the SOAP body answers something else", error);
    return NULL;
  }
  reply = g_new0 (BgsReply, 1);
  reply->document = g_steal_pointer (&document);
  reply->root = content;
  return reply;
}

void
bgs_reply_free (BgsReply *reply)
{
  if (!reply)
    return;
  xmlFreeDoc (reply->document);
  g_free (reply);
}

const BgsNode *
bgs_reply_root (const BgsReply *reply)
{
  return (const BgsNode *)reply->root;
}

const BgsNode *
bgs_node_child (const BgsNode *node, const char *name)
{
  return (const BgsNode *)find_child ((const xmlNode *)node, NULL, name);
}

const BgsNode *
bgs_node_next (const BgsNode *node)
{
  const xmlNode *self = (const xmlNode *)node;

  for (const xmlNode *next = self->next; next; next = next->next)
    if (has_name (next, NULL, (const char *)self->name))
      return (const BgsNode *)next;
  return NULL;
}

char *
bgs_node_text (const BgsNode *node)
{
  return text_of ((const xmlNode *)node);
}

char *
bgs_node_child_text (const BgsNode *node, const char *name)
{
  return text_of (find_child ((const xmlNode *)node, NULL, name));
}

char *
bgs_node_child_id (const BgsNode *node, const char *name)
{
  g_autofree char *text = bgs_node_child_text (node, name);
  gint64 id = 0;

  if (!text || !parse_int64 (text, 1, G_MAXINT64, &id))
    return NULL;
  return g_steal_pointer (&text);
}
