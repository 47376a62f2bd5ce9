/* What answers mean, row by row. */
#include "evidence/answer.h"

#include <string.h>

#define FINE        (-1)
#define UUID        "740e5834-3a29-46b4-9a6f-16142fde533a"
#define MD5         "9a0364b9e99bb480dd25e1f0284c8555"
#define STORED      "{\"uuid\":\"" UUID "\",\"owner\":{\"id\":\"666000001\"},\"md5\":\"" MD5 "\"}"
#define FAULT(code) "{\"uuid\":\"" UUID "\",\"code\":\"" code "\",\"message\":\"Leaky 666000001\"}"
#define OUTSIDE     "{\"messages\":[{\"key\":\"UNAUTHORIZED\",\"text\":\"Leaky 666000001\"}]}"
#define HTML        "<html><body>Leaky 666000001</body></html>"

static const struct {
  long status;
  const char *body;
  int error;
} answers[] = {
  { 200, STORED, FINE },
  { 201, STORED, FINE },
  { 200, "{\"uuid\":\"x\"}", EVIDENCE_ERROR_UNKNOWN },
  { 200, FAULT ("VEFSERR40001"), EVIDENCE_ERROR_UNKNOWN },
  { 200, "{}", EVIDENCE_ERROR_UNKNOWN },
  { 200, HTML, EVIDENCE_ERROR_UNKNOWN },
  { 200, "", EVIDENCE_ERROR_UNKNOWN },
  { 202, STORED, EVIDENCE_ERROR_UNKNOWN },
  { 302, "", EVIDENCE_ERROR_UNKNOWN },

  { 401, OUTSIDE, EVIDENCE_ERROR_TOKEN },
  { 401, "", EVIDENCE_ERROR_TOKEN },
  { 400, FAULT ("VEFSERR40009"), EVIDENCE_ERROR_TOKEN },

  { 400, FAULT ("VEFSERR40001"), EVIDENCE_ERROR_REFUSED },
  { 400, FAULT ("VEFSERR40008"), EVIDENCE_ERROR_REFUSED },
  { 400, FAULT ("VEFSERR40010"), EVIDENCE_ERROR_REFUSED },
  { 404, FAULT ("VEFSERR40010"), EVIDENCE_ERROR_REFUSED },
  { 400, FAULT ("VEFSERR40059"), EVIDENCE_ERROR_REFUSED },
  { 403, FAULT ("VEFSERR40301"), EVIDENCE_ERROR_REFUSED },
  { 403, FAULT ("VEFSERR40302"), EVIDENCE_ERROR_REFUSED },

  { 400, FAULT ("VEFSERR40003"), EVIDENCE_ERROR_FAULT },
  { 400, FAULT ("VEFSERR50014"), EVIDENCE_ERROR_FAULT },
  { 404, FAULT ("VEFSERR40401"), EVIDENCE_ERROR_FAULT },
  { 415, FAULT ("VEFSERR41501"), EVIDENCE_ERROR_FAULT },
  { 400, FAULT ("VEFSERR4000"), EVIDENCE_ERROR_BETWEEN },
  { 400, FAULT ("Leaky 666000001"), EVIDENCE_ERROR_BETWEEN },
  { 400, "", EVIDENCE_ERROR_BETWEEN },
  { 403, HTML, EVIDENCE_ERROR_BETWEEN },
  { 403, OUTSIDE, EVIDENCE_ERROR_BETWEEN },
  { 413, HTML, EVIDENCE_ERROR_BETWEEN },
  { 404, HTML, EVIDENCE_ERROR_CONFIGURATION },
  { 404, "", EVIDENCE_ERROR_CONFIGURATION },

  { 429, HTML, EVIDENCE_ERROR_BUSY },
  { 429, FAULT ("VEFSERR42901"), EVIDENCE_ERROR_BUSY },
  { 408, "", EVIDENCE_ERROR_UNAVAILABLE },
  { 500, FAULT ("VEFSERR50009"), EVIDENCE_ERROR_UNAVAILABLE },
  { 500, FAULT ("VEFSERR40001"), EVIDENCE_ERROR_UNAVAILABLE },
  { 501, FAULT ("VEFSERR50102"), EVIDENCE_ERROR_UNAVAILABLE },
  { 502, HTML, EVIDENCE_ERROR_UNAVAILABLE },
  { 503, "", EVIDENCE_ERROR_UNAVAILABLE },
  { 504, "upstream request timeout", EVIDENCE_ERROR_UNAVAILABLE },
  { 505, "", EVIDENCE_ERROR_UNKNOWN },
  { 2000, "", EVIDENCE_ERROR_UNKNOWN },
};

static GBytes *
bytes_of (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static void
test_uploads (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    g_autoptr (GBytes) body = bytes_of (answers[i].body);
    g_autoptr (GError) error = NULL;
    g_autoptr (EvidenceFile) file = evidence_judge_upload (answers[i].status, body, MD5, &error);

    g_test_message ("%ld %s", answers[i].status, answers[i].body);
    if (answers[i].error == FINE) {
      g_assert_no_error (error);
      g_assert_cmpstr (file->uuid, ==, UUID);
      g_assert_false (file->is_told_other_md5);
      continue;
    }
    g_assert_null (file);
    g_assert_error (error, EVIDENCE_ERROR, answers[i].error);
    g_assert_null (strstr (error->message, "Leaky"));
    g_assert_null (strstr (error->message, "666000001"));
  }
}

