/* The ledger as a ring: the entry with seq n lies at n modulo the number of places, so the end of
 * an exchange finds its entry at once. Bodies are references to the server's own bytes, never
 * copies; JSON is made when somebody asks. Source: README.md. */
#include "control/ledger.h"

#include <string.h>

#include "base/clock.h"

typedef struct {
  guint64 seq;
  gint64 at_ms, ended_at_ms;
  char *operation, *method, *path;
  char *headers; /* a JSON object */
  GBytes *request, *response;
  gboolean is_multipart;
  gboolean has_ended;
  int status;
  char *rule;
  gboolean acted;
} Entry;

struct Ledger {
  GMutex lock;
  Entry *places;
  guint max_entries;
  gsize max_bytes, bytes;
  guint64 first, next; /* seqs of the oldest entry and of the one to come */
  guint64 dropped;
};

static void
entry_clear (Entry *entry)
{
  g_free (entry->operation);
  g_free (entry->method);
  g_free (entry->path);
  g_free (entry->headers);
  g_free (entry->rule);
  g_clear_pointer (&entry->request, g_bytes_unref);
  g_clear_pointer (&entry->response, g_bytes_unref);
  memset (entry, 0, sizeof *entry);
}

static gsize
entry_bytes (const Entry *entry)
{
  return sizeof *entry + strlen (entry->headers) + strlen (entry->path) +
         g_bytes_get_size (entry->request) +
         (entry->response ? g_bytes_get_size (entry->response) : 0);
}

Ledger *
ledger_new (guint max_entries, gsize max_bytes)
{
  Ledger *ledger = g_new0 (Ledger, 1);

  g_mutex_init (&ledger->lock);
  ledger->places = g_new0 (Entry, MAX (max_entries, 1));
  ledger->max_entries = MAX (max_entries, 1);
  ledger->max_bytes = max_bytes;
  ledger->first = ledger->next = 1;
  return ledger;
}

static Entry *
place_of (Ledger *ledger, guint64 seq)
{
  return &ledger->places[seq % ledger->max_entries];
}

static void
drop_oldest (Ledger *ledger)
{
  Entry *entry = place_of (ledger, ledger->first);

  ledger->bytes -= entry_bytes (entry);
  entry_clear (entry);
  ledger->first++;
}

void
ledger_free (Ledger *ledger)
{
  if (!ledger)
    return;
  while (ledger->first < ledger->next)
    drop_oldest (ledger);
  g_free (ledger->places);
  g_mutex_clear (&ledger->lock);
  g_free (ledger);
}

/* Appends @length bytes of UTF-8 as a JSON string, quotes included. */
static void
append_json_text (GString *json, const char *text, gsize length)
{
  const char *plain = text, *end = text + length;

  g_string_append_c (json, '"');
  for (const char *at = text; at < end; at++) {
    guchar byte = (guchar)*at;

    if (byte >= 0x20 && byte != '"' && byte != '\\')
      continue;
    g_string_append_len (json, plain, at - plain);
    plain = at + 1;
    if (byte == '"' || byte == '\\')
      g_string_append_printf (json, "\\%c", byte);
    else if (byte == '\n')
      g_string_append (json, "\\n");
    else
      g_string_append_printf (json, "\\u%04x", byte);
  }
  g_string_append_len (json, plain, end - plain);
  g_string_append_c (json, '"');
}

static void
append_json_member (GString *json, const char *name, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  g_string_append_printf (json, "\"%s\":", name);
  append_json_text (json, valid, strlen (valid));
}

/* Text where it is text; base64, told by NAME_encoding, for multipart and for what is no UTF-8. */
static void
append_json_body (GString *json, const char *name, GBytes *body, gboolean is_multipart)
{
  gsize length = 0;
  const char *bytes = body ? g_bytes_get_data (body, &length) : NULL;
  g_autofree char *base64 = NULL;

  if (!body || length == 0) {
    g_string_append_printf (json, "\"%s\":\"\"", name);
    return;
  }
  g_string_append_printf (json, "\"%s\":", name);
  if (!is_multipart && g_utf8_validate_len (bytes, length, NULL)) {
    append_json_text (json, bytes, length);
    return;
  }
  base64 = g_base64_encode ((const guchar *)bytes, length);
  g_string_append_printf (json, "\"%s\",\"%s_encoding\":\"base64\"", base64, name);
}

static char *
headers_json (GHashTable *headers)
{
  GString *json = g_string_new ("{");
  GHashTableIter iter;
  gpointer name = NULL, value = NULL;

  g_hash_table_iter_init (&iter, headers);
  while (g_hash_table_iter_next (&iter, &name, &value)) {
    g_autofree char *valid_name = g_utf8_make_valid (name, -1);
    g_autofree char *valid_value = g_utf8_make_valid (value, -1);

    if (json->len > 1)
      g_string_append_c (json, ',');
    append_json_text (json, valid_name, strlen (valid_name));
    g_string_append_c (json, ':');
    append_json_text (json, valid_value, strlen (valid_value));
  }
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}

