/* Callbacks. See callback.h. */
#include "notify/callback.h"

#include <jansson.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/text.h"

#define REFERENCE_MAX 255
#define STATUS_MAX    64

static json_t *
load (GBytes *body)
{
  gsize length = 0;
  const char *text = g_bytes_get_data (body, &length);

  return json_loadb (text ? text : "", length, JSON_REJECT_DUPLICATES, NULL);
}

/* --- What it means --- */

static const struct {
  const char *status;
  NotifyNews news;
} statuses[] = {
  { "created", NOTIFY_NEWS_ON_ITS_WAY },
  { "sending", NOTIFY_NEWS_ON_ITS_WAY },
  { "sent", NOTIFY_NEWS_ON_ITS_WAY },
  { "pending", NOTIFY_NEWS_ON_ITS_WAY },
  { "pending-virus-check", NOTIFY_NEWS_ON_ITS_WAY },
  { "temporary-failure", NOTIFY_NEWS_DEFERRED },
  { "delivered", NOTIFY_NEWS_DELIVERED },
  { "permanent-failure", NOTIFY_NEWS_BOUNCED },
  /* Ended on their side, before it went out. */
  { "failed", NOTIFY_NEWS_BOUNCED },
  { "cancelled", NOTIFY_NEWS_BOUNCED },
  { "validation-failed", NOTIFY_NEWS_BOUNCED },
  { "pii-check-failed", NOTIFY_NEWS_BOUNCED },
  { "virus-scan-failed", NOTIFY_NEWS_BOUNCED },
  { "technical-failure", NOTIFY_NEWS_BOUNCED },
  { "preferences-declined", NOTIFY_NEWS_BOUNCED },
};

NotifyNews
notify_news_of (const char *status)
{
  for (gsize i = 0; i < G_N_ELEMENTS (statuses); i++)
    if (g_str_equal (status, statuses[i].status))
      return statuses[i].news;
  return NOTIFY_NEWS_NONE;
}

NotifyCallback *
notify_callback_parse (GBytes *body)
{
  g_autoptr (json_t) json = load (body);
  const char *id = json_string_value (json_object_get (json, "id"));
  const char *status = json_string_value (json_object_get (json, "status"));
  const char *reference = json_string_value (json_object_get (json, "reference"));
  NotifyCallback *callback;

  if (!text_is_uuid (id) || !status || !*status || strlen (status) > STATUS_MAX)
    return NULL;
  callback = g_new0 (NotifyCallback, 1);
  callback->id = g_ascii_strdown (id, -1);
  callback->status = g_strdup (status);
  if (reference && strlen (reference) <= REFERENCE_MAX)
    callback->reference = g_strdup (reference);
  return callback;
}

void
notify_callback_free (NotifyCallback *callback)
{
  if (!callback)
    return;
  g_free (callback->id);
  g_free (callback->reference);
  g_free (callback->status);
  g_free (callback);
}

/* --- Who has told it --- */

/* As Python's quote_plus() does it. */
static void
append_quoted (GString *form, const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++) {
    guchar c = (guchar)text[i];

    if (g_ascii_isalnum (c) || memchr ("_.-~", c, 4))
      g_string_append_c (form, (char)c);
    else if (c == ' ')
      g_string_append_c (form, '+');
    else
      g_string_append_printf (form, "%%%02X", c);
  }
}

/* As Python's str() writes it. FALSE: it would not be known how. */
static gboolean
append_value (GString *form, const json_t *value)
{
  switch (json_typeof (value)) {
  case JSON_STRING:
    append_quoted (form, json_string_value (value), json_string_length (value));
    return TRUE;
  case JSON_INTEGER:
    g_string_append_printf (form, "%" JSON_INTEGER_FORMAT, json_integer_value (value));
    return TRUE;
  case JSON_TRUE:
    g_string_append (form, "True");
    return TRUE;
  case JSON_FALSE:
    g_string_append (form, "False");
    return TRUE;
  case JSON_NULL:
    g_string_append (form, "None");
    return TRUE;
  case JSON_REAL:
  case JSON_OBJECT:
  case JSON_ARRAY:
    return FALSE;
  }
  g_assert_not_reached ();
}

/* Its fields in the order in which they were sent, form-url-encoded; NULL: no such object. */
static char *
form_of (GBytes *body)
{
  g_autoptr (json_t) json = load (body);
  g_autoptr (GString) form = g_string_new (NULL);
  const char *name;
  json_t *value;

  if (!json_is_object (json))
    return NULL;
  json_object_foreach (json, name, value)
  {
    if (form->len > 0)
      g_string_append_c (form, '&');
    append_quoted (form, name, strlen (name));
    g_string_append_c (form, '=');
    if (!append_value (form, value))
      return NULL;
  }
  return g_string_free (g_steal_pointer (&form), FALSE);
}

char *
notify_callback_signature (GBytes *body, const char *secret)
{
  g_autofree char *form = form_of (body);

  return form ? g_compute_hmac_for_string (G_CHECKSUM_SHA256, (const guchar *)secret,
                                           strlen (secret), form, -1)
              : NULL;
}

gboolean
notify_callback_is_signed (GBytes *body, const char *signature, const char *const *secrets)
{
  gboolean is_signed = FALSE;

  for (gsize i = 0; signature && secrets[i]; i++) {
    g_autofree char *expected = notify_callback_signature (body, secrets[i]);

    if (expected && text_equal_constant_time (expected, signature))
      is_signed = TRUE;
  }
  return is_signed;
}
