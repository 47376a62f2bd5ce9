/* From the bytes of a request to a JSON object within bounds, its keys in snake_case. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include <glib.h>

#define BODY_ERROR (body_error_quark ())
GQuark body_error_quark (void);
typedef enum {
  BODY_ERROR_MALFORMED, /* no JSON object: 400 */
  BODY_ERROR_BOUND,     /* deeper, longer or fuller than allowed: 400 */
} BodyError;

typedef struct {
  guint max_depth;
  guint max_array_length;
} BodyBounds;

/**
 * body_parse:
 * @is_camel: keys are in camelCase and are converted
 *
 * Looks at depth and count before parsing, so that hostile nesting costs nothing.
 *
 * Errors: BodyError; messages name line and column and never show content.
 * Returns: a JSON object, owned by the caller.
 */
json_t *body_parse (GBytes *body, const BodyBounds *bounds, gboolean is_camel, GError **error);

/* The same document with keys in camelCase; new, owned by the caller. For answers. */
json_t *body_to_camel (const json_t *value);
