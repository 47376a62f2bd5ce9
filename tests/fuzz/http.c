/* Request heads and chunked bodies: the same whether they come at once or in pieces, and never more
 * than is there. The first byte says how large the pieces are. */
#include "http/request-head.h"

#include <string.h>

#include "fuzz.h"

void
fuzz_seeds (void)
{
  guint8 piece = 3;

  fuzz_seed_literals ("tests/unit/http/framing-test.c", &piece, 1);
  fuzz_seed_literals ("tests/unit/http/server-test.c", &piece, 1);
  fuzz_seed_text ("\0035;ext=1\r\nhello\r\n0\r\nTrailer: x\r\n\r\n");
}

static HeadScan
scan (const char *bytes, gsize length, gsize piece, gsize *ret_length)
{
  HeadScanner scanner = { 0 };
  HeadScan found = HEAD_PARTIAL;

  for (gsize have = 0; found == HEAD_PARTIAL && have < length;) {
    have = MIN (have + piece, length);
    found = request_head_scan (&scanner, bytes, have, ret_length);
  }
  return found;
}

static void
check_head (const char *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RequestHead) head = request_head_parse (bytes, length, &error);

  g_assert_true ((head == NULL) == (error != NULL));
  if (!head) {
    static const int known[] = { 400, 414, 417, 431, 501, 505 };
    gboolean is_known = FALSE;

    for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
      is_known |= error->code == known[i];
    g_assert_true (error->domain == REQUEST_HEAD_ERROR && is_known);
    fuzz_check_line (error->message);
    return;
  }
  g_assert_true (head->path[0] == '/');
  g_assert_cmpuint (strlen (head->method), <=, REQUEST_METHOD_MAX);
  g_assert_true (*head->method && head->query);
  g_assert_cmpuint (g_hash_table_size (head->headers), <=, REQUEST_HEAD_MAX_FIELDS);
  g_assert_true (!head->is_chunked || head->length == 0);
}

/* The body of @bytes read in pieces; how it ends into @ret_end. */
static GString *
chunks (const char *bytes, gsize length, gsize piece, ChunkStep *ret_end)
{
  ChunkReader reader = { 0 };
  GString *body = g_string_new (NULL);

  *ret_end = CHUNK_MORE;
  while (length > 0 && *ret_end == CHUNK_MORE) {
    const char *at = bytes;
    gsize left = MIN (piece, length), given = left;

    do {
      const char *data = NULL;
      gsize data_length = 0, before = left;

      *ret_end = chunk_reader_step (&reader, &at, &left, &data, &data_length);
      g_assert_cmpuint (left, <=, before);
      if (*ret_end == CHUNK_DATA) {
        g_assert_true (data >= bytes && data + data_length <= bytes + given);
        g_assert_cmpuint (data_length, >, 0);
        g_string_append_len (body, data, (gssize)data_length);
      }
    } while (*ret_end == CHUNK_DATA);
    g_assert_true (*ret_end != CHUNK_MORE || left == 0);
    bytes += given;
    length -= given;
  }
  return body;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  gsize piece = size > 0 ? 1 + data[0] % 32 : 1;
  const char *bytes = (const char *)data + (size > 0);
  gsize length = size > 0 ? size - 1 : 0;
  gsize whole = 0, in_pieces = 0;
  HeadScan found = scan (bytes, length, MAX (length, 1), &whole);
  ChunkStep end, end_in_pieces;
  g_autoptr (GString) body = NULL;
  g_autoptr (GString) body_in_pieces = NULL;

  g_assert_cmpint (found, ==, scan (bytes, length, piece, &in_pieces));
  g_assert_cmpuint (whole, ==, in_pieces);
  if (found == HEAD_COMPLETE) {
    g_assert_cmpuint (whole, <=, length);
    check_head (bytes, whole);
  }

  body = chunks (bytes, length, MAX (length, 1), &end);
  body_in_pieces = chunks (bytes, length, piece, &end_in_pieces);
  g_assert_cmpint (end, ==, end_in_pieces);
  g_assert_true (g_string_equal (body, body_in_pieces));
  return 0;
}
