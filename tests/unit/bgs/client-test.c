/* Failed or unknown, over real sockets; settings; and, where they are at hand, recordings of the
 * real service. */
#include "bgs/benefit-claim-finder.h"
#include "bgs/client.h"
#include "bgs/phone.h"
#include "bgs/proc.h"
#include "bgs/routing.h"
#include "bgs/standard-data.h"
#include "unit/bgs/fake-bgs.h"

#define PHONE "http://ptcpntPhoneService.services.vonapp.vba.va.gov/"

static char *
call (FakeBgs *fake, GError **error)
{
  BgsPhone phone = { .proc_id = "1", .participant_id = "2", .number = "2025550101" };

  return bgs_phone_create (fake->client, &fake->caller, &phone, error);
}

static void
test_not_connected (void)
{
  g_autoptr (Settings) settings = NULL;
  g_autoptr (BgsClient) client = NULL;
  g_autoptr (GError) error = NULL;
  FakeBgs *fake = fake_start ();
  BgsProc proc = { .state = BGS_PROC_STARTED };
  guint16 port = http_server_port (fake->server);

  fake_stop (fake);
  settings = fake_settings (port, NULL);
  client = bgs_client_new (settings, &error);
  g_assert_no_error (error);
  g_assert_null (bgs_proc_create (client, NULL, &proc, &error));
  g_assert_error (error, BGS_ERROR, BGS_ERROR_NOT_SENT);
  g_assert_true (g_str_has_prefix (error->message, "vnpProcCreate: not sent"));
}

static void
test_unknown (void)
{
  FakeBgs *fake = fake_start ();
  const struct {
    int status;
    const char *reply;
  } answers[] = {
    { 0, "" }, /* closed without an answer */
    { 504, "upstream request timeout 666000001 Leaky" },
    { 500, "<html>666000001 Leaky</html>" },
    { 502, "<html><body>Leaky<p>quentin.leaky@example.com</body>" },
    { 200, "\x01\x02<<Leaky 666000001" },
    { 200, "<!DOCTYPE x [<!ENTITY e \"Leaky\">]><x>&e;</x>" },
    { 200, "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body><Leaky "
           "xmlns=\"urn:666000001\"/></S:Body></S:Envelope>" },
    { 200, "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body><S:Fault>"
           "<faultstring>Leaky" },
    { 500, "<Envelope><Body><Fault><faultstring>Leaky "
           "666000001</faultstring></Fault></Body></Envelope>" },
    { 200, "" },
    { 202, "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"/>" },
  };
  g_autoptr (GError) error = NULL;
  g_autofree char *fine = NULL;

  /* The next call goes over the connection of this one, so that a close would make libcurl send
   * again. */
  fake_says_new (fake, PHONE, "vnpPtcpntPhoneCreate",
                 "<return><vnpPtcpntPhoneId>5</vnpPtcpntPhoneId></return>");
  fine = call (fake, &error);
  g_assert_no_error (error);

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    fake_says (fake, answers[i].status, answers[i].reply);
    g_assert_null (call (fake, &error));
    g_assert_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN);
    g_assert_true (g_str_has_prefix (error->message, "vnpPtcpntPhoneCreate: "));
    g_assert_null (strstr (error->message, "666000001"));
    g_assert_null (strcasestr (error->message, "leaky"));
    g_assert_cmpuint (fake_requests (fake), ==, i + 2);
    g_clear_error (&error);
  }
  fake_says_new (fake, PHONE, "vnpPtcpntPhoneCreate",
                 "<return><phoneNbr>2025550101</phoneNbr></return>");
  g_assert_null (call (fake, &error));
  g_assert_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN);
  g_assert_cmpstr (error->message, ==, "vnpPtcpntPhoneCreate: the reply has no vnpPtcpntPhoneId");
  fake_stop (fake);
}

static void
test_too_large (void)
{
  FakeBgs *fake = fake_start ();
  g_autofree char *filler = g_strnfill (8 * 1048576, 'x');
  g_autoptr (GError) error = NULL;

  fake_says_new (fake, PHONE, "vnpPtcpntPhoneCreate", filler);
  g_assert_null (call (fake, &error));
  g_assert_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN);
  fake_stop (fake);
}

/* The text in the error is what verdicts are read from, with the operation before it. */
static void
test_faults (void)
{
  FakeBgs *fake = fake_start ();
  g_autoptr (GError) error = NULL;

  fake_faults (
      fake,
      "EJB Exception: \n\tat a.b.C(C.java:1)\nCaused by: ORA-20099: Error - File Number and Social "
      "Security number are different\n{prepstmnt 666000001",
      NULL);
  g_assert_null (call (fake, &error));
  g_assert_error (error, BGS_ERROR, BGS_ERROR_FAULT);
  g_assert_cmpstr (error->message, ==,
                   "vnpPtcpntPhoneCreate: ORA-20099: Error - File Number and Social Security "
                   "number are different");
  g_clear_error (&error);
  fake_faults (fake, "phone 2025550101 is not known here", NULL);
  g_assert_null (call (fake, &error));
  g_assert_cmpstr (error->message, ==, "vnpPtcpntPhoneCreate: phone … is not known here");
  g_clear_error (&error);
  /* Who asks stands in the header, and is a person. */
  fake->caller = (BgsCaller){ "1012345678v123456", "quentin q. leaky" };
  fake_faults (fake, "the key quentin q. leaky of 1012345678v123456 is too long", NULL);
  g_assert_null (call (fake, &error));
  g_assert_cmpstr (error->message, ==, "vnpPtcpntPhoneCreate: the key … of … is too long");
  fake_stop (fake);
}

