/* A PDF as the server looks at it: by pdfinfo, and here by qpdf too, as child programs. */
#pragma once

#include <glib.h>

#define DOCUMENT_MAX_BYTES 100000000

typedef struct {
  gsize bytes;
  guint pages;
  double width_in, height_in; /* of the widest, and of the highest page; not turned */
  gboolean is_oversized;      /* a page over 78 × 101 in */
} Document;

typedef enum {
  DOCUMENT_FINE,
  DOCUMENT_MISSING,   /* no bytes */
  DOCUMENT_TOO_LARGE, /* over DOCUMENT_MAX_BYTES; not looked into */
  DOCUMENT_OVERSIZED,
  DOCUMENT_LOCKED, /* needs a password; one that needs the owner's alone does not */
  DOCUMENT_NO_PDF, /* does not begin like one */
  DOCUMENT_INVALID,
} DocumentFinding;

/* Waits for the child programs. */
DocumentFinding document_look (GBytes *bytes, Document *ret_document);
/* FALSE and an error when one of the child programs is not installed. */
gboolean document_can_look (GError **error);
