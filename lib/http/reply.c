/* Replies, and the values of a query; see server.h. */
#include <string.h>

#include "http/server.h"

HttpReply *
http_reply_take (int status, const char *content_type, char *body)
{
  HttpReply *reply = g_new0 (HttpReply, 1);

  reply->status = status;
  reply->content_type = content_type;
  if (body)
    reply->body = g_bytes_new_take (body, strlen (body));
  return reply;
}

HttpReply *
http_reply_new (int status, const char *content_type, const char *body)
{
  return http_reply_take (status, content_type, g_strdup (body));
}

void
http_reply_header (HttpReply *reply, const char *name, const char *value)
{
  if (!reply->headers)
    reply->headers = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (reply->headers, g_strdup_printf ("%s: %s", name, value));
}

void
http_reply_free (HttpReply *reply)
{
  if (!reply)
    return;
  g_clear_pointer (&reply->body, g_bytes_unref);
  g_clear_pointer (&reply->headers, g_ptr_array_unref);
  g_free (reply);
}

char *
http_query_value (const char *query, const char *name)
{
  g_auto (GStrv) pairs = g_strsplit (query ? query : "", "&", 256);

  for (guint i = 0; pairs[i]; i++) {
    g_auto (GStrv) pair = g_strsplit (pairs[i], "=", 2);
    g_autofree char *key = NULL;

    if (!pair[0])
      continue;
    for (guint j = 0; pair[j]; j++)
      g_strdelimit (pair[j], "+", ' ');
    key = g_uri_unescape_string (pair[0], NULL);
    if (g_strcmp0 (key, name) == 0)
      return pair[1] ? g_uri_unescape_string (pair[1], NULL) : g_strdup ("");
  }
  return NULL;
}

char *
http_query_text (const char *query, const char *name)
{
  char *value = http_query_value (query, name);

  if (value && !g_utf8_validate (value, -1, NULL))
    g_clear_pointer (&value, g_free);
  return value;
}
