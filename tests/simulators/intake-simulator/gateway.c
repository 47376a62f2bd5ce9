/* Kong, as far as its clients notice it. */
#include "intake-simulator/gateway.h"

#include <string.h>

static HttpReply *
refuse (int status, const char *message)
{
  return http_reply_take (status, "application/json; charset=utf-8",
                          g_strdup_printf ("{\"message\":\"%s\"}", message));
}

static void
add_number (HttpReply *reply, const char *name, guint number)
{
  g_autofree char *text = g_strdup_printf ("%u", number);

  http_reply_header (reply, name, text);
}

void
gateway_add_headers (const Quota *quota, HttpReply *reply)
{
  if (quota->limit == 0)
    return;
  add_number (reply, "X-RateLimit-Limit-Minute", quota->limit);
  add_number (reply, "X-RateLimit-Remaining-Minute", quota->left);
  add_number (reply, "RateLimit-Limit", quota->limit);
  add_number (reply, "RateLimit-Remaining", quota->left);
  add_number (reply, "RateLimit-Reset", quota->reset_s);
}

/* FALSE: used up. Windows are the clock's minutes. */
static gboolean
take_from_quota (Gateway *gateway, Quota *ret_quota)
{
  gint64 now_ms = uploads_now_ms (gateway->uploads);
  gboolean has_room;

  *ret_quota = (Quota){ .limit = gateway->per_minute };
  if (gateway->per_minute == 0)
    return TRUE;
  g_mutex_lock (&gateway->lock);
  if (gateway->minute != now_ms / 60000) {
    gateway->minute = now_ms / 60000;
    gateway->used = 0;
  }
  has_room = gateway->used < gateway->per_minute;
  if (has_room)
    gateway->used++;
  ret_quota->left = gateway->per_minute - gateway->used;
  ret_quota->reset_s = (guint)(60 - now_ms / 1000 % 60);
  g_mutex_unlock (&gateway->lock);
  return has_room;
}

HttpReply *
gateway_refusal (Gateway *gateway, const HttpServerRequest *request, Quota *ret_quota)
{
  const char *key = g_hash_table_lookup (request->headers, "apikey");
  HttpReply *reply = NULL;

  *ret_quota = (Quota){ 0 };
  if (!key || !*key) {
    reply = refuse (401, "No API key found in request");
    http_reply_header (reply, "WWW-Authenticate", "Key realm=\"kong\"");
    return reply;
  }
  if (*gateway->expected_key && strcmp (key, gateway->expected_key) != 0)
    return refuse (403, "You cannot consume this service");
  if (take_from_quota (gateway, ret_quota))
    return NULL;
  reply = refuse (429, "API rate limit exceeded");
  add_number (reply, "Retry-After", ret_quota->reset_s);
  gateway_add_headers (ret_quota, reply);
  return reply;
}
