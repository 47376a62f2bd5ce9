/* Reading and writing envelopes. Source: lib/bgs/README.md, facts 1 to 5; faults are in fault.c.
 */
#include "wire.h"

#include <libxml/parser.h>
#include <string.h>

#include "base/text.h"

#define SOAP_NS     "http://schemas.xmlsoap.org/soap/envelope/"
#define WSSE_NS     "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define VAWS_NS     "http://vbawebservices.vba.va.gov/vawss"
#define XSI_NS      "http://www.w3.org/2001/XMLSchema-instance"
#define WEBLOGIC_NS "http://oracle.com/weblogic/soap/workarea/"

/* Longer callers are refused for good (lib/bgs/README.md, fact 2). Characters, not
 * bytes. */
#define MAX_EXTERNAL_CHARS 39

#define VNP "services.vonapp.vba.va.gov/"

static const Service services[] = {
  { "/VnpProcWebServiceBeanV2/VnpProcServiceV2", NULL,
    "http://procService.services.v2.vonapp.vba.va.gov/", "VnpProcWebServiceBeanV2", FAMILY_VNP },
  { "/VnpProcFormWebServiceBean/VnpProcFormService", NULL, "http://procFormService." VNP,
    "VnpProcFormWebServiceBean", FAMILY_VNP },
  { "/VnpPtcpntWebServiceBean/VnpPtcpntService", NULL, "http://ptcpntService." VNP,
    "VnpPtcpntWebServiceBean", FAMILY_VNP },
  { "/VnpPersonWebServiceBean/VnpPersonService", NULL, "http://personService." VNP,
    "VnpPersonWebServiceBean", FAMILY_VNP },
  { "/VnpPtcpntAddrsWebServiceBean/VnpPtcpntAddrsService", NULL, "http://ptcpntAddrsService." VNP,
    "VnpPtcpntAddrsWebServiceBean", FAMILY_VNP },
  { "/VnpPtcpntPhoneWebServiceBean/VnpPtcpntPhoneService", NULL, "http://ptcpntPhoneService." VNP,
    "VnpPtcpntPhoneWebServiceBean", FAMILY_VNP },
  { "/VnpChildSchoolWebServiceBean/VnpChildSchoolService", NULL, "http://childSchoolService." VNP,
    "VnpChildSchoolWebServiceBean", FAMILY_VNP },
  { "/VnpChildStudentWebServiceBean/VnpChildStudentService", NULL,
    "http://childStudentService." VNP, "VnpChildStudentWebServiceBean", FAMILY_VNP },
  { "/VnpPtcpntRlnshpWebServiceBean/VnpPtcpntRlnshpService", NULL,
    "http://ptcpntRlnshpService." VNP, "VnpPtcpntRlnshpWebServiceBean", FAMILY_VNP },
  { "/VnpBnftClaimWebServiceBean/VnpBnftClaimService", NULL, "http://bnftClaimService." VNP,
    "VnpBnftClaimWebServiceBean", FAMILY_VNP },
  { "/BenefitClaimServiceBean/BenefitClaimWebService", NULL,
    "http://services.share.benefits.vba.va.gov/", "BenefitClaimServiceBean", FAMILY_SHARE },
  { "/BenefitClaimWebServiceBean/BenefitClaimWebServiceV1",
    "/BenefitClaimWebServiceBean/BenefitClaimWebService",
    "http://benefitclaim.services.vetsnet.vba.va.gov/", "BenefitClaimWebServiceBean",
    FAMILY_VETSNET },
  { "/StandardDataWebServiceBean/StandardDataWebService", NULL,
    "http://standarddata.services.vetsnet.vba.va.gov/", "StandardDataWebServiceBean",
    FAMILY_VETSNET },
  { "/RORoutingServiceWS/RORoutingService", NULL,
    "http://www.va.gov/vba/corp/schema/roRoutingService/v20101101", "RORoutingServiceWS",
    FAMILY_ROUTING },
  { "/DevelopmentNotesService/DevelopmentNotesService", NULL,
    "http://services.mapd.benefits.vba.va.gov/", "DevelopmentNotesService", FAMILY_MAPD },
};

const Service *
service_of_path (const char *path)
{
  for (guint i = 0; i < G_N_ELEMENTS (services); i++)
    if (g_str_equal (path, services[i].path) || g_strcmp0 (path, services[i].advertised_path) == 0)
      return &services[i];
  return NULL;
}

const Service *
service_of_bean (const char *bean)
{
  for (guint i = 0; i < G_N_ELEMENTS (services); i++)
    if (g_str_equal (bean, services[i].bean))
      return &services[i];
  g_assert_not_reached ();
}

