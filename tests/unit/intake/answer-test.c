/* What answers mean, row by row; and what they hold. */
#include "intake/answer.h"

#include <string.h>
#include "base/clock.h"

#define FINE    (-1)
#define GATEWAY "{\"message\":\"No API key found in request\"}"
#define ERRORS  "{\"errors\":[{\"title\":\"t\",\"detail\":\"Leaky 666000001\",\"code\":\"111\"}]}"
#define DATA    "{\"data\":{\"id\":\"x\"}}"
#define XML(code)                                                                                  \
  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" code                                 \
  "</Code><Message>Leaky 666000001</Message></Error>"
#define HTML "<html><body>Leaky <Code>666000001</Code></body></html>"

static GBytes *
bytes_of (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static void
test_bodies (void)
{
  static const struct {
    const char *text;
    IntakeBody body;
    const char *code;
  } cases[] = {
    { DATA, INTAKE_BODY_DATA, NULL },
    { "{\"data\":[]}", INTAKE_BODY_DATA, NULL },
    { "{\"data\":null}", INTAKE_BODY_OTHER, NULL },
    { ERRORS, INTAKE_BODY_ERRORS, "111" },
    { "{\"errors\":[{\"status\":422,\"detail\":\"x\"}]}", INTAKE_BODY_ERRORS, NULL },
    { "{\"errors\":[{\"code\":\"John Leaky\"}]}", INTAKE_BODY_ERRORS, NULL },
    { GATEWAY, INTAKE_BODY_GATEWAY, NULL },
    { "{\"message\":1}", INTAKE_BODY_OTHER, NULL },
    { XML ("AccessDenied"), INTAKE_BODY_STORAGE, "AccessDenied" },
    { XML ("a b"), INTAKE_BODY_STORAGE, NULL },
    { "<Error><Code>X</Code></Error>", INTAKE_BODY_STORAGE, "X" },
    { HTML, INTAKE_BODY_OTHER, NULL },
    { "<html><Error><Code>X</Code></Error></html>", INTAKE_BODY_OTHER, NULL },
    { "\"<Error><Code>X</Code>\"", INTAKE_BODY_OTHER, NULL },
    { "upstream request timeout", INTAKE_BODY_OTHER, NULL },
    { "", INTAKE_BODY_OTHER, NULL },
    { "[]", INTAKE_BODY_OTHER, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GBytes) body = bytes_of (cases[i].text);
    g_autofree char *code = NULL;

    g_test_message ("%s", cases[i].text);
    g_assert_cmpint (intake_body_of (body, &code), ==, cases[i].body);
    g_assert_cmpstr (code, ==, cases[i].code);
  }
}

static const struct {
  IntakeCall call;
  long status;
  const char *body;
  int error;
} answers[] = {
  { INTAKE_CALL_CREATE, 202, DATA, FINE },
  { INTAKE_CALL_CREATE, 200, DATA, INTAKE_ERROR_UNKNOWN },
  { INTAKE_CALL_CREATE, 202, HTML, INTAKE_ERROR_UNKNOWN },
  { INTAKE_CALL_CREATE, 202, "", INTAKE_ERROR_UNKNOWN },
  { INTAKE_CALL_PUT, 200, "", FINE },
  { INTAKE_CALL_PUT, 204, "", INTAKE_ERROR_UNKNOWN },
  { INTAKE_CALL_STATUS, 200, DATA, FINE },
  { INTAKE_CALL_REPORT, 200, "{\"data\":[]}", FINE },
  { INTAKE_CALL_REPORT, 200, "nothing", INTAKE_ERROR_UNKNOWN },
  { INTAKE_CALL_CREATE, 301, "", INTAKE_ERROR_UNKNOWN },

  { INTAKE_CALL_CREATE, 401, GATEWAY, INTAKE_ERROR_CONFIGURATION },
  { INTAKE_CALL_REPORT, 401, "", INTAKE_ERROR_CONFIGURATION },
  { INTAKE_CALL_CREATE, 403, GATEWAY, INTAKE_ERROR_CONFIGURATION },
  { INTAKE_CALL_STATUS, 403, ERRORS, INTAKE_ERROR_CONFIGURATION },
  { INTAKE_CALL_CREATE, 403, HTML, INTAKE_ERROR_UNAVAILABLE },
  { INTAKE_CALL_CREATE, 403, XML ("AccessDenied"), INTAKE_ERROR_UNAVAILABLE },
  { INTAKE_CALL_PUT, 403, XML ("AccessDenied"), INTAKE_ERROR_LOCATION },
  { INTAKE_CALL_PUT, 403, XML ("SignatureDoesNotMatch"), INTAKE_ERROR_LOCATION },
  { INTAKE_CALL_PUT, 403, HTML, INTAKE_ERROR_UNAVAILABLE },

  { INTAKE_CALL_CREATE, 404, GATEWAY, INTAKE_ERROR_CONFIGURATION },
  { INTAKE_CALL_STATUS, 404, ERRORS, FINE },
  { INTAKE_CALL_STATUS, 404, GATEWAY, INTAKE_ERROR_CONFIGURATION },
  { INTAKE_CALL_STATUS, 404, HTML, INTAKE_ERROR_CONFIGURATION },
  { INTAKE_CALL_REPORT, 404, ERRORS, INTAKE_ERROR_CONFIGURATION },
  { INTAKE_CALL_REPORT, 404, "", INTAKE_ERROR_CONFIGURATION },
  { INTAKE_CALL_CREATE, 404, ERRORS, INTAKE_ERROR_REFUSED },
  { INTAKE_CALL_CREATE, 404, HTML, INTAKE_ERROR_REFUSED },
  { INTAKE_CALL_PUT, 404, XML ("NoSuchBucket"), INTAKE_ERROR_REFUSED },
  { INTAKE_CALL_REPORT, 400, ERRORS, INTAKE_ERROR_REFUSED },
  { INTAKE_CALL_PUT, 400, XML ("EntityTooLarge"), INTAKE_ERROR_REFUSED },
  { INTAKE_CALL_PUT, 400, XML ("RequestTimeout"), INTAKE_ERROR_UNAVAILABLE },
  { INTAKE_CALL_PUT, 400, XML ("IncompleteBody"), INTAKE_ERROR_UNAVAILABLE },
  { INTAKE_CALL_PUT, 400, XML ("BadDigest"), INTAKE_ERROR_DAMAGED },
  { INTAKE_CALL_PUT, 400, XML ("ExpiredToken"), INTAKE_ERROR_LOCATION },
  { INTAKE_CALL_PUT, 411, XML ("MissingContentLength"), INTAKE_ERROR_REFUSED },
  { INTAKE_CALL_PUT, 413, HTML, INTAKE_ERROR_REFUSED },
  { INTAKE_CALL_CREATE, 413, GATEWAY, INTAKE_ERROR_REFUSED },
  { INTAKE_CALL_CREATE, 422, ERRORS, INTAKE_ERROR_REFUSED },

  { INTAKE_CALL_CREATE, 429, GATEWAY, INTAKE_ERROR_QUOTA },
  { INTAKE_CALL_REPORT, 429, HTML, INTAKE_ERROR_QUOTA },
  { INTAKE_CALL_CREATE, 408, "", INTAKE_ERROR_UNAVAILABLE },
  { INTAKE_CALL_CREATE, 500, ERRORS, INTAKE_ERROR_UNAVAILABLE },
  { INTAKE_CALL_PUT, 500, XML ("InternalError"), INTAKE_ERROR_UNAVAILABLE },
  { INTAKE_CALL_CREATE, 502, HTML, INTAKE_ERROR_UNAVAILABLE },
  { INTAKE_CALL_PUT, 503, XML ("SlowDown"), INTAKE_ERROR_UNAVAILABLE },
  { INTAKE_CALL_STATUS, 504, GATEWAY, INTAKE_ERROR_UNAVAILABLE },
  { INTAKE_CALL_CREATE, 501, "", INTAKE_ERROR_UNKNOWN },
  { INTAKE_CALL_CREATE, 418, "", INTAKE_ERROR_UNKNOWN },
  { INTAKE_CALL_CREATE, 2000, "", INTAKE_ERROR_UNKNOWN },
};

static void
test_answers (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    g_autoptr (GBytes) body = bytes_of (answers[i].body);
    g_autoptr (GError) error = NULL;
    gboolean done = intake_judge (answers[i].call, answers[i].status, body, &error);

    g_test_message ("%d %ld %s", answers[i].call, answers[i].status, answers[i].body);
    g_assert_cmpint (done, ==, answers[i].error == FINE);
    if (done)
      continue;
    g_assert_error (error, INTAKE_ERROR, answers[i].error);
    g_assert_null (strstr (error->message, "666000001"));
    g_assert_null (strstr (error->message, "Leaky"));
  }
}

