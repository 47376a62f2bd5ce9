/* Replies that are not what they should be: never a crash, never a refusal that is none. */
#include "bgs/envelope.h"

#include <string.h>

#define NS   "http://procService.services.v2.vonapp.vba.va.gov/"
#define SOAP "http://schemas.xmlsoap.org/soap/envelope/"

static const BgsOperation operation = { "/path", NS, "vnpProcCreate", .is_harmless = TRUE };
static const BgsOperation weighty = { "/path", NS, "vnpProcCreate" };

static const char good[] =
    "<?xml version='1.0' encoding='UTF-8'?><S:Envelope xmlns:S=\"" SOAP "\"><S:Header/><S:Body>"
    "<ns2:vnpProcCreateResponse xmlns:ns2=\"" NS
    "\"><return><vnpProcId>12</vnpProcId><nm>  a &amp; b </nm><empty/>"
    "<zero>0</zero><word>x12</word><row>1</row><other/><row>2</row></return></"
    "ns2:vnpProcCreateResponse></S:Body>"
    "</S:Envelope>";

static const char fault[] = "<S:Envelope xmlns:S=\"" SOAP "\"><S:Body><ns0:Fault xmlns:ns0=\"" SOAP
                            "\" xmlns:ns1=\"urn:other\">"
                            "<faultcode>ns0:Server</faultcode><faultstring>outer</"
                            "faultstring><detail><x:MessageException xmlns:x=\"urn:y\">"
                            "<code>5999</code><message>outer</message></x:MessageException></"
                            "detail></ns0:Fault></S:Body></S:Envelope>";

static BgsReply *
parse (long status, const char *text, gsize length, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, length);

  return bgs_reply_parse (&operation, status, bytes, NULL, error);
}

static void
test_reading (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BgsReply) reply = parse (200, good, strlen (good), &error);
  const BgsNode *row = NULL;
  g_autofree char *id = NULL;
  g_autofree char *name = NULL;
  g_autofree char *second = NULL;

  g_assert_no_error (error);
  row = bgs_node_child (bgs_reply_root (reply), "return");
  id = bgs_node_child_id (row, "vnpProcId");
  name = bgs_node_child_text (row, "nm");
  g_assert_cmpstr (id, ==, "12");
  g_assert_cmpstr (name, ==, "a & b");
  g_assert_null (bgs_node_child_text (row, "empty"));
  g_assert_null (bgs_node_child_text (row, "absent"));
  g_assert_null (bgs_node_child_id (row, "zero"));
  g_assert_null (bgs_node_child_id (row, "word"));
  second = bgs_node_text (bgs_node_next (bgs_node_child (row, "row")));
  g_assert_cmpstr (second, ==, "2");
  g_assert_null (bgs_node_child (NULL, "row"));
  g_assert_null (bgs_node_child_text (NULL, "row"));
}

static void
is_unknown (long status, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (parse (status, text, strlen (text), &error));
  g_assert_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN);
  g_assert_true (g_str_has_prefix (error->message, "vnpProcCreate: HTTP "));
  g_assert_null (strstr (error->message, "secret"));
}

static void
test_not_an_answer (void)
{
  is_unknown (200, "");
  is_unknown (502, "<html><body>secret Bad Gateway</body></html>");
  is_unknown (503, "upstream connect error secret");
  is_unknown (200, "{\"secret\":1}");
  is_unknown (500, good); /* a reply with the wrong status */
  is_unknown (200, "<Envelope><Body><secret/></Body></Envelope>");
  is_unknown (200, "<S:Envelope xmlns:S=\"" SOAP "\"/>");
  is_unknown (200, "<S:Envelope xmlns:S=\"" SOAP "\"><S:Body> secret </S:Body></S:Envelope>");
  is_unknown (200, "<S:Envelope xmlns:S=\"" SOAP "\"><S:Body><a:vnpProcUpdateResponse xmlns:a=\"" NS
                   "\"/></S:Body></S:Envelope>");
  is_unknown (200, "<S:Envelope xmlns:S=\"" SOAP
                   "\"><S:Body><a:vnpProcCreateResponse xmlns:a=\"urn:secret\"/>"
                   "</S:Body></S:Envelope>");
  is_unknown (
      500,
      "<S:Envelope xmlns:S=\"http://www.w3.org/2003/05/soap-envelope\"><S:Body><S:Fault/></S:Body>"
      "</S:Envelope>");
  is_unknown (500, "<S:Envelope xmlns:S=\"" SOAP
                   "\"><S:Body><Fault><faultstring>secret</faultstring></Fault>"
                   "</S:Body></S:Envelope>"); /* a fault of no namespace is none */
}

