/* Record headers, see headers.h. */
#include "kafka/headers.h"

#include <string.h>

#include "base/settings.h"
#include "base/text.h"

#define TEXT_MAX_BYTES 1024
#define FRAME_BYTES    10 /* lengths of name and value, five bytes each at most */

typedef struct {
  char *name;
  gboolean is_null;
  char *value; /* a NUL byte follows its length bytes */
  gsize length;
} Header;

struct KafkaHeaders {
  GPtrArray *list;
};

static void
header_free (gpointer data)
{
  Header *header = data;

  g_free (header->name);
  g_free (header->value);
  g_free (header);
}

static void
append (KafkaHeaders *headers, const char *name, gconstpointer value, gsize length,
        gboolean is_null)
{
  Header *header = g_new0 (Header, 1);

  header->name = g_strdup (name);
  header->is_null = is_null;
  header->length = is_null ? 0 : length;
  header->value = g_malloc (header->length + 1);
  if (header->length > 0)
    memcpy (header->value, value, header->length);
  header->value[header->length] = '\0';
  g_ptr_array_add (headers->list, header);
}

KafkaHeaders *
kafka_headers_new (void)
{
  KafkaHeaders *headers = g_new0 (KafkaHeaders, 1);

  headers->list = g_ptr_array_new_with_free_func (header_free);
  return headers;
}

KafkaHeaders *
kafka_headers_copy (const KafkaHeaders *headers)
{
  KafkaHeaders *copy = kafka_headers_new ();

  for (guint i = 0; headers && i < headers->list->len; i++) {
    const Header *header = g_ptr_array_index (headers->list, i);
    append (copy, header->name, header->value, header->length, header->is_null);
  }
  return copy;
}

void
kafka_headers_add_foreign (KafkaHeaders *headers, const char *name, gconstpointer value,
                           gsize length)
{
  append (headers, name, value, length, value == NULL);
}

KafkaHeaders *
kafka_headers_of_message (const rd_kafka_message_t *message)
{
  KafkaHeaders *headers = kafka_headers_new ();
  rd_kafka_headers_t *found = NULL;
  const char *name;
  const void *value;
  size_t length;

  if (rd_kafka_message_headers (message, &found) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return headers;
  for (size_t i = 0; !rd_kafka_header_get_all (found, i, &name, &value, &length); i++)
    append (headers, name, value, length, value == NULL);
  return headers;
}

void
kafka_headers_free (KafkaHeaders *headers)
{
  if (!headers)
    return;
  g_ptr_array_unref (headers->list);
  g_free (headers);
}

/* In one pass, for a foreign record may have thousands. */
static void
keep (KafkaHeaders *headers, gboolean (*is_kept) (const Header *, gconstpointer),
      gconstpointer data)
{
  guint kept = 0;

  for (guint i = 0; i < headers->list->len; i++) {
    Header *header = g_ptr_array_index (headers->list, i);

    if (is_kept (header, data))
      headers->list->pdata[kept++] = header;
    else
      header_free (header);
  }
  headers->list->len = kept;
}

static gboolean
is_not_named (const Header *header, gconstpointer name)
{
  return strcmp (header->name, name) != 0;
}

static gboolean
has_not_prefix (const Header *header, gconstpointer prefix)
{
  return !g_str_has_prefix (header->name, prefix);
}

void
kafka_headers_drop (KafkaHeaders *headers, const char *prefix)
{
  keep (headers, has_not_prefix, prefix);
}

void
kafka_headers_set (KafkaHeaders *headers, const char *name, const char *text)
{
  g_autofree char *cut = NULL;

  keep (headers, is_not_named, name);
  if (!text)
    return;
  cut = g_utf8_make_valid (text, -1);
  if (strlen (cut) > TEXT_MAX_BYTES)
    *g_utf8_find_prev_char (cut, cut + TEXT_MAX_BYTES + 1) = '\0';
  append (headers, name, cut, strlen (cut), FALSE);
}

void
kafka_headers_set_int (KafkaHeaders *headers, const char *name, gint64 value)
{
  char text[32];

  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, value);
  kafka_headers_set (headers, name, text);
}

const char *
kafka_headers_get (const KafkaHeaders *headers, const char *name)
{
  for (guint i = headers->list->len; i > 0; i--) {
    const Header *header = g_ptr_array_index (headers->list, i - 1);
    if (strcmp (header->name, name) != 0)
      continue;
    if (header->is_null || !g_utf8_validate_len (header->value, header->length, NULL))
      return NULL;
    return header->value;
  }
  return NULL;
}

gint64
kafka_headers_get_int (const KafkaHeaders *headers, const char *name, gint64 min, gint64 max,
                       gint64 fallback)
{
  const char *text = kafka_headers_get (headers, name);
  gint64 value;

  return text && parse_int64 (text, min, max, &value) ? value : fallback;
}

static gsize
bytes_of_ours (const KafkaHeaders *headers, const char *prefix)
{
  gsize bytes = 0;

  for (guint i = 0; i < headers->list->len; i++) {
    const Header *header = g_ptr_array_index (headers->list, i);
    if (g_str_has_prefix (header->name, prefix))
      bytes += strlen (header->name) + header->length;
  }
  return bytes;
}

