/* What the server makes of a stored object: parts, metadata, documents; the first thing that is
 * wrong. Source: README.md, "After the PUT". */
#pragma once

#include "document/document.h"
#include "intake-simulator/payload.h"

#include <jansson.h>

typedef struct {
  Part *part; /* borrowed from the judgement's parts */
  Document document;
} JudgedDocument;

typedef struct {
  const char *code; /* DOC101 …; NULL: nothing is wrong */
  char *detail;     /* at most 200 characters, and three dots */
  gboolean is_base64;
  json_t *metadata;  /* may be NULL */
  GPtrArray *parts;  /* of Part; NULL when the payload could not be read */
  GArray *documents; /* of JudgedDocument that were looked at: content first */
} Judgement;

/* Waits for child programs. */
Judgement *judgement_new (GBytes *object);
void judgement_free (Judgement *judgement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Judgement, judgement_free)

/* Cuts what is shown of a detail. */
char *judgement_cut_detail (const char *detail);