static void
test_text (void)
{
  g_autoptr (GBytes) body = bytes_of (XML ("SignatureDoesNotMatch"));
  g_autoptr (GError) error = NULL;

  g_assert_false (intake_judge (INTAKE_CALL_PUT, 403, body, &error));
  g_assert_cmpstr (error->message, ==,
                   "put: the storage does not take this location (HTTP 403, "
                   "SignatureDoesNotMatch)");
}

static void
test_location (void)
{
  g_autoptr (GBytes) body = bytes_of ("{\"data\":{\"id\":\"6d8433c1-cd55\",\"attributes\":{"
                                      "\"location\":\"https://h/p?X=%2F&y=1\"}}}");
  static const char *const wrong[] = {
    "",
    "[]",
    "{\"data\":{\"attributes\":{\"location\":\"https://h/\"}}}",
    "{\"data\":{\"id\":7,\"attributes\":{\"location\":\"https://h/\"}}}",
    "{\"data\":{\"id\":\"a/../b\",\"attributes\":{\"location\":\"https://h/\"}}}",
    "{\"data\":{\"id\":\"a\",\"attributes\":{\"location\":null}}}",
    "{\"data\":{\"id\":\"a\",\"attributes\":{\"location\":\"file:///etc/passwd\"}}}",
    "{\"data\":{\"id\":\"a\",\"attributes\":{\"location\":\"https://h/ x\"}}}",
    "{\"data\":{\"id\":\"a\",\"attributes\":{\"location\":\"https://h/\\r\\nX: y\"}}}",
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (IntakeLocation) location = intake_location_parse (body, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (location->guid, ==, "6d8433c1-cd55");
  g_assert_cmpstr (location->location, ==, "https://h/p?X=%2F&y=1");
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GBytes) bytes = bytes_of (wrong[i]);

    g_assert_null (intake_location_parse (bytes, &error));
    g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_UNKNOWN);
    g_clear_error (&error);
  }
}

