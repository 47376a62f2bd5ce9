/* Answers: who has written them and what they mean for the e-mail. One table; it errs on the side of
 * not sending twice, and of not losing an e-mail for a fault that is not its own. */
#include "notify/answer.h"

#include <string.h>

#include "base/text.h"

#define NAME_MAX_CHARS 64

G_DEFINE_QUARK (notify_error_quark, notify_error)

/* Who has written a body, and in which of its shapes. */
typedef enum {
  BODY_OTHER,    /* a proxy, nobody, nonsense */
  BODY_ACCEPTED, /* an object with the id of a notification */
  BODY_FAULTS,   /* status_code, and a list of errors; or, the older shape, result and message */
  BODY_ADDRESS,  /* the same, and all of them are the address's */
} Body;

/* --- Who has written it --- */

/* Foreign words go into logs and headers: nothing but a class's name may look like one. */
static gboolean
is_name (const char *text)
{
  gsize length = text ? strlen (text) : 0;

  if (length == 0 || length > NAME_MAX_CHARS)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '_')
      return FALSE;
  return TRUE;
}

/* What a body says of faults. */
typedef struct {
  const char *name; /* of the first that has one; of the first of those that count for all */
  GString *words;   /* of all, which stay here */
  guint count, of_the_address;
} Faults;

/* The class whose faults are never one e-mail's, beside whatever else stands in the list. */
static gboolean
is_for_all (const char *name)
{
  return g_strcmp0 (name, "BadRequestError") == 0 || g_strcmp0 (name, "TooManyRequestsError") == 0;
}

/* A text, or, in the older shape, an object of lists by field. */
static void
add_fault (Faults *faults, const char *name, json_t *message)
{
  g_autofree char *text = json_is_string (message)   ? g_strdup (json_string_value (message))
                          : json_is_object (message) ? text_of_json (message)
                                                     : g_strdup ("");
  gboolean is_one = !json_is_object (message) || json_object_size (message) == 1;

  g_string_append_printf (faults->words, "%s\n", text);
  faults->count++;
  if (is_one && strstr (text, "email_address"))
    faults->of_the_address++;
  if (is_name (name) && (!faults->name || (is_for_all (name) && !is_for_all (faults->name))))
    faults->name = name;
}

static gboolean
read_faults (json_t *json, Faults *faults)
{
  json_t *list = json_object_get (json, "errors");

  if (json_is_string (json_object_get (json, "result"))) {
    add_fault (faults, NULL, json_object_get (json, "message"));
    return TRUE;
  }
  for (gsize i = 0; i < json_array_size (list); i++) {
    json_t *fault = json_array_get (list, i);

    add_fault (faults, json_string_value (json_object_get (fault, "error")),
               json_object_get (fault, "message"));
  }
  return json_is_array (list);
}

/* Nothing but the address is at fault. */
static gboolean
is_of_the_address (const Faults *faults)
{
  return faults->count > 0 && faults->of_the_address == faults->count;
}

static Body
body_of (json_t *json, Faults *faults)
{
  const char *id = json_string_value (json_object_get (json, "id"));

  if (id && g_uuid_string_is_valid (id))
    return BODY_ACCEPTED;
  if (!read_faults (json, faults))
    return BODY_OTHER;
  return is_of_the_address (faults) ? BODY_ADDRESS : BODY_FAULTS;
}

/* --- What it means --- */

#define ANY_STATUS 0, 999
#define ANY_BODY   (-1)
#define ACCEPTED   (-1)

typedef struct {
  long from, to;
  int body;         /* ANY_BODY */
  const char *name; /* of the faults; NULL: any */
  const char *word; /* contained in what the faults say, case ignored; NULL: any */
  int error;        /* ACCEPTED */
  const char *says;
} AnswerRow;

