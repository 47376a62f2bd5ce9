/* A body of multipart/form-data taken apart as a servlet does it, by the boundary of the HTTP
 * header. Pure. */
#pragma once

#include <glib.h>

typedef struct {
  char *name;
  char *file_name; /* NULL: a field, no file */
  char *type;      /* NULL: none was named */
  GBytes *bytes;   /* refers to the body's memory */
} FormPart;

/* @content_type: of the request; may be NULL. Returns: the parts (FormPart *) as they came, names
 * may come twice; NULL when it is none, or cannot be read. */
GPtrArray *form_parse (GBytes *body, const char *content_type);
