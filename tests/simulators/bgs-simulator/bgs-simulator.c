/* bgs-simulator: the Benefits Gateway Services as far as 21-686c and 21-674 need them, in memory.
 *
 *   speaks   SOAP 1.1 on the real paths; the BID pension read; control calls under /_simulator/
 *   is       strict: it enforces the keys, ignores unknown elements, and answers in either dialect
 *   leaves   rules, ledger and drops to tests/simulators/control
 *
 * Source: lib/bgs/README.md, the facts; README.md beside this says what it keeps to, and what was
 * decided where nothing is known. */
#include <libxml/parser.h>
#include <string.h>

#include "bgs.h"
#include "base/cleanup.h" /* after jansson.h */
#include "control/simulator.h"

#define PENSION_PATH    "/api/v1/awards/pension/"
#define NET_WORTH_LIMIT 129094
#define MAX_BODY_BYTES  (32 * 1024 * 1024) /* a rule may answer with more than a client takes */

static const Setting settings_rows[] = {
  { "dialect", SETTING_CHOICE, "new", "Dialect of the replies.", .choices = "new|old" },
  { "usernames", SETTING_TEXT, "VAgovAPI", "Known log-on IDs, separated by commas." },
  { "max-open-claims", SETTING_NUMBER, "9",
    "Open claims of a Veteran from which on no increment is found.", .min = 1, .max = 1000 },
  { "large-replies", SETTING_NUMBER, "0", "Old claims that every Veteran's lists show besides.",
    .max = 100000 },
  { "column-limits", SETTING_BOOLEAN, "yes",
    "Refuse values longer than their column is stated to be (ORA-12899)." },
  { "claim-owner", SETTING_CHOICE, "file-number",
    "Whose an inserted claim is when file number and participant are of different Veterans.",
    .choices = "file-number|participant" },
  { "incident-flash", SETTING_TEXT, "",
    "Participant ids, separated by commas, whose claims meet an incident flash." },
  { "pension-participants", SETTING_TEXT, "",
    "Participant ids, separated by commas, who are in receipt of pension." },
  { "bid-expected-token", SETTING_TEXT, "",
    "Bearer token that the pension read asks for; empty takes any.", .secret = TRUE },
  { NULL },
};

/* One row per operation; the bean of its address, what carries it out. */
static const Operation operations[] = {
  { "vnpProcCreate", "VnpProcWebServiceBeanV2", vnp_create, TABLE_PROC, FALSE },
  { "vnpProcUpdate", "VnpProcWebServiceBeanV2", vnp_update, TABLE_PROC, TRUE },
  { "vnpProcFindByPrimaryKey", "VnpProcWebServiceBeanV2", vnp_find, TABLE_PROC, TRUE },
  { "vnpProcFormCreate", "VnpProcFormWebServiceBean", vnp_create, TABLE_PROC_FORM, TRUE },
  { "vnpProcFormFindByPrimaryKey", "VnpProcFormWebServiceBean", vnp_find, TABLE_PROC_FORM, TRUE },
  { "vnpPtcpntCreate", "VnpPtcpntWebServiceBean", vnp_create, TABLE_PTCPNT, FALSE },
  { "vnpPtcpntFindByPrimaryKey", "VnpPtcpntWebServiceBean", vnp_find, TABLE_PTCPNT, TRUE },
  { "vnpPersonCreate", "VnpPersonWebServiceBean", vnp_create, TABLE_PERSON, TRUE },
  { "vnpPersonFindByPrimaryKey", "VnpPersonWebServiceBean", vnp_find, TABLE_PERSON, TRUE },
  { "vnpPtcpntAddrsCreate", "VnpPtcpntAddrsWebServiceBean", vnp_create, TABLE_ADDRS, FALSE },
  { "vnpPtcpntAddrsFindByPrimaryKey", "VnpPtcpntAddrsWebServiceBean", vnp_find, TABLE_ADDRS, TRUE },
  { "vnpPtcpntPhoneCreate", "VnpPtcpntPhoneWebServiceBean", vnp_create, TABLE_PHONE, FALSE },
  { "vnpPtcpntPhoneFindByPrimaryKey", "VnpPtcpntPhoneWebServiceBean", vnp_find, TABLE_PHONE, TRUE },
  { "vnpChildSchoolCreate", "VnpChildSchoolWebServiceBean", vnp_create, TABLE_SCHOOL, FALSE },
  { "vnpChildSchoolFindByPrimaryKey", "VnpChildSchoolWebServiceBean", vnp_find, TABLE_SCHOOL,
    TRUE },
  { "vnpChildStudentCreate", "VnpChildStudentWebServiceBean", vnp_create, TABLE_STUDENT, FALSE },
  { "vnpChildStudentFindByPrimaryKey", "VnpChildStudentWebServiceBean", vnp_find, TABLE_STUDENT,
    TRUE },
  { "vnpPtcpntRlnshpCreate", "VnpPtcpntRlnshpWebServiceBean", vnp_create, TABLE_RLNSHP, FALSE },
  { "vnpPtcpntRlnshpFindByPrimaryKey", "VnpPtcpntRlnshpWebServiceBean", vnp_find, TABLE_RLNSHP,
    TRUE },
  { "vnpBnftClaimCreate", "VnpBnftClaimWebServiceBean", vnp_create, TABLE_VNP_CLAIM, FALSE },
  { "vnpBnftClaimUpdate", "VnpBnftClaimWebServiceBean", vnp_update, TABLE_VNP_CLAIM, TRUE },
  { "vnpBnftClaimFindByPrimaryKey", "VnpBnftClaimWebServiceBean", vnp_find, TABLE_VNP_CLAIM, TRUE },
  { "createNote", "DevelopmentNotesService", note_create, TABLE_NOTE, TRUE },
  { "insertBenefitClaim", "BenefitClaimServiceBean", claim_insert },
  { "findBenefitClaim", "BenefitClaimServiceBean", claims_of_file },
  { "findBnftClaim", "BenefitClaimWebServiceBean", claim_find },
  { "findBnftClaimDetailByBnftClaimId", "BenefitClaimWebServiceBean", claim_detail },
  { "findBnftClaimDetailByPtcpntId", "BenefitClaimWebServiceBean", claim_details_of_ptcpnt },
  { "findBenefitClaimTypeIncrement", "StandardDataWebServiceBean", increment_find },
  { "findRegionalOffices", "StandardDataWebServiceBean", offices_find },
  { "GetRegionalOfficeByZipCode", "RORoutingServiceWS", office_route },
};

