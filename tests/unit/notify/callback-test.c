/* Callbacks: signatures that Python has made, and what statuses mean. */
#include "notify/callback.h"

#include <string.h>

#define SECRET "5c8b1f0e-9c3d-4a59-8a1f-1d0f7f7b6a11"
#define ID     "740e5834-3a29-46b4-9a6f-16142fde533a"

static GBytes *
bytes_of (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

/* hmac.new (SECRET, urllib.parse.urlencode (json.loads (body)).encode (), sha256).hexdigest () */
static const struct {
  const char *body, *signature;
} signed_bodies[] = {
  { "{\"id\": \"740e5834-3a29-46b4-9a6f-16142fde533a\", \"reference\": "
    "\"3f0c6f8e-5f5b-4a47-9b3e-0d1c2b3a4f5e\", \"to\": \"ada.example+va@example.com\", \"status\": "
    "\"delivered\", \"status_reason\": null, \"created_at\": \"2026-11-21T19:05:00.123000Z\", "
    "\"completed_at\": \"2026-11-21T19:05:04.000000Z\", \"sent_at\": null, \"notification_type\": "
    "\"email\", \"provider\": \"ses\"}",
    "6a7bc5d31104ac01ee63a0dcd1e6be0fe368f0a354a6beb570f6336c9a887a92" },
  { "{\"status\": \"permanent-failure\", \"status_reason\": \"hard bounce: 550 5.1.1 ~user* "
    "(unknown) & gone/away\", \"id\": \"740e5834-3a29-46b4-9a6f-16142fde533a\"}",
    "59136cdcac8d85123f11b7282c66c82d2b9c88704a2026ab087e100e69fccc88" },
  { "{\"id\": \"740e5834-3a29-46b4-9a6f-16142fde533a\", \"status\": \"sent\", \"to\": "
    "\"ünïcode@exämple.com\", \"n\": 3, \"yes\": true, \"no\": false}",
    "0b35a04f20fca0a7c6ac659e86883a29245ec85a2623c5700ee46fac6219b142" },
};

static void
test_signatures (void)
{
  const char *const secrets[] = { "other", SECRET, NULL };
  const char *const others[] = { "other", NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (signed_bodies); i++) {
    g_autoptr (GBytes) body = bytes_of (signed_bodies[i].body);
    g_autofree char *signature = notify_callback_signature (body, SECRET);
    g_autofree char *upper = g_ascii_strup (signature, -1);

    g_assert_cmpstr (signature, ==, signed_bodies[i].signature);
    g_assert_true (notify_callback_is_signed (body, signature, secrets));
    g_assert_false (notify_callback_is_signed (body, signature, others));
    g_assert_false (notify_callback_is_signed (body, upper, secrets));
    g_assert_false (notify_callback_is_signed (body, "", secrets));
    g_assert_false (notify_callback_is_signed (body, NULL, secrets));
  }
}

/* A changed value, another order of the fields, and what cannot be signed. */
static void
test_forgeries (void)
{
  const char *const secrets[] = { SECRET, NULL };
  g_autoptr (GBytes) sent = bytes_of ("{\"id\":\"" ID "\",\"status\":\"delivered\"}");
  g_autofree char *signature = notify_callback_signature (sent, SECRET);
  static const char *const bodies[] = {
    "{\"id\":\"" ID "\",\"status\":\"permanent-failure\"}",
    "{\"status\":\"delivered\",\"id\":\"" ID "\"}",
    "{\"id\":\"" ID "\",\"status\":\"delivered\",\"status\":\"delivered\"}",
    "{\"id\":\"" ID "\",\"status\":\"delivered\",\"x\":{}}",
    "{\"id\":\"" ID "\",\"status\":\"delivered\",\"x\":1.5}",
    "[]",
    "nothing",
    "",
  };

  g_assert_nonnull (signature);
  for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++) {
    g_autoptr (GBytes) body = bytes_of (bodies[i]);

    g_test_message ("%s", bodies[i]);
    g_assert_false (notify_callback_is_signed (body, signature, secrets));
  }
}

static void
test_parse (void)
{
  g_autoptr (GBytes) body = bytes_of (
      "{\"id\":\"740E5834-3A29-46B4-9A6F-16142FDE533A\",\"reference\":\"r\",\"to\":\"a@b.example\","
      "\"status\":\"sent\"}");
  g_autoptr (GBytes) null = bytes_of ("{\"id\":\"" ID "\",\"reference\":null,\"status\":\"x\"}");
  g_autoptr (NotifyCallback) callback = notify_callback_parse (body);
  g_autoptr (NotifyCallback) without = notify_callback_parse (null);
  static const char *const wrong[] = {
    "{\"id\":\"x\",\"status\":\"sent\"}",
    "{\"id\":\"" ID "\"}",
    "{\"id\":\"" ID "\",\"status\":\"\"}",
    "{\"id\":\"" ID "\",\"status\":1}",
    "{\"status\":\"sent\"}",
    "[]",
    "",
  };

  g_assert_cmpstr (callback->id, ==, ID);
  g_assert_cmpstr (callback->reference, ==, "r");
  g_assert_cmpstr (callback->status, ==, "sent");
  g_assert_null (without->reference);
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GBytes) bytes = bytes_of (wrong[i]);

    g_test_message ("%s", wrong[i]);
    g_assert_null (notify_callback_parse (bytes));
  }
}

static void
test_statuses (void)
{
  static const struct {
    const char *status;
    NotifyNews news;
  } cases[] = {
    { "created", NOTIFY_NEWS_ON_ITS_WAY },
    { "sending", NOTIFY_NEWS_ON_ITS_WAY },
    { "sent", NOTIFY_NEWS_ON_ITS_WAY },
    { "pending", NOTIFY_NEWS_ON_ITS_WAY },
    { "delivered", NOTIFY_NEWS_DELIVERED },
    { "temporary-failure", NOTIFY_NEWS_DEFERRED },
    { "permanent-failure", NOTIFY_NEWS_BOUNCED },
    { "failed", NOTIFY_NEWS_BOUNCED },
    { "cancelled", NOTIFY_NEWS_BOUNCED },
    { "validation-failed", NOTIFY_NEWS_BOUNCED },
    { "pii-check-failed", NOTIFY_NEWS_BOUNCED },
    { "virus-scan-failed", NOTIFY_NEWS_BOUNCED },
    { "technical-failure", NOTIFY_NEWS_BOUNCED },
    { "preferences-declined", NOTIFY_NEWS_BOUNCED },
    { "pending-virus-check", NOTIFY_NEWS_ON_ITS_WAY },
    { "returned-letter", NOTIFY_NEWS_NONE },
    { "Delivered", NOTIFY_NEWS_NONE },
    { "new-word", NOTIFY_NEWS_NONE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_test_message ("%s", cases[i].status);
    g_assert_cmpint (notify_news_of (cases[i].status), ==, cases[i].news);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notify/callback/signatures-as-python-makes-them", test_signatures);
  g_test_add_func ("/notify/callback/forgeries", test_forgeries);
  g_test_add_func ("/notify/callback/what-is-kept", test_parse);
  g_test_add_func ("/notify/callback/statuses", test_statuses);
  return g_test_run ();
}