static void
test_code_is_told (void)
{
  g_autoptr (GBytes) body = bytes_of (FAULT ("VEFSERR40302"));
  g_autoptr (GError) error = NULL;

  g_assert_null (evidence_judge_upload (403, body, MD5, &error));
  g_assert_cmpstr (error->message, ==, "upload: there is no such Veteran (HTTP 403, VEFSERR40302)");
}

static void
test_other_md5 (void)
{
  g_autoptr (GBytes) other = bytes_of (STORED), upper = bytes_of (STORED),
                     none = bytes_of ("{\"uuid\":\"" UUID "\"}");
  g_autoptr (EvidenceFile) file = evidence_judge_upload (200, other, "00", NULL);
  g_autoptr (EvidenceFile) same =
      evidence_judge_upload (200, upper, "9A0364B9E99BB480DD25E1F0284C8555", NULL);
  g_autoptr (EvidenceFile) untold = evidence_judge_upload (200, none, "00", NULL);

  g_assert_true (file->is_told_other_md5);
  g_assert_false (same->is_told_other_md5);
  g_assert_false (untold->is_told_other_md5);
}

/* --- Search --- */

#define PAGE(count, files) "{\"page\":{\"totalResults\":" count ",\"totalPages\":1}" files "}"
#define FILE_OF(name)                                                                              \
  "{\"uuid\":\"" UUID "\",\"currentVersion\":{\"systemData\":{\"contentName\":\"" name "\"}}}"

static void
test_search (void)
{
  static const struct {
    const char *body;
    gboolean is_there;
  } pages[] = {
    { PAGE ("0", ""), FALSE },
    { PAGE ("0", ",\"files\":[]"), FALSE },
    { PAGE ("1", ",\"files\":[" FILE_OF ("ours.pdf") "]"), TRUE },
    { PAGE ("1", ",\"files\":[" FILE_OF ("other.pdf") "]"), FALSE },
    { PAGE ("2", ",\"files\":[" FILE_OF ("other.pdf") "," FILE_OF ("ours.pdf") "]"), TRUE },
    { PAGE ("900", ",\"files\":[" FILE_OF ("other.pdf") "," FILE_OF ("ours.pdf") "]"), TRUE },
    { PAGE ("1", ",\"files\":[{\"uuid\":\"" UUID "\"}]"), FALSE },
  };
  static const char *const nonsense[] = {
    "",
    "{}",
    "[]",
    HTML,
    PAGE ("0", ",\"files\":3"),
    PAGE ("1", ""), /* it may be ours that is not shown */
    PAGE ("2", ",\"files\":[" FILE_OF ("other.pdf") "]"),
    PAGE ("1", ",\"files\":[{\"uuid\":\"none\",\"currentVersion\":{\"systemData\":{"
               "\"contentName\":\"ours.pdf\"}}}]"),
  };

  for (gsize i = 0; i < G_N_ELEMENTS (pages); i++) {
    g_autoptr (GBytes) body = bytes_of (pages[i].body);
    g_autoptr (GError) error = NULL;
    g_autofree char *uuid = NULL;

    g_test_message ("%s", pages[i].body);
    g_assert_true (evidence_judge_search (200, body, "ours.pdf", &uuid, &error));
    g_assert_no_error (error);
    g_assert_cmpstr (uuid, ==, pages[i].is_there ? UUID : NULL);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (nonsense); i++) {
    g_autoptr (GBytes) body = bytes_of (nonsense[i]);
    g_autoptr (GError) error = NULL;
    g_autofree char *uuid = NULL;

    g_test_message ("%s", nonsense[i]);
    g_assert_false (evidence_judge_search (200, body, "ours.pdf", &uuid, &error));
    g_assert_error (error, EVIDENCE_ERROR, EVIDENCE_ERROR_UNKNOWN);
  }
}

/* By no code is it an end of the paper, which may be there. */
static void
test_search_is_refused (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    g_autoptr (GBytes) body = bytes_of (answers[i].body);
    g_autoptr (GError) error = NULL;
    g_autofree char *uuid = NULL;
    int expected =
        answers[i].error == EVIDENCE_ERROR_REFUSED ? EVIDENCE_ERROR_FAULT : answers[i].error;

    if (expected == FINE)
      continue;
    g_test_message ("%ld %s", answers[i].status, answers[i].body);
    g_assert_false (evidence_judge_search (answers[i].status, body, "ours.pdf", &uuid, &error));
    g_assert_error (error, EVIDENCE_ERROR, expected);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/evidence/answer/uploads-row-by-row", test_uploads);
  g_test_add_func ("/evidence/answer/its-code-is-told-and-nothing-else", test_code_is_told);
  g_test_add_func ("/evidence/answer/another-md5-is-noted", test_other_md5);
  g_test_add_func ("/evidence/answer/a-search-finds-that-name-alone", test_search);
  g_test_add_func ("/evidence/answer/a-refused-search-ends-no-paper", test_search_is_refused);
  return g_test_run ();
}