static gboolean
is_pension_read (const HttpServerRequest *request)
{
  return g_str_has_prefix (request->path, PENSION_PATH);
}

static gboolean
is_wsdl_read (const HttpServerRequest *request)
{
  return g_str_equal (request->method, "GET") && service_of_path (request->path) &&
         g_ascii_strcasecmp (request->query, "wsdl") == 0;
}

static gpointer
read_call (const HttpServerRequest *request, gpointer data)
{
  Bgs *bgs = data;
  WireRules rules = { .usernames = bgs->usernames,
                      .dialect = (Dialect)g_atomic_int_get (&bgs->dialect) };
  Call *call = NULL;

  if (!is_pension_read (request) && !is_wsdl_read (request))
    return call_read (request, &rules);
  call = g_new0 (Call, 1);
  call->request = request;
  call->operation = g_strdup (is_pension_read (request) ? "awardsPension" : "wsdl");
  return call;
}

static const char *
operation_of_call (gconstpointer call)
{
  return ((const Call *)call)->operation;
}

static void
forget_call (gpointer call)
{
  call_free (call);
}

/* Clients that fetch a WSDL before each call go on with the address they were configured with. */
static HttpReply *
answer_wsdl (const Call *call)
{
  const Service *service = service_of_path (call->request->path);

  return http_reply_take (
      200, "text/xml; charset=utf-8",
      g_strdup_printf ("<?xml version='1.0' encoding='UTF-8'?><definitions "
                       "xmlns=\"http://schemas.xmlsoap.org/wsdl/\" targetNamespace=\"%s\"/>",
                       service->name_space));
}

static gboolean
bearer_is_right (const Bgs *bgs, const HttpServerRequest *request)
{
  const char *authorization = g_hash_table_lookup (request->headers, "authorization");

  if (!authorization || !g_str_has_prefix (authorization, "Bearer "))
    return FALSE;
  authorization += strlen ("Bearer ");
  return *bgs->bid_token ? g_str_equal (authorization, bgs->bid_token) : *authorization != '\0';
}

static HttpReply *
answer_pension (Bgs *bgs, const Call *call)
{
  const char *ptcpnt_id = call->request->path + strlen (PENSION_PATH);
  gint64 number = 0;
  gboolean has_pension = FALSE;

  if (!g_str_equal (call->request->method, "GET"))
    return simulator_refuse (405, "GET");
  if (!bearer_is_right (bgs, call->request))
    return simulator_refuse (401, "a bearer token is needed");
  if (!parse_int64 (ptcpnt_id, 0, G_MAXINT64, &number))
    return simulator_refuse (400, "the participant id is no number");
  has_pension = corporate_has_pension (bgs->corporate, ptcpnt_id);
  return simulator_reply_json (200, json_pack ("{s:{s:I, s:b, s:b, s:i}}", "awardsPension",
                                               "veteranId", (json_int_t)number,
                                               "isEligibleForPension", TRUE, "isInReceiptOfPension",
                                               has_pension, "netWorthLimit", NET_WORTH_LIMIT));
}

static HttpReply *
carry_out (gpointer data, gpointer bgs_data)
{
  Call *call = data;
  Bgs *bgs = bgs_data;
  g_autofree char *text = NULL;

  if (call->refusal)
    return g_steal_pointer (&call->refusal);
  if (is_pension_read (call->request))
    return answer_pension (bgs, call);
  if (is_wsdl_read (call->request))
    return answer_wsdl (call);
  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    if (g_str_equal (operations[i].name, call->operation) &&
        g_str_equal (operations[i].bean, call->service->bean))
      return operations[i].carry_out (bgs, call, &operations[i]);
  text = g_strdup_printf ("Cannot find dispatch method for {%s}%s", call->service->name_space,
                          call->operation);
  return fault_client (call, text);
}