/* A document type could make a small answer grow: it is not read at all, and nothing outside is
 * fetched. */
static void
test_entities (void)
{
  is_unknown (200,
              "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
              "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><S:Envelope xmlns:S=\"" SOAP "\"><S:Body>"
              "<a:vnpProcCreateResponse xmlns:a=\"" NS
              "\">&c;</a:vnpProcCreateResponse></S:Body></S:Envelope>");
  is_unknown (200,
              "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><S:Envelope xmlns:S=\"" SOAP "\"><S:Body>"
              "<a:vnpProcCreateResponse xmlns:a=\"" NS "\"/></S:Body></S:Envelope>");
}

static void
test_fault (void)
{
  const long statuses[] = { 500, 200, 400 };

  for (gsize i = 0; i < G_N_ELEMENTS (statuses); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (parse (statuses[i], fault, strlen (fault), &error));
    g_assert_error (error, BGS_ERROR, BGS_ERROR_FAULT);
    g_assert_cmpstr (error->message, ==, "vnpProcCreate: outer");
  }
}

/* As @operation_asked is answered with the parts in one body. */
static void
answers (const BgsOperation *operation_asked, const char *parts, int code)
{
  g_autofree char *text = g_strconcat ("<S:Envelope xmlns:S=\"" SOAP "\"><S:Body>", parts,
                                       "</S:Body></S:Envelope>", NULL);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;

  g_test_message ("%s", parts);
  g_assert_null (bgs_reply_parse (operation_asked, 500, bytes, NULL, &error));
  g_assert_error (error, BGS_ERROR, code);
}

#define FAULT(text) "<S:Fault><faultstring>" text "</faultstring></S:Fault>"
#define RESULT      "<a:vnpProcCreateResponse xmlns:a=\"" NS "\"/>"

/* A gateway's fault is well-formed too, and BGS may have acted. */
static void
test_foreign_fault (void)
{
  answers (&operation, FAULT ("backend read timed out"), BGS_ERROR_FAULT);
  answers (&weighty, FAULT ("backend read timed out"), BGS_ERROR_UNPROVEN);
  answers (&weighty, "<S:Fault/>", BGS_ERROR_UNPROVEN);
  answers (&weighty, FAULT ("ORA-00001: unique constraint"), BGS_ERROR_FAULT);
  answers (&weighty,
           "<S:Fault><detail><x:ShareException xmlns:x=\"urn:y\"><message>GUIE50010 - "
           "Duplicate</message></x:ShareException></detail></S:Fault>",
           BGS_ERROR_FAULT);
}

/* Two answers are none, in whatever order and whoever gave them. */
static void
test_fault_with_company (void)
{
  const char *const bodies[] = {
    FAULT ("ORA-00001: unique constraint") RESULT,
    RESULT FAULT ("ORA-00001: unique constraint"),
    FAULT ("ORA-00001: unique constraint") FAULT ("ORA-00001: unique constraint"),
    RESULT "<b/>" FAULT ("ORA-00001: unique constraint"),
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++) {
    answers (&operation, bodies[i], BGS_ERROR_UNPROVEN);
    answers (&weighty, bodies[i], BGS_ERROR_UNPROVEN);
  }
}

/* Cut off anywhere, or with any one byte changed, an answer is read or unknown; it is a fault only
 * where it was one. */
