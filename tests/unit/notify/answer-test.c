/* What answers mean, row by row. */
#include "notify/answer.h"

#include <string.h>

#define FINE (-1)
#define FAULT(e)                                                                                   \
  "{\"status_code\":400,\"errors\":[{\"error\":\"" e "\",\"message\":\"Leaky 666000001\"}]}"
#define OF(e, text)    "{\"error\":\"" e "\",\"message\":\"" text "\"}"
#define FAULTS(faults) "{\"status_code\":400,\"errors\":[" faults "]}"
#define OLDER          "{\"result\":\"error\",\"message\":\"Leaky 666000001\"}"
#define SAYS(text)                                                                                 \
  "{\"status_code\":403,\"errors\":[{\"error\":\"AuthError\",\"message\":\"" text "\"}]}"
#define ID       "740e5834-3a29-46b4-9a6f-16142fde533a"
#define ACCEPTED "{\"id\":\"" ID "\",\"reference\":null}"
#define HTML     "<html><body>Leaky 666000001</body></html>"
#define CLOCK    "Error: Your system clock must be accurate to within 30 seconds"

static const struct {
  long status;
  const char *body;
  int error;
} answers[] = {
  { 201, ACCEPTED, FINE },
  { 201, "{\"id\":\"740E5834-3A29-46B4-9A6F-16142FDE533A\"}",
    FINE }, /* callbacks name it in small letters */
  { 201, "{\"id\":\"x\"}", NOTIFY_ERROR_UNKNOWN },
  { 201, "{}", NOTIFY_ERROR_UNKNOWN },
  { 201, HTML, NOTIFY_ERROR_UNKNOWN },
  { 201, "", NOTIFY_ERROR_UNKNOWN },
  { 200, ACCEPTED, NOTIFY_ERROR_UNKNOWN },
  { 202, "", NOTIFY_ERROR_UNKNOWN },
  { 301, "", NOTIFY_ERROR_UNKNOWN },

  { 401, FAULT ("AuthError"), NOTIFY_ERROR_CONFIGURATION },
  { 401, "", NOTIFY_ERROR_CONFIGURATION },
  { 403, FAULT ("AuthError"), NOTIFY_ERROR_CONFIGURATION },
  { 403, OLDER, NOTIFY_ERROR_CONFIGURATION },
  { 403, SAYS (CLOCK), NOTIFY_ERROR_CLOCK },
  { 403, "{\"result\":\"error\",\"message\":\"" CLOCK "\"}", NOTIFY_ERROR_CLOCK },
  { 403, HTML, NOTIFY_ERROR_BETWEEN },
  { 403, "{}", NOTIFY_ERROR_BETWEEN },

  { 400, FAULT ("BadRequestError"), NOTIFY_ERROR_CONFIGURATION },
  { 400, FAULT ("ValidationError"), NOTIFY_ERROR_SCHEMA },
  { 400, OLDER, NOTIFY_ERROR_SCHEMA },
  { 400, FAULTS (OF ("ValidationError", "email_address Not a valid email address")),
    NOTIFY_ERROR_REFUSED },
  { 400, FAULTS (OF ("ValidationError", "template_id is not a valid UUID")), NOTIFY_ERROR_SCHEMA },
  { 400,
    FAULTS (OF ("ValidationError", "email_address Not a valid email address") "," OF (
        "ValidationError", "callback_url does not match")),
    NOTIFY_ERROR_SCHEMA },
  { 400,
    FAULTS (OF ("ValidationError", "email_address Not a valid email address") "," OF (
        "BadRequestError", "Template not found")),
    NOTIFY_ERROR_CONFIGURATION },
  { 400, "{\"errors\":[]}", NOTIFY_ERROR_SCHEMA },
  { 400, "{\"result\":\"error\",\"message\":{\"email_address\":[\"Not a valid email address\"]}}",
    NOTIFY_ERROR_REFUSED },
  { 400, "{\"result\":\"error\",\"message\":{\"email_address\":[\"No\"],\"template_id\":[\"No\"]}}",
    NOTIFY_ERROR_SCHEMA },
  { 400, HTML, NOTIFY_ERROR_BETWEEN },
  { 404, FAULT ("NoResultFound"), NOTIFY_ERROR_CONFIGURATION },
  { 404, OLDER, NOTIFY_ERROR_CONFIGURATION },
  { 404, HTML, NOTIFY_ERROR_CONFIGURATION },
  { 413, "", NOTIFY_ERROR_REFUSED },
  { 413, OLDER, NOTIFY_ERROR_REFUSED },

  { 429, FAULT ("RateLimitError"), NOTIFY_ERROR_RATE },
  { 429, FAULT ("TooManyRequestsError"), NOTIFY_ERROR_DAY_LIMIT },
  { 429, FAULTS (OF ("RateLimitError", "x") "," OF ("TooManyRequestsError", "y")),
    NOTIFY_ERROR_DAY_LIMIT },
  { 429, "", NOTIFY_ERROR_RATE },
  { 429, HTML, NOTIFY_ERROR_RATE },

  { 408, "", NOTIFY_ERROR_UNAVAILABLE },
  { 500, FAULT ("InternalServerError"), NOTIFY_ERROR_UNAVAILABLE },
  { 500, OLDER, NOTIFY_ERROR_UNAVAILABLE },
  { 501, OLDER, NOTIFY_ERROR_UNAVAILABLE },
  { 502, HTML, NOTIFY_ERROR_UNAVAILABLE },
  { 503, "", NOTIFY_ERROR_UNAVAILABLE },
  { 504, "upstream request timeout", NOTIFY_ERROR_UNAVAILABLE },
  { 505, "", NOTIFY_ERROR_UNKNOWN },
  { 418, "", NOTIFY_ERROR_UNKNOWN },
  { 2000, "", NOTIFY_ERROR_UNKNOWN },
};

static void
test_answers (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    g_autoptr (GBytes) body = g_bytes_new (answers[i].body, strlen (answers[i].body));
    g_autoptr (GError) error = NULL;
    g_autofree char *id = notify_judge (answers[i].status, body, &error);

    g_test_message ("%ld %s", answers[i].status, answers[i].body);
    if (answers[i].error == FINE) {
      g_assert_no_error (error);
      g_assert_cmpstr (id, ==, ID);
    } else {
      g_assert_error (error, NOTIFY_ERROR, answers[i].error);
      g_assert_null (id);
      g_assert_null (strstr (error->message, "Leaky"));
    }
  }
}

/* The first fault has a name; what looks like none stays out of our texts. */
static void
test_names (void)
{
  static const struct {
    const char *body, *contains, *lacks;
  } cases[] = {
    { FAULT ("ValidationError"), "ValidationError", "666" },
    { FAULT ("John Leaky"), "HTTP 400", "John" },
    { "{\"errors\":[{\"message\":\"x\"},{\"error\":\"BadRequestError\"}]}", "BadRequestError",
      "x)" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GBytes) body = g_bytes_new (cases[i].body, strlen (cases[i].body));
    g_autoptr (GError) error = NULL;

    g_assert_null (notify_judge (400, body, &error));
    g_assert_nonnull (strstr (error->message, cases[i].contains));
    g_assert_null (strstr (error->message, cases[i].lacks));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notify/answer/row-by-row", test_answers);
  g_test_add_func ("/notify/answer/nothing-but-names-gets-into-our-texts", test_names);
  return g_test_run ();
}