static json_t *
state_of_bgs (gpointer data)
{
  Bgs *bgs = data;
  json_t *state = json_object ();

  vnp_add_state (bgs->vnp, state);
  corporate_add_state (bgs->corporate, state);
  return state;
}

static void
clear_bgs (gpointer data)
{
  Bgs *bgs = data;

  vnp_clear (bgs->vnp);
  corporate_clear (bgs->corporate);
}

static HttpReply *
control_dialect (Bgs *bgs, const HttpServerRequest *request)
{
  HttpReply *refusal = NULL;
  g_autoptr (json_t) json = NULL;
  const char *dialect = NULL;

  if (g_str_equal (request->method, "POST")) {
    json = simulator_read_json (request, &refusal);
    if (!json)
      return refusal;
    dialect = json_string_value (json_object_get (json, "dialect"));
    if (g_strcmp0 (dialect, "new") != 0 && g_strcmp0 (dialect, "old") != 0)
      return simulator_refuse (400, "{\"dialect\": \"new\" or \"old\"}");
    g_atomic_int_set (&bgs->dialect, g_str_equal (dialect, "old") ? DIALECT_OLD : DIALECT_NEW);
  }
  dialect = g_atomic_int_get (&bgs->dialect) == DIALECT_OLD ? "old" : "new";
  return simulator_reply_json (200, json_pack ("{s:s}", "dialect", dialect));
}

static HttpReply *
control_bgs (const HttpServerRequest *request, const char *what, gpointer data)
{
  Bgs *bgs = data;

  if (g_str_equal (what, "dialect"))
    return control_dialect (bgs, request);
  if (g_str_equal (what, "benefit-claims"))
    return corporate_plant (bgs->corporate, request);
  if (g_str_equal (what, "veterans"))
    return corporate_describe (bgs->corporate, request);
  return NULL;
}

/* Calls @each for every word of a setting that is a list. */
static void
for_each_word (const Settings *settings, const char *name, void (*each) (Bgs *, const char *),
               Bgs *bgs)
{
  g_auto (GStrv) words = g_strsplit (settings_text (settings, name), ",", -1);

  for (guint i = 0; words[i]; i++)
    if (*g_strstrip (words[i]))
      each (bgs, words[i]);
}

static void
add_username (Bgs *bgs, const char *username)
{
  g_hash_table_add (bgs->usernames, g_strdup (username));
}

static void
add_flash (Bgs *bgs, const char *ptcpnt_id)
{
  corporate_set_flash (bgs->corporate, ptcpnt_id, TRUE);
}

static void
add_pension (Bgs *bgs, const char *ptcpnt_id)
{
  corporate_set_pension (bgs->corporate, ptcpnt_id, TRUE);
}

static int
serve (const Settings *settings)
{
  const char *owner = settings_text (settings, "claim-owner");
  Bgs bgs = {
    .usernames = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .dialect = g_str_equal (settings_text (settings, "dialect"), "old") ? DIALECT_OLD : DIALECT_NEW,
    .column_limits = settings_boolean (settings, "column-limits"),
    .max_open_claims = (guint)settings_number (settings, "max-open-claims"),
    .large_replies = (guint)settings_number (settings, "large-replies"),
    .claim_owner_is_participant = g_str_equal (owner, "participant"),
    .bid_token = settings_text (settings, "bid-expected-token"),
    .vnp = vnp_new (),
    .corporate = corporate_new (),
  };
  const SimulatorService service = {
    .name = "bgs-simulator",
    .max_body_bytes = MAX_BODY_BYTES,
    .data = &bgs,
    .read = read_call,
    .operation = operation_of_call,
    .act = carry_out,
    .forget = forget_call,
    .state = state_of_bgs,
    .clear_state = clear_bgs,
    .control = control_bgs,
  };
  int status = 0;

  xmlInitParser (); /* before there are threads */
  for_each_word (settings, "usernames", add_username, &bgs);
  for_each_word (settings, "incident-flash", add_flash, &bgs);
  for_each_word (settings, "pension-participants", add_pension, &bgs);

  status = simulator_serve (&service, settings);

  corporate_free (bgs.corporate);
  vnp_free (bgs.vnp);
  g_hash_table_unref (bgs.usernames);
  xmlCleanupParser ();
  return status;
}

int
main (int argc, char **argv)
{
  const Setting *const tables[] = { simulator_settings, settings_rows, NULL };
  g_autoptr (Settings) settings = settings_parse_or_exit (
      "bgs-simulator", NULL, "Simulates BGS and the BID pension read.", tables, NULL, &argc, &argv);

  if (argc > 1) {
    g_printerr ("bgs-simulator: %s: no operands are taken\n", argv[1]);
    return 2;
  }
  return serve (settings);
}