static IntakeUpload *
upload_of (const char *attributes)
{
  g_autofree char *text =
      g_strdup_printf ("{\"data\":{\"id\":\"g-1\",\"attributes\":{%s}}}", attributes);
  g_autoptr (GBytes) body = bytes_of (text);
  g_autoptr (GError) error = NULL;
  IntakeUpload *upload = intake_upload_parse (body, &error);

  g_assert_no_error (error);
  return upload;
}

static void
test_upload (void)
{
  g_autoptr (IntakeUpload) upload =
      upload_of ("\"status\":\"error\",\"code\":\"DOC202\",\"detail\":\"Upstream status: Error\","
                 "\"final_status\":false,\"updated_at\":\"2018-07-30T17:31:15.958Z\","
                 "\"uploaded_pdf\":{\"total_documents\":2,\"total_pages\":3}");
  g_autoptr (IntakeUpload) bare = upload_of ("\"status\":\"pending\"");
  g_autofree char *at = clock_format_iso (upload->updated_at_ms);

  g_assert_cmpstr (upload->guid, ==, "g-1");
  g_assert_cmpint (upload->status, ==, INTAKE_STATUS_ERROR);
  g_assert_cmpstr (upload->status_word, ==, "error");
  g_assert_cmpstr (upload->code, ==, "DOC202");
  g_assert_cmpstr (upload->detail, ==, "Upstream status: Error");
  g_assert_false (upload->is_final);
  g_assert_cmpstr (at, ==, "2018-07-30T17:31:15.958Z");
  g_assert_cmpint (upload->documents, ==, 2);
  g_assert_cmpint (upload->pages, ==, 3);
  g_assert_cmpint (bare->status, ==, INTAKE_STATUS_PENDING);
  g_assert_null (bare->code);
  g_assert_null (bare->detail);
  g_assert_cmpint (bare->updated_at_ms, ==, 0);
  g_assert_cmpint (bare->documents, ==, -1);
  g_assert_cmpint (bare->pages, ==, -1);
}