guint64
ledger_begin (Ledger *ledger, const HttpServerRequest *request, const char *operation)
{
  const char *type = g_hash_table_lookup (request->headers, "content-type");
  Entry entry = {
    .at_ms = clock_now_ms (),
    .operation = g_strdup (operation),
    .method = g_strdup (request->method),
    .path = request->query[0] ? g_strconcat (request->path, "?", request->query, NULL)
                              : g_strdup (request->path),
    .headers = headers_json (request->headers),
    .request = g_bytes_ref (request->body),
    .is_multipart = type && g_ascii_strncasecmp (type, "multipart/", 10) == 0,
  };

  g_mutex_lock (&ledger->lock);
  while (ledger->first < ledger->next &&
         (ledger->next - ledger->first >= ledger->max_entries ||
          ledger->bytes + entry_bytes (&entry) > ledger->max_bytes)) {
    drop_oldest (ledger);
    ledger->dropped++;
  }
  entry.seq = ledger->next++;
  ledger->bytes += entry_bytes (&entry);
  *place_of (ledger, entry.seq) = entry;
  g_mutex_unlock (&ledger->lock);
  return entry.seq;
}

void
ledger_end (Ledger *ledger, guint64 seq, int status, GBytes *response, const char *rule,
            gboolean acted)
{
  Entry *entry = NULL;

  g_mutex_lock (&ledger->lock);
  entry = place_of (ledger, seq);
  if (seq >= ledger->first && entry->seq == seq) {
    ledger->bytes -= entry_bytes (entry);
    entry->ended_at_ms = clock_now_ms ();
    entry->has_ended = TRUE;
    entry->status = status;
    entry->response = response ? g_bytes_ref (response) : NULL;
    entry->rule = g_strdup (rule);
    entry->acted = acted;
    ledger->bytes += entry_bytes (entry);
    while (ledger->bytes > ledger->max_bytes && ledger->first < seq) {
      drop_oldest (ledger);
      ledger->dropped++;
    }
  }
  g_mutex_unlock (&ledger->lock);
}

static void
append_entry (GString *json, const Entry *entry)
{
  g_autofree char *at = clock_format_iso (entry->at_ms);
  g_autofree char *ended_at = entry->has_ended ? clock_format_iso (entry->ended_at_ms) : NULL;

  g_string_append_printf (json, "{\"seq\":%" G_GUINT64_FORMAT ",\"at\":\"%s\",", entry->seq, at);
  append_json_member (json, "operation", entry->operation);
  g_string_append_c (json, ',');
  append_json_member (json, "method", entry->method);
  g_string_append_c (json, ',');
  append_json_member (json, "path", entry->path);
  g_string_append_printf (json, ",\"headers\":%s,", entry->headers);
  append_json_body (json, "request", entry->request, entry->is_multipart);
  if (entry->has_ended)
    g_string_append_printf (json, ",\"status\":%d,\"ended_at\":\"%s\",", entry->status, ended_at);
  else
    g_string_append (json, ",\"status\":null,\"ended_at\":null,");
  append_json_body (json, "response", entry->response, FALSE);
  g_string_append_c (json, ',');
  if (entry->rule)
    append_json_member (json, "rule", entry->rule);
  else
    g_string_append (json, "\"rule\":null");
  g_string_append_printf (json, ",\"acted\":%s}", entry->acted ? "true" : "false");
}

/* A copy that stays whole while the ledger goes on. */
static Entry
entry_copy (const Entry *entry)
{
  Entry copy = *entry;

  copy.operation = g_strdup (entry->operation);
  copy.method = g_strdup (entry->method);
  copy.path = g_strdup (entry->path);
  copy.headers = g_strdup (entry->headers);
  copy.rule = g_strdup (entry->rule);
  g_bytes_ref (copy.request);
  if (copy.response)
    g_bytes_ref (copy.response);
  return copy;
}

char *
ledger_json (Ledger *ledger, guint64 since, guint limit)
{
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  GString *json = g_string_new ("[");

  g_array_set_clear_func (entries, (GDestroyNotify)entry_clear);
  g_mutex_lock (&ledger->lock);
  for (guint64 seq = MAX (ledger->first, since == G_MAXUINT64 ? since : since + 1);
       seq < ledger->next && (limit == 0 || entries->len < limit); seq++) {
    Entry copy = entry_copy (place_of (ledger, seq));

    g_array_append_val (entries, copy);
  }
  g_mutex_unlock (&ledger->lock);

  for (guint i = 0; i < entries->len; i++) {
    if (i > 0)
      g_string_append (json, ",\n");
    append_entry (json, &g_array_index (entries, Entry, i));
  }
  g_string_append_c (json, ']');
  return g_string_free (json, FALSE);
}

void
ledger_clear (Ledger *ledger)
{
  g_mutex_lock (&ledger->lock);
  while (ledger->first < ledger->next)
    drop_oldest (ledger);
  ledger->dropped = 0;
  g_mutex_unlock (&ledger->lock);
}

void
ledger_count (Ledger *ledger, guint *ret_entries, gsize *ret_bytes, guint64 *ret_dropped)
{
  g_mutex_lock (&ledger->lock);
  *ret_entries = (guint)(ledger->next - ledger->first);
  *ret_bytes = ledger->bytes;
  *ret_dropped = ledger->dropped;
  g_mutex_unlock (&ledger->lock);
}
