/* Faults in the shapes that were seen, always HTTP 500. Source: lib/bgs/README.md, fact 26. */
#include "wire.h"

#include <string.h>

#define SOAP_NS    "http://schemas.xmlsoap.org/soap/envelope/"
#define SOAP_12_NS "http://www.w3.org/2003/05/soap-envelope"

#define LEAST_TRACE_BYTES 10240
#define MOST_TRACE_BYTES  70000

/* @code: local part. @detail: XML, or NULL. */
static HttpReply *
fault (const Call *call, const char *code, const char *text, const char *detail)
{
  GString *xml = envelope_begin (call);
  g_autofree char *escaped = g_markup_escape_text (text, -1);
  gboolean is_client = g_str_equal (code, "Client");
  const char *prefix = call->dialect == DIALECT_OLD ? "S" : "ns0";

  g_string_append_printf (xml, "<%s:Fault", prefix);
  if (call->dialect == DIALECT_NEW)
    g_string_append (xml, " xmlns:ns0=\"" SOAP_NS "\"");
  g_string_append_printf (xml,
                          " xmlns:ns1=\"" SOAP_12_NS "\"><faultcode>%s:%s</faultcode>"
                          "<faultstring>%s</faultstring>",
                          is_client ? "S" : prefix, code, escaped);
  if (detail)
    g_string_append_printf (xml, "<detail>%s</detail>", detail);
  g_string_append_printf (xml, "</%s:Fault>", prefix);
  return envelope_end (xml, 500);
}

HttpReply *
fault_client (const Call *call, const char *text)
{
  return fault (call, "Client", text, NULL);
}

/* A fault whose text is repeated in an exception of the service. */
static HttpReply *
fault_with_exception (const Call *call, const char *exception, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);
  g_autofree char *detail =
      g_strdup_printf ("<ns0:%s xmlns:ns0=\"%s\"><message>%s</message></ns0:%s>", exception,
                       call->service->name_space, escaped, exception);

  return fault (call, "Server", text, detail);
}

HttpReply *
fault_of_family (const Call *call, const char *text)
{
  g_autofree char *with_place = NULL;

  switch (call->service->family) {
  case FAMILY_SHARE:
    return fault_with_exception (call, "ShareException", text);
  case FAMILY_MAPD:
    return fault_with_exception (call, "BenefitsException", text);
  case FAMILY_VETSNET:
    with_place = g_strdup_printf ("%s-->%s-->%s", call->service->bean, call->operation, text);
    return fault_with_exception (call, "MessageException", with_place);
  case FAMILY_VNP:
  case FAMILY_ROUTING:
    break;
  }
  return fault (call, "Server", text, NULL);
}

HttpReply *
fault_not_found (const Call *call, const char *text)
{
  return fault_with_exception (call, "ResultNotFoundFault", text);
}

HttpReply *
fault_number_format (const Call *call, const char *dto, const char *element, const char *value)
{
  g_autofree char *text = g_strdup_printf (
      "\nException Description: The object [%s], of class [class java.lang.String], from mapping "
      "[XMLDirectMapping[%s-->%s/text()]] with descriptor "
      "[XMLDescriptor(gov.va.vba.vonapp.dto.%s --> [])], could not be converted to [class "
      "java.lang.Long].\nInternal Exception: java.lang.NumberFormatException: For input string: "
      "\"%s\"",
      value, element, element, dto, value);

  return fault (call, "Server", text, NULL);
}

/* Frames of a server that does not exist, up to @length bytes of @trace. */
static void
append_frames (GString *trace, gsize length)
{
  static const char *const places[] = {
    "gov.va.vba.vonapp.persistence.RowKeeper.flush",
    "gov.va.vba.vonapp.service.RequestGate.invoke",
    "org.example.orm.kernel.Broker.endStoreAction",
    "org.example.orm.jdbc.PreparedStatementManager.flushAndUpdate",
    "org.example.container.ejb.StatelessProxy.postInvoke",
    "org.example.container.ejb.TransactionAdvice.proceed",
    "org.example.soap.pipe.HandlerChain.doDispatch",
    "java.lang.reflect.Method.invoke",
  };

  for (guint i = 0; trace->len < length; i++) {
    const char *place = places[(i * 5 + i / 3) % G_N_ELEMENTS (places)];
    g_auto (GStrv) parts = g_strsplit (place, ".", -1);
    guint n = g_strv_length (parts);

    g_string_append_printf (trace, "\n\tat %s(%s.java:%u)", place, parts[n - 2],
                            40 + (i * 37) % 900);
  }
}

/* @useful: from ORA- or its like to the end of the statement. */
static HttpReply *
fault_with_trace (const Call *call, const char *useful)
{
  static gint counter = 0;
  guint turn = (guint)g_atomic_int_add (&counter, 1);
  gsize length = LEAST_TRACE_BYTES + (turn * 7919u) % (guint)(MOST_TRACE_BYTES - LEAST_TRACE_BYTES);
  guint causes = 1 + turn % 3;
  /* The useful text is in the last part always, in the first two times out of three. */
  gboolean at_front = turn % 3 != 1;
  GString *trace = g_string_new ("EJB Exception: ; nested exception is: ");
  HttpReply *reply = NULL;

  if (at_front)
    g_string_append_printf (trace, "\n\torg.example.orm.StoreException: %s", useful);
  else
    g_string_append (trace,
                     "\n\torg.example.orm.RollbackException: the transaction was rolled back");
  for (guint i = 1; i <= causes; i++) {
    append_frames (trace, length * i / (causes + 1));
    g_string_append_printf (trace, "\nCaused by: org.example.orm.StoreException: %s",
                            i == causes ? useful : "see the nested exception for the cause");
  }
  append_frames (trace, length);
  reply = fault (call, "Server", trace->str, NULL);
  g_string_free (trace, TRUE);
  return reply;
}

HttpReply *
fault_oracle (const Call *call, const char *text, const char *sql)
{
  g_autofree char *useful =
      g_strdup_printf ("%s\n {prepstmnt 1804289383 %s} [code=1, state=23000]", text, sql);

  return fault_with_trace (call, useful);
}

HttpReply *
fault_java (const Call *call, const char *text)
{
  return fault_with_trace (call, text);
}