static void
test_final (void)
{
  static const struct {
    const char *attributes;
    gboolean is_final;
  } cases[] = {
    { "\"status\":\"pending\"", FALSE },
    { "\"status\":\"uploaded\"", FALSE },
    { "\"status\":\"received\"", FALSE },
    { "\"status\":\"processing\"", FALSE },
    { "\"status\":\"success\"", FALSE },
    { "\"status\":\"vbms\"", TRUE },
    { "\"status\":\"expired\"", TRUE },
    { "\"status\":\"error\",\"code\":\"DOC104\"", TRUE },
    { "\"status\":\"error\",\"code\":\"DOC201\"", FALSE },
    { "\"status\":\"error\"", FALSE },
    { "\"status\":\"new word\"", FALSE },
    { "\"status\":\"success\",\"final_status\":true", TRUE },
    { "\"status\":\"error\",\"code\":\"DOC104\",\"final_status\":false", FALSE },
    { "\"status\":\"error\",\"code\":\"DOC202\",\"final_status\":true", TRUE },
    { "\"status\":\"vbms\",\"final_status\":null", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (IntakeUpload) upload = upload_of (cases[i].attributes);

    g_test_message ("%s", cases[i].attributes);
    g_assert_cmpint (upload->is_final, ==, cases[i].is_final);
  }
}

static void
test_long_detail (void)
{
  g_autofree char *filler = g_strnfill (3000, 'x');
  g_autofree char *attributes = g_strdup_printf ("\"status\":\"error\",\"detail\":\"%s\"", filler);
  g_autoptr (IntakeUpload) upload = upload_of (attributes);

  g_assert_cmpuint (strlen (upload->detail), ==, INTAKE_DETAIL_MAX_CHARS);
}

static void
test_report (void)
{
  g_autoptr (GBytes) body =
      bytes_of ("{\"data\":[{\"id\":\"b\",\"attributes\":{\"status\":\"vbms\"}},7,{\"id\":\"c\"},"
                "{\"id\":\"a\",\"attributes\":{\"status\":\"error\",\"code\":\"DOC105\"}}]}");
  g_autoptr (GBytes) no_list = bytes_of ("{\"data\":{}}");
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) uploads = intake_report_parse (body, &error);
  const IntakeUpload *upload = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (g_hash_table_size (uploads), ==, 2);
  upload = g_hash_table_lookup (uploads, "a");
  g_assert_cmpstr (upload->code, ==, "DOC105");
  upload = g_hash_table_lookup (uploads, "b");
  g_assert_cmpint (upload->status, ==, INTAKE_STATUS_VBMS);
  g_assert_null (intake_report_parse (no_list, &error));
  g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_UNKNOWN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/intake/answer/who-has-written-it", test_bodies);
  g_test_add_func ("/intake/answer/what-it-means", test_answers);
  g_test_add_func ("/intake/answer/an-errors-text", test_text);
  g_test_add_func ("/intake/answer/a-location", test_location);
  g_test_add_func ("/intake/answer/an-upload", test_upload);
  g_test_add_func ("/intake/answer/what-is-final", test_final);
  g_test_add_func ("/intake/answer/a-long-detail-is-cut", test_long_detail);
  g_test_add_func ("/intake/answer/a-report", test_report);
  return g_test_run ();
}