void
kafka_headers_fit (KafkaHeaders *headers, const char *prefix, gsize budget,
                   const char *const *names)
{
  gsize bytes = bytes_of_ours (headers, prefix);

  for (; bytes > budget && *names; names++) {
    g_autofree char *text = g_strdup (kafka_headers_get (headers, *names));
    gsize length = text ? strlen (text) : 0;

    if (length == 0)
      continue;
    length -= MIN (length, bytes - budget);
    if (length > 0) /* at a character */
      *g_utf8_find_prev_char (text, text + length + 1) = '\0';
    kafka_headers_set (headers, *names, length > 0 ? text : NULL);
    bytes = bytes_of_ours (headers, prefix);
  }
}

static gsize
size_of (const Header *header)
{
  return FRAME_BYTES + strlen (header->name) + header->length;
}

gsize
kafka_headers_size (const KafkaHeaders *headers)
{
  gsize size = 0;

  for (guint i = 0; i < headers->list->len; i++)
    size += size_of (g_ptr_array_index (headers->list, i));
  return size;
}

static gint
largest_first (gconstpointer a, gconstpointer b)
{
  gsize size_of_a = size_of (*(Header *const *)a), size_of_b = size_of (*(Header *const *)b);

  return size_of_a < size_of_b ? 1 : size_of_a > size_of_b ? -1 : 0;
}

static gboolean
is_not_in (const Header *header, gconstpointer set)
{
  return !g_hash_table_contains ((GHashTable *)set, header);
}

guint
kafka_headers_drop_foreign (KafkaHeaders *headers, const char *prefix, gsize budget)
{
  g_autoptr (GPtrArray) foreign = g_ptr_array_new ();
  g_autoptr (GHashTable) dropped = g_hash_table_new (NULL, NULL);
  gsize size = kafka_headers_size (headers);

  if (size <= budget)
    return 0;
  for (guint i = 0; i < headers->list->len; i++) {
    Header *header = g_ptr_array_index (headers->list, i);

    if (!g_str_has_prefix (header->name, prefix))
      g_ptr_array_add (foreign, header);
  }
  g_ptr_array_sort (foreign, largest_first); /* stable: of equal ones the first goes first */
  for (guint i = 0; i < foreign->len && size > budget; i++) {
    Header *header = g_ptr_array_index (foreign, i);

    size -= size_of (header);
    g_hash_table_add (dropped, header);
  }
  keep (headers, is_not_in, dropped);
  return g_hash_table_size (dropped);
}

static void
put_length (GByteArray *out, guint32 length)
{
  length = GUINT32_TO_BE (length);
  g_byte_array_append (out, (const guint8 *)&length, sizeof length);
}

GBytes *
kafka_headers_pack (const KafkaHeaders *headers)
{
  GByteArray *out = g_byte_array_new ();

  for (guint i = 0; i < headers->list->len; i++) {
    const Header *header = g_ptr_array_index (headers->list, i);
    put_length (out, strlen (header->name));
    g_byte_array_append (out, (const guint8 *)header->name, strlen (header->name));
    put_length (out, header->is_null ? G_MAXUINT32 : header->length);
    g_byte_array_append (out, (const guint8 *)header->value, header->length);
  }
  return g_byte_array_free_to_bytes (out);
}

static gboolean
take_length (const guint8 **at, gsize *left, guint32 *ret_length)
{
  guint32 length;

  if (*left < sizeof length)
    return FALSE;
  memcpy (&length, *at, sizeof length);
  *ret_length = GUINT32_FROM_BE (length);
  *at += sizeof length;
  *left -= sizeof length;
  return *ret_length == G_MAXUINT32 || *ret_length <= *left;
}

KafkaHeaders *
kafka_headers_unpack (GBytes *packed)
{
  g_autoptr (KafkaHeaders) headers = kafka_headers_new ();
  gsize left;
  const guint8 *at = g_bytes_get_data (packed, &left);

  while (left > 0) {
    g_autofree char *name = NULL;
    guint32 length;

    if (!take_length (&at, &left, &length) || length == G_MAXUINT32 || memchr (at, 0, length))
      return NULL;
    name = g_strndup ((const char *)at, length);
    at += length;
    left -= length;
    if (!take_length (&at, &left, &length))
      return NULL;
    append (headers, name, at, length == G_MAXUINT32 ? 0 : length, length == G_MAXUINT32);
    if (length != G_MAXUINT32) {
      at += length;
      left -= length;
    }
  }
  return g_steal_pointer (&headers);
}

rd_kafka_headers_t *
kafka_headers_to_rd (const KafkaHeaders *headers)
{
  rd_kafka_headers_t *rd = rd_kafka_headers_new (headers->list->len);

  for (guint i = 0; i < headers->list->len; i++) {
    const Header *header = g_ptr_array_index (headers->list, i);
    rd_kafka_header_add (rd, header->name, -1, header->is_null ? NULL : header->value,
                         header->length);
  }
  return rd;
}