static void
test_damaged (void)
{
  const char *const texts[] = { good, fault };
  GRand *random = g_rand_new_with_seed (20261121);

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    gsize length = strlen (texts[i]);

    for (gsize cut = 0; cut < length; cut++) {
      g_autoptr (GError) error = NULL;

      g_assert_null (parse (500, texts[i], cut, &error));
      g_assert_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN);
    }
    for (guint round = 0; round < 5000; round++) {
      g_autofree char *damaged = g_strdup (texts[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (BgsReply) reply = NULL;

      damaged[g_rand_int_range (random, 0, (gint32)length)] =
          (char)g_rand_int_range (random, 0, 256);
      reply = parse (200, damaged, length, &error);
      g_assert_true ((reply == NULL) == (error != NULL));
      if (texts[i] == good && error)
        g_assert_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN);
    }
  }
  g_rand_free (random);
}

static void
test_garbage (void)
{
  GRand *random = g_rand_new_with_seed (7);

  for (guint round = 0; round < 500; round++) {
    char bytes[512] = "<?xml version='1.0'?><";
    gsize keep = (round % 2) ? 22 : 0;
    g_autoptr (GError) error = NULL;

    for (gsize i = keep; i < sizeof bytes; i++)
      bytes[i] = (char)g_rand_int_range (random, 0, 256);
    g_assert_null (parse (200, bytes, sizeof bytes, &error));
    g_assert_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN);
  }
  g_rand_free (random);
}

static void
test_depth (void)
{
  GString *deep = g_string_new ("<S:Envelope xmlns:S=\"" SOAP "\"><S:Body>");

  for (guint i = 0; i < 100000; i++)
    g_string_append (deep, "<a>");
  is_unknown (200, deep->str);
  g_string_free (deep, TRUE);
}

static void
test_writing (void)
{
  const BgsAudit audit = { "281", "user", "application" };
  g_autoptr (BgsBody) body = bgs_body_new (&operation, &audit, 1795287907999);
  g_autoptr (GError) error = NULL;
  g_autofree char *element = NULL;

  bgs_body_text (body, "nil", NULL);
  bgs_body_text (body, "empty", "");
  bgs_body_text (body, "escaped", "<&>'\"\r\n\t");
  bgs_body_text (body, "controls",
                 "a\x01\x0b\x1f"
                 "b\xff"
                 "c");
  bgs_body_text (body, "astral", "😀\xef\xbf\xbe");
  bgs_body_day (body, "day", "2024-02-29");
  bgs_body_day (body, "again", "2024-02-29T12:00:00+00:00");
  bgs_body_day (body, "none", "");
  bgs_body_now (body, "now");
  element = bgs_body_end (body, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (element, ==,
                   "<t:vnpProcCreate><nil xsi:nil=\"true\"/><empty></empty>"
                   "<escaped>&lt;&amp;&gt;&#39;&quot;&#13;\n\t</escaped><controls>ab\xef\xbf\xbd"
                   "c</controls>"
                   "<astral>😀</astral><day>2024-02-29T12:00:00+00:00</"
                   "day><again>2024-02-29T12:00:00+00:00</again>"
                   "<none xsi:nil=\"true\"/><now>2026-11-21T19:05:07Z</now></t:vnpProcCreate>");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bgs/envelope/is-read-by-local-name", test_reading);
  g_test_add_func ("/bgs/envelope/what-is-no-answer-is-unknown", test_not_an_answer);
  g_test_add_func ("/bgs/envelope/document-types-are-not-read", test_entities);
  g_test_add_func ("/bgs/envelope/fault-is-a-refusal-whatever-the-status", test_fault);
  g_test_add_func ("/bgs/envelope/foreign-fault-proves-nothing-where-it-matters",
                   test_foreign_fault);
  g_test_add_func ("/bgs/envelope/fault-with-company-proves-nothing", test_fault_with_company);
  g_test_add_func ("/bgs/envelope/damaged-answers", test_damaged);
  g_test_add_func ("/bgs/envelope/garbage", test_garbage);
  g_test_add_func ("/bgs/envelope/too-deep", test_depth);
  g_test_add_func ("/bgs/envelope/values-as-the-wire-wants-them", test_writing);
  return g_test_run ();
}