gboolean
wire_is_nil (xmlNode *element)
{
  xmlChar *nil = xmlGetNsProp (element, BAD_CAST "nil", BAD_CAST XSI_NS);
  gboolean is_nil = nil && (xmlStrEqual (nil, BAD_CAST "true") || xmlStrEqual (nil, BAD_CAST "1"));

  xmlFree (nil);
  return is_nil;
}

char *
wire_text (xmlNode *element)
{
  xmlChar *content = xmlNodeGetContent (element);
  char *text = g_strdup (content ? (const char *)content : "");

  xmlFree (content);
  return text;
}

xmlNode *
wire_child (xmlNode *parent, const char *name_space, const char *name)
{
  for (xmlNode *child = parent ? parent->last : NULL; child; child = child->prev) {
    const char *ns =
        child->type == XML_ELEMENT_NODE && child->ns ? (const char *)child->ns->href : NULL;

    if (child->type == XML_ELEMENT_NODE && xmlStrEqual (child->name, BAD_CAST name) &&
        g_strcmp0 (ns, name_space) == 0)
      return child;
  }
  return NULL;
}

char *
wire_child_text (xmlNode *parent, const char *name_space, const char *name)
{
  xmlNode *child = wire_child (parent, name_space, name);

  return child && !wire_is_nil (child) ? wire_text (child) : NULL;
}

void
wire_append (GString *xml, const char *name, const char *value)
{
  g_autofree char *escaped = NULL;

  if (!value)
    return;
  if (!*value) {
    g_string_append_printf (xml, "<%s/>", name);
    return;
  }
  if (strpbrk (value, "<>&\"'"))
    value = escaped = g_markup_escape_text (value, -1);
  g_string_append_c (xml, '<');
  g_string_append (xml, name);
  g_string_append_c (xml, '>');
  g_string_append (xml, value);
  g_string_append (xml, "</");
  g_string_append (xml, name);
  g_string_append_c (xml, '>');
}

