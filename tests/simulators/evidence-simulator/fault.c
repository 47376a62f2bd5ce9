/* The codes, each with its status and text. Two shapes: the service's own, with a code, and that of
 * the frame around it, a list of messages. */
#include "evidence-simulator/fault.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "control/simulator.h"

#define CODE_PREFIX "VEFSERR"
#define CODE_DIGITS 5

static const struct {
  const char *code;
  int status;
  const char *text; /* a * is what it is about */
} faults[] = {
  { "VEFSERR40001", 400, "The payload breaks the schema: *" },
  { "VEFSERR40002", 400, "providerData has a key twice: *" },
  { "VEFSERR40003", 400, "Key * has an invalid value: *" },
  { "VEFSERR40008", 400, "Header X-Folder-URI has an invalid value: *" },
  { "VEFSERR40009", 400, "The JWT lacks a claim that is expected, or one has an invalid value." },
  { "VEFSERR40010", 400, "Invalid request data." },
  { "VEFSERR40059", 400, "Identifier * is not enabled" },
  { "VEFSERR40301", 403, "Unauthorized." },
  { "VEFSERR40302", 403, "No folder of type * can be retrieved by identifier *." },
  { "VEFSERR40401", 404, "The resource was not found." },
  { "VEFSERR40402", 404, "No current version for UUID *." },
  { "VEFSERR41501", 415, "The content is *, which is none of *" },
  { "VEFSERR41502", 415, "The content is *, which is not what the name ends in: *" },
  { "VEFSERR50001", 500, "The type of the content cannot be determined; accepted: *" },
  { "VEFSERR50002", 500, "Unknown error while the content was uploaded." },
  { "VEFSERR50003", 500, "Unknown error while data was saved." },
  { "VEFSERR50006", 500, "Unknown error while the user was retrieved." },
  { "VEFSERR50009", 500, "Unknown system error." },
  { "VEFSERR50010", 500, "JSON could not be written." },
  { "VEFSERR50011", 500, "JSON could not be read." },
  { "VEFSERR50012", 500, "A document cannot be converted from * to *" },
  { "VEFSERR50014", 400, "The folder of type * with identifier * cannot be verified." },
  { "VEFSERR50015", 500, "* is no evaluation type of filter *" },
  { "VEFSERR50051", 500, "There is no response." },
  { "VEFSERR50102", 501, "The operation is not enabled." },
};

gboolean
fault_is_code (const char *text)
{
  const char *digits = g_str_has_prefix (text, CODE_PREFIX) ? text + strlen (CODE_PREFIX) : "";

  return strlen (digits) == CODE_DIGITS && strspn (digits, "0123456789") == CODE_DIGITS &&
         (digits[0] == '4' || digits[0] == '5');
}

/* VEFSERR40060 is a 400. */
static int
status_in (const char *code)
{
  g_autofree char *digits = g_strndup (code + strlen (CODE_PREFIX), 3);

  return (int)g_ascii_strtoull (digits, NULL, 10);
}

/* In UTF-8, whatever a header held. */
static char *
fill (const char *text, const char *const values[])
{
  g_autoptr (GString) filled = g_string_new (NULL);
  guint count = 0;

  for (const char *c = text; *c; c++)
    if (*c != '*')
      g_string_append_c (filled, *c);
    else if (count < 2 && values[count])
      g_string_append (filled, values[count++]);
  return g_utf8_make_valid (filled->str, -1);
}

HttpReply *
fault_reply (const char *code, const char *first, const char *second)
{
  g_autofree char *uuid = text_new_uuid ();
  g_autofree char *message = NULL;
  int status = status_in (code);

  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
    if (strcmp (faults[i].code, code) == 0) {
      status = faults[i].status;
      message = fill (faults[i].text, (const char *const[]){ first, second });
    }
  if (!message)
    message = fill ("*: *", (const char *const[]){ first, second });
  return simulator_reply_json (
      status, json_pack ("{s:s, s:s, s:s}", "uuid", uuid, "code", code, "message", message));
}

HttpReply *
fault_outside (int status, const char *key, const char *text)
{
  g_autofree char *now = clock_format_iso (clock_now_ms ());
  g_autofree char *number = g_strdup_printf ("%d", status);

  now[strlen (now) - 1] = '\0'; /* it names no zone */
  return simulator_reply_json (status,
                               json_pack ("{s:[{s:s, s:s, s:s, s:s, s:s, s:s}]}", "messages",
                                          "timestamp", now, "key", key, "severity", "ERROR",
                                          "status", number, "text", text, "httpStatus", key));
}

HttpReply *
fault_empty (void)
{
  return http_reply_new (400, NULL, NULL);
}
