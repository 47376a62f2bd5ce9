/* multipart/form-data, read strictly and as a stream: what arrives is handed on at once, and never
 * more than one part's head is kept. Pure functions over bytes. Sources: RFC 7578, RFC 2046
 * (5.1.1).
 *
 * Refused, for two readers could take it differently: anything before the first boundary or behind
 * the last, blanks behind a boundary, folded header lines, control characters in a head, bare CR or
 * LF there, two of a header that counts, a transfer encoding other than none. */
#pragma once

#include <glib.h>

#define MULTIPART_BOUNDARY_MAX 70
#define MULTIPART_HEAD_MAX     4096
#define MULTIPART_NAME_MAX     128
#define MULTIPART_FILENAME_MAX 1024

/* The boundary of a Content-Type that is multipart/form-data; NULL when it is not, or has none that
 * is well-formed. Owned. */
char *multipart_boundary (const char *content_type);

/* What a part's head says. */
typedef struct {
  char *name;         /* UTF-8, never empty */
  char *filename;     /* UTF-8; NULL: none. As sent, so it may hold a path: never open it */
  char *content_type; /* NULL: none */
} MultipartPart;

typedef struct MultipartReader MultipartReader;
MultipartReader *multipart_reader_new (const char *boundary);
void multipart_reader_free (MultipartReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MultipartReader, multipart_reader_free)

typedef enum {
  MULTIPART_MORE,      /* all is used, and it is not the end */
  MULTIPART_PART,      /* a part begins: multipart_reader_part() */
  MULTIPART_DATA,      /* bytes of it */
  MULTIPART_PART_END,  /* it is whole */
  MULTIPART_END,       /* the last boundary has come; all is used */
  MULTIPART_MALFORMED, /* multipart_reader_problem(); nothing else comes of this reader */
} MultipartStep;

/**
 * multipart_reader_step:
 * @bytes, @length: moved over what was used
 * @ret_data, @ret_length: set on MULTIPART_DATA: bytes in @bytes, or the reader's own, which are
 *   good until the next step
 *
 * Call until MULTIPART_MORE, MULTIPART_END or MULTIPART_MALFORMED. A body whose bytes are over
 * before MULTIPART_END was cut off.
 */
MultipartStep multipart_reader_step (MultipartReader *reader, const char **bytes, gsize *length,
                                     const char **ret_data, gsize *ret_length);
/* Borrowed, until the next part begins. */
const MultipartPart *multipart_reader_part (const MultipartReader *reader);
/* A sentence that holds nothing of what was sent. */
const char *multipart_reader_problem (const MultipartReader *reader);
