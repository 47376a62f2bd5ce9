/* Record headers, see headers.h. */
#include "kafka/headers.h"

#include <string.h>

#include "base/settings.h"
#include "base/text.h"

#define TEXT_MAX_BYTES 1024
#define FRAME_BYTES    10 /* lengths of name and value, five bytes each at most */
#define USUAL_COUNT    8

/* One allocation each: a record has half a dozen, and there are many records. */
typedef struct {
  gsize name_length, length;
  gboolean is_null;
  char bytes[]; /* name and value, a NUL byte after each */
} Header;

struct KafkaHeaders {
  GPtrArray *list;
};

static const char *
value_of (const Header *header)
{
  return header->bytes + header->name_length + 1;
}

static void
append (KafkaHeaders *headers, const char *name, gsize name_length, gconstpointer value,
        gsize length, gboolean is_null)
{
  Header *header;
  char *at;

  if (is_null)
    length = 0;
  header = g_malloc (sizeof *header + name_length + length + 2);
  header->name_length = name_length;
  header->length = length;
  header->is_null = is_null;
  at = mempcpy (header->bytes, name, name_length);
  *at++ = '\0';
  if (length > 0)
    memcpy (at, value, length);
  at[length] = '\0';
  g_ptr_array_add (headers->list, header);
}

KafkaHeaders *
kafka_headers_new (void)
{
  KafkaHeaders *headers = g_new (KafkaHeaders, 1);

  headers->list = g_ptr_array_new_full (USUAL_COUNT, g_free);
  return headers;
}

KafkaHeaders *
kafka_headers_copy (const KafkaHeaders *headers)
{
  KafkaHeaders *copy = kafka_headers_new ();

  for (guint i = 0; headers && i < headers->list->len; i++) {
    const Header *header = g_ptr_array_index (headers->list, i);
    append (copy, header->bytes, header->name_length, value_of (header), header->length,
            header->is_null);
  }
  return copy;
}

void
kafka_headers_add_foreign (KafkaHeaders *headers, const char *name, gconstpointer value,
                           gsize length)
{
  append (headers, name, strlen (name), value, length, value == NULL);
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
    append (headers, name, strlen (name), value, length, value == NULL);
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
      g_free (header);
  }
  headers->list->len = kept;
}

static gboolean
is_not_named (const Header *header, gconstpointer name)
{
  return strcmp (header->bytes, name) != 0;
}

static gboolean
has_not_prefix (const Header *header, gconstpointer prefix)
{
  return !g_str_has_prefix (header->bytes, prefix);
}

void
kafka_headers_drop (KafkaHeaders *headers, const char *prefix)
{
  keep (headers, has_not_prefix, prefix);
}

void
kafka_headers_set (KafkaHeaders *headers, const char *name, const char *text)
{
  g_autofree char *made_valid = NULL;
  gsize length;

  keep (headers, is_not_named, name);
  if (!text)
    return;
  if (!g_utf8_validate (text, -1, NULL))
    text = made_valid = g_utf8_make_valid (text, -1);
  length = strlen (text);
  if (length > TEXT_MAX_BYTES)
    length = g_utf8_find_prev_char (text, text + TEXT_MAX_BYTES + 1) - text;
  append (headers, name, strlen (name), text, length, FALSE);
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
    if (strcmp (header->bytes, name) != 0)
      continue;
    if (header->is_null || !g_utf8_validate_len (value_of (header), header->length, NULL))
      return NULL;
    return value_of (header);
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
    if (g_str_has_prefix (header->bytes, prefix))
      bytes += header->name_length + header->length;
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
  return FRAME_BYTES + header->name_length + header->length;
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

    if (!g_str_has_prefix (header->bytes, prefix))
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
  GByteArray *out = g_byte_array_sized_new (kafka_headers_size (headers));

  for (guint i = 0; i < headers->list->len; i++) {
    const Header *header = g_ptr_array_index (headers->list, i);
    put_length (out, header->name_length);
    g_byte_array_append (out, (const guint8 *)header->bytes, header->name_length);
    put_length (out, header->is_null ? G_MAXUINT32 : header->length);
    g_byte_array_append (out, (const guint8 *)value_of (header), header->length);
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
    const char *name;
    guint32 name_length, length;

    if (!take_length (&at, &left, &name_length) || name_length == G_MAXUINT32 ||
        memchr (at, 0, name_length))
      return NULL;
    name = (const char *)at;
    at += name_length;
    left -= name_length;
    if (!take_length (&at, &left, &length))
      return NULL;
    append (headers, name, name_length, at, length, length == G_MAXUINT32);
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
    rd_kafka_header_add (rd, header->bytes, header->name_length,
                         header->is_null ? NULL : value_of (header), header->length);
  }
  return rd;
}
