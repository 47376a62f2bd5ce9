/* What was PUT, taken apart as the server does it: a parser by lines, not a MIME library. The
 * boundary in the HTTP header is never looked at. Pure functions over bytes.
 *
 * Source: README.md, "The payload". */
#pragma once

#include <glib.h>

#define PAYLOAD_PDF  "application/pdf"
#define PAYLOAD_JSON "application/json"

typedef struct {
  char *name;
  const char *type; /* PAYLOAD_PDF or PAYLOAD_JSON */
  /* As the server keeps it: the CRLF before the next separator is at its end. */
  GBytes *bytes;
} Part;

/**
 * payload_parse:
 * @object: what was stored; one base64 text behind "data:multipart/form-data;base64," too
 * @ret_problem: set when NULL comes back: the detail of a DOC101, owned by the caller
 *
 * Returns: the parts (Part *) in order of their first appearance; one whose name comes again has
 * the later bytes in the earlier place. They refer to @object's memory.
 */
GPtrArray *payload_parse (GBytes *object, char **ret_problem);
gboolean payload_is_base64 (GBytes *object);
/* Of attachments any number behind the word: they are counted as they appear. */
gboolean payload_is_known_part (const char *name);
/* The part without the CRLF that belongs to the separator behind it: what the client sent. */
GBytes *part_as_sent (const Part *part);