/* The element of the operation in a request, or NULL and a refusal. */
static xmlNode *
find_operation (Call *call)
{
  gsize length = 0;
  const char *text = g_bytes_get_data (call->request->body, &length);
  xmlNode *root = NULL, *body = NULL;

  if (length > 0 && length <= G_MAXINT)
    call->document = xmlReadMemory (text, (int)length, NULL, NULL,
                                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  /* A document type is no part of SOAP, and entities are no business of ours. */
  if (!call->document || call->document->intSubset) {
    call->refusal = fault_client (call, "Couldn't create SOAP message due to exception: XML reader "
                                        "error: the request is not well-formed");
    return NULL;
  }
  root = xmlDocGetRootElement (call->document);
  if (!root->ns || !xmlStrEqual (root->name, BAD_CAST "Envelope") ||
      !xmlStrEqual (root->ns->href, BAD_CAST SOAP_NS)) {
    call->refusal = fault_client (call, "Couldn't create SOAP message. Expecting Envelope in "
                                        "namespace " SOAP_NS);
    return NULL;
  }
  body = wire_child (root, SOAP_NS, "Body");
  for (xmlNode *child = body ? body->children : NULL; child; child = child->next)
    if (child->type == XML_ELEMENT_NODE)
      return child;
  call->refusal = fault_client (call, "Cannot find dispatch method for {}");
  return NULL;
}

/* Who calls: every service asks for the token before it looks at the operation. */
static void
check_caller (Call *call, const WireRules *rules)
{
  xmlNode *header = wire_child (xmlDocGetRootElement (call->document), SOAP_NS, "Header");
  xmlNode *security = wire_child (header, WSSE_NS, "Security");
  xmlNode *token = wire_child (security, WSSE_NS, "UsernameToken");
  xmlNode *va = wire_child (security, VAWS_NS, "VaServiceHeaders");
  g_autofree char *uid = wire_child_text (va, VAWS_NS, "ExternalUid");
  g_autofree char *key = wire_child_text (va, VAWS_NS, "ExternalKey");

  call->username = wire_child_text (token, WSSE_NS, "Username");
  if (!call->username || !*call->username) {
    call->refusal = fault_of_family (call, "WssVerification Exception - Security Verification "
                                           "Exception");
    return;
  }
  if (!g_hash_table_contains (rules->usernames, call->username)) {
    g_autofree char *uuid = text_new_uuid ();
    g_autofree char *text = g_strdup_printf ("ID: %s: Logon ID %s Not Found", uuid, call->username);

    call->refusal = fault_client (call, text);
    return;
  }
  if ((uid && g_utf8_strlen (uid, -1) > MAX_EXTERNAL_CHARS) ||
      (key && g_utf8_strlen (key, -1) > MAX_EXTERNAL_CHARS))
    call->refusal = fault_of_family (call, "The length of the EXTERNAL_UID or EXTERNAL_KEY exceeds "
                                           "the maximum");
}

/* Fills @call as far as the request carries. */
static void
read_envelope (Call *call, const WireRules *rules)
{
  const char *type = g_hash_table_lookup (call->request->headers, "content-type");

  if (!call->service) {
    call->refusal = fault_client (call, "No service is deployed at this path");
    return;
  }
  if (!g_str_equal (call->request->method, "POST")) {
    call->refusal = fault_client (call, "Only POST is understood here");
    return;
  }
  if (!type || g_ascii_strncasecmp (type, "text/xml", 8) != 0) {
    call->refusal = fault_client (call, "Unsupported Content-Type. Supported ones are: [text/xml]");
    return;
  }
  call->body = find_operation (call);
  if (!call->body)
    return;
  g_free (call->operation);
  call->operation = g_strdup ((const char *)call->body->name);
  check_caller (call, rules);
  if (!call->refusal && (!call->body->ns ||
                         !xmlStrEqual (call->body->ns->href, BAD_CAST call->service->name_space))) {
    g_autofree char *text =
        g_strdup_printf ("Cannot find dispatch method for {%s}%s",
                         call->body->ns ? (const char *)call->body->ns->href : "", call->operation);

    call->refusal = fault_client (call, text);
  }
}

Call *
call_read (const HttpServerRequest *request, const WireRules *rules)
{
  Call *call = g_new0 (Call, 1);

  call->request = request;
  call->dialect = rules->dialect;
  call->service = service_of_path (request->path);
  call->operation = g_strdup ("");
  read_envelope (call, rules);
  return call;
}

void
call_free (Call *call)
{
  if (!call)
    return;
  g_free (call->operation);
  g_free (call->username);
  if (call->document)
    xmlFreeDoc (call->document);
  http_reply_free (call->refusal);
  g_free (call);
}

/* What servers put there is opaque; clients have to step over it. Now and then it is empty or not
 * there at all. */
static void
append_header (const Call *call, GString *xml)
{
  static gint counter = 0;
  const char *prefix = call->dialect == DIALECT_OLD ? "S" : "env";
  gint turn = g_atomic_int_add (&counter, 1) % 16;

  if (turn == 7)
    return;
  if (turn == 11 || (call->service && call->service->family == FAMILY_ROUTING)) {
    g_string_append_printf (xml, "<%s:Header/>", prefix);
    return;
  }
  g_string_append_printf (xml,
                          "<%s:Header><work:WorkContext xmlns:work=\"" WEBLOGIC_NS
                          "\">c2ltdWxhdGVkIHdvcmsgY29udGV4dA==</work:WorkContext></%s:Header>",
                          prefix, prefix);
}

GString *
envelope_begin (const Call *call)
{
  GString *xml = g_string_sized_new (2048);

  g_string_append (xml, "<?xml version='1.0' encoding='UTF-8'?><S:Envelope ");
  if (call->dialect == DIALECT_NEW)
    g_string_append (xml, "xmlns:env=\"" SOAP_NS "\" ");
  g_string_append (xml, "xmlns:S=\"" SOAP_NS "\">");
  append_header (call, xml);
  g_string_append (xml, "<S:Body>");
  return xml;
}

HttpReply *
envelope_end (GString *xml, int status)
{
  HttpReply *reply = http_reply_new (status, "text/xml; charset=utf-8", NULL);

  g_string_append (xml, "</S:Body></S:Envelope>");
  reply->body = g_string_free_to_bytes (xml);
  return reply;
}

GString *
reply_begin (const Call *call)
{
  GString *xml = envelope_begin (call);

  if (call->service->family == FAMILY_ROUTING)
    g_string_append_printf (xml,
                            "<%sResponse xmlns=\"%s\" "
                            "xmlns:ns1=\"http://www.va.gov/vba/corp/schema/ro/v20101101\">",
                            call->operation, call->service->name_space);
  else
    g_string_append_printf (
        xml, "<%s:%sResponse xmlns:%s=\"%s\">", call->dialect == DIALECT_OLD ? "ns2" : "ns0",
        call->operation, call->dialect == DIALECT_OLD ? "ns2" : "ns0", call->service->name_space);
  return xml;
}

HttpReply *
reply_end (const Call *call, GString *xml)
{
  if (call->service->family == FAMILY_ROUTING)
    g_string_append_printf (xml, "</%sResponse>", call->operation);
  else
    g_string_append_printf (xml, "</%s:%sResponse>", call->dialect == DIALECT_OLD ? "ns2" : "ns0",
                            call->operation);
  return envelope_end (xml, 200);
}