/* The first row that fits counts. */
static const AnswerRow answer_rows[] = {
  { 201, 201, BODY_ACCEPTED, NULL, NULL, ACCEPTED, NULL },

  /* The key. What something between refuses says nothing of it. */
  { 401, 401, ANY_BODY, NULL, NULL, NOTIFY_ERROR_CONFIGURATION, "the key is not known" },
  { 403, 403, BODY_FAULTS, NULL, "clock", NOTIFY_ERROR_CLOCK, "the token is out of time" },
  { 403, 403, BODY_FAULTS, NULL, NULL, NOTIFY_ERROR_CONFIGURATION, "the key is not taken" },
  { 403, 403, ANY_BODY, NULL, NULL, NOTIFY_ERROR_BETWEEN, "something between refuses" },

  /* A template that is not there, or wants other values; a service that may not send: ours to mend,
   * and every e-mail's trouble. What breaks the schema is this e-mail's where it is the address;
   * whose else it is shows when one to nobody is taken. */
  { 400, 400, BODY_FAULTS, "BadRequestError", NULL, NOTIFY_ERROR_CONFIGURATION,
    "the template or the service's rights are not as configured" },
  { 400, 400, BODY_ADDRESS, NULL, NULL, NOTIFY_ERROR_REFUSED, "the address is refused" },
  { 400, 400, BODY_FAULTS, NULL, NULL, NOTIFY_ERROR_SCHEMA, "refused, not for its address" },
  { 400, 400, ANY_BODY, NULL, NULL, NOTIFY_ERROR_BETWEEN, "something between refuses" },
  { 404, 404, ANY_BODY, NULL, NULL, NOTIFY_ERROR_CONFIGURATION,
    "there is no such service (notify-url)" },
  { 413, 413, ANY_BODY, NULL, NULL, NOTIFY_ERROR_REFUSED, "too large" },

  { 429, 429, BODY_FAULTS, "TooManyRequestsError", NULL, NOTIFY_ERROR_DAY_LIMIT,
    "the day's limit is used up" },
  { 429, 429, ANY_BODY, NULL, NULL, NOTIFY_ERROR_RATE, "too many at once" },

  { 408, 408, ANY_BODY, NULL, NULL, NOTIFY_ERROR_UNAVAILABLE, "took too long" },
  { 500, 504, ANY_BODY, NULL, NULL, NOTIFY_ERROR_UNAVAILABLE, "not available" },
  /* Also success without an id, and statuses that nobody has told us of. */
  { ANY_STATUS, ANY_BODY, NULL, NULL, NOTIFY_ERROR_UNKNOWN, "no usable answer" },
};

static gboolean
fits (const AnswerRow *row, long status, Body body, const Faults *faults, const char *words)
{
  gboolean is_such = row->body == (int)body || (row->body == BODY_FAULTS && body == BODY_ADDRESS);

  return status >= row->from && status <= row->to && (row->body == ANY_BODY || is_such) &&
         (!row->name || g_strcmp0 (row->name, faults->name) == 0) &&
         (!row->word || strstr (words, row->word));
}

char *
notify_judge (long status, GBytes *body, GError **error)
{
  g_autoptr (json_t) json =
      json_loadb (g_bytes_get_data (body, NULL), g_bytes_get_size (body), 0, NULL);
  g_autoptr (GString) said = g_string_new (NULL);
  Faults faults = { .words = said };
  Body kind = body_of (json, &faults);
  g_autofree char *words = g_ascii_strdown (said->str, -1);
  const AnswerRow *row = answer_rows;

  while (!fits (row, CLAMP (status, 0, 999), kind, &faults, words))
    row++; /* the last one fits all */
  if (row->error == ACCEPTED)
    return g_ascii_strdown (json_string_value (json_object_get (json, "id")),
                            -1); /* as callbacks */
  g_set_error (error, NOTIFY_ERROR, row->error, "%s (HTTP %ld%s%s)", row->says, status,
               faults.name ? ", " : "", faults.name ? faults.name : "");
  return NULL;
}