static void
refused_settings (const char *extra, const char *message)
{
  g_autoptr (Settings) settings = fake_settings (1, extra);
  g_autoptr (GError) error = NULL;

  g_assert_null (bgs_client_new (settings, &error));
  g_assert_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, message));
}

static void
test_settings (void)
{
  g_autoptr (Settings) settings = fake_settings (1, "--bgs-read-timeout-ms=77");
  g_autoptr (Settings) no_bid = fake_settings (1, "--bid-url=");
  g_autoptr (BgsClient) client = bgs_client_new (settings, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (bgs_client_read_timeout_ms (client), ==, 77);
  g_assert_cmpstr (bgs_client_username (client), ==, "VAgovAPI");
  g_assert_cmpint (settings_number (no_bid, "bgs-read-timeout-ms"), ==, 120000);
  g_assert_cmpint (settings_number (no_bid, "bgs-connect-timeout-ms"), ==, 10000);
  g_assert_cmpint (settings_number (no_bid, "bid-timeout-ms"), ==, 15000);
  refused_settings ("--bgs-url=bgs.example", "bgs-url must begin with");
  refused_settings ("--bgs-key-file=/dev/null", "go together");
}

/* Recordings of the real service, when they are at hand; the tests above do not need them. */

static char *
recording (const char *name)
{
  const char *folder = g_getenv ("BGS_RECORDINGS");
  g_autofree char *path = folder ? g_build_filename (folder, name, NULL) : NULL;
  char *text = NULL;

  if (!path || !g_file_get_contents (path, &text, NULL, NULL))
    return NULL;
  return text;
}

static void
test_recordings (void)
{
  FakeBgs *fake = NULL;
  g_autofree char *details = recording ("find_bnft_claim_detail_by_ptcpnt_id.response.trimmed.xml");
  g_autofree char *claim = recording ("find_bnft_claim.response.xml");
  g_autofree char *list = recording ("find_regional_offices.response.xml");
  g_autofree char *office = recording ("get_regional_office_by_zip_code.response.xml");
  const struct {
    char *fault;
    const char *text;
  } faults[] = {
    { recording ("generic_share_exception.fault.xml"),
      "TuxedoServiceFoundButWrongApp - An unexpected error was encountered.  Please contact the "
      "System Administrator. Error is: TuxedoServiceFoundButWrongApp" },
    { recording ("generic_message_exception.fault.xml"),
      "DdeftWebServiceBean-->findBankNameByRoutngTrnsitNbr-->routngTrnsitNbr is invalid" },
    { recording ("generic_vdc_message_exception.fault.xml"), "No Record Found" },
  };
  g_autofree char *number = NULL;
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (GPtrArray) offices = NULL;
  g_autoptr (BgsClaimRow) row = NULL;
  g_autoptr (GError) error = NULL;

  if (!details || !claim || !list || !office || !faults[0].fault) {
    g_test_skip ("BGS_RECORDINGS names no folder of recordings");
    return;
  }
  fake = fake_start ();
  fake_says (fake, 200, details);
  rows = bgs_claims_find (fake->client, NULL, "600043201", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (rows->len, >, 3);
  g_assert_cmpstr (((BgsClaimRow *)rows->pdata[0])->claim_id, ==, "600131328");
  g_assert_cmpstr (((BgsClaimRow *)rows->pdata[0])->increment, ==, "930");
  g_assert_cmpstr (((BgsClaimRow *)rows->pdata[0])->received_day, ==, "2018-06-19");
  g_assert_cmpstr (((BgsClaimRow *)rows->pdata[0])->first_user, ==, "VBACOREEHEE");
  fake_says (fake, 200, claim);
  g_assert_true (bgs_claim_find (fake->client, NULL, "600131328", &row, &error));
  g_assert_cmpstr (row->status, ==, "CLR");
  fake_says (fake, 200, list);
  offices = bgs_regional_offices_find (fake->client, NULL, &error);
  g_assert_cmpuint (offices->len, ==, 76);
  g_assert_cmpstr (bgs_regional_offices_location (offices, "347"), ==, "375");
  fake_says (fake, 200, office);
  g_assert_true (bgs_routing_find (fake->client, NULL, "19018", "USA", &number, &error));
  g_assert_cmpstr (number, ==, "310");
  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++) {
    g_autofree char *expected = g_strconcat ("vnpPtcpntPhoneCreate: ", faults[i].text, NULL);

    fake_says (fake, 500, faults[i].fault);
    g_assert_null (call (fake, &error));
    g_assert_error (error, BGS_ERROR, BGS_ERROR_FAULT);
    g_assert_cmpstr (error->message, ==, expected);
    g_clear_error (&error);
    g_free (faults[i].fault);
  }
  fake_stop (fake);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bgs/client/not-connected-is-not-sent", test_not_connected);
  g_test_add_func ("/bgs/client/everything-else-is-unknown", test_unknown);
  g_test_add_func ("/bgs/client/answer-over-the-bound-is-unknown", test_too_large);
  g_test_add_func ("/bgs/client/fault-is-a-refusal", test_faults);
  g_test_add_func ("/bgs/client/settings", test_settings);
  g_test_add_func ("/bgs/client/recordings", test_recordings);
  return g_test_run ();
}
