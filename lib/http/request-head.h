/* The head of an HTTP/1.1 request, read strictly: what two readers could take differently is
 * refused, for behind a proxy that reads it the other way somebody else's request would hide in it.
 * Pure functions over bytes; nothing here knows a socket. Sources: RFC 9110, RFC 9112. */
#pragma once

#include <glib.h>

#define REQUEST_HEAD_MAX_BYTES  16384
#define REQUEST_HEAD_MAX_FIELDS 100
#define REQUEST_TARGET_MAX      8192
#define REQUEST_METHOD_MAX      32

/* The codes are the HTTP statuses to answer with: 400, 414, 417, 431, 501 or 505. The texts never
 * hold what was sent. After each of them the connection must be closed: where the next request
 * begins is not known. */
#define REQUEST_HEAD_ERROR (request_head_error_quark ())
GQuark request_head_error_quark (void);

typedef struct {
  char *method;
  char *path;          /* decoded, without the query; begins with / */
  char *query;         /* raw, or "" */
  GHashTable *headers; /* lower-case name -> value; of several their values with ", " between */
  gboolean is_chunked;
  guint64 length; /* of Content-Length; 0 when there is none, or chunked */
  gboolean is_persistent;
  gboolean expects_continue;
} RequestHead;

typedef enum { HEAD_PARTIAL, HEAD_COMPLETE, HEAD_MALFORMED } HeadScan;

/* How far the search for the head's end has come, so that no byte is looked at twice. */
typedef struct {
  gsize at, line;
} HeadScanner;

/**
 * request_head_scan:
 * @scanner: zeroed for the first call on a head
 * @bytes, @length: the head from its first byte, as far as it has come
 * @ret_length: set on HEAD_COMPLETE: bytes of the head, the empty line included
 *
 * Looks for the end of the head. One empty line before it is part of it. Malformed as soon as a
 * byte is there that no head holds (NUL, a bare CR or LF), so that nobody waits for the rest.
 */
HeadScan request_head_scan (HeadScanner *scanner, const char *bytes, gsize length,
                            gsize *ret_length);

/* @length: as request_head_scan() gave it. Errors: %REQUEST_HEAD_ERROR. */
RequestHead *request_head_parse (const char *bytes, gsize length, GError **error);
void request_head_free (RequestHead *head);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RequestHead, request_head_free)

/* A chunked body, fed as it comes. Extensions and trailers are read within bounds and dropped. */
typedef struct {
  int phase;
  guint64 left; /* of the chunk under way */
  guint digits, line_bytes, trailer_bytes;
} ChunkReader;

typedef enum { CHUNK_MORE, CHUNK_DATA, CHUNK_END, CHUNK_MALFORMED } ChunkStep;

/**
 * chunk_reader_step:
 * @bytes, @length: moved over what was used
 * @ret_data, @ret_data_length: set on CHUNK_DATA: body bytes, in @bytes
 *
 * Begin with a zeroed reader; call until CHUNK_MORE (all used), CHUNK_END or CHUNK_MALFORMED.
 */
ChunkStep chunk_reader_step (ChunkReader *reader, const char **bytes, gsize *length,
                             const char **ret_data, gsize *ret_data_length);
