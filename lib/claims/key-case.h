/* Keys between the browser's camelCase and storage's snake_case, as today's service converts them.
 * Source: README.md, rule 1; the rule is that of Active Support's underscore and camelize. */
#pragma once

#include <glib.h>

/* "view:selectable686Options" gives "view:selectable686_options"; snake_case stays as it is. Owned
 * by the caller. */
char *claim_key_to_snake (const char *key);
/* "submitted_at" gives "submittedAt". Owned by the caller. */
char *claim_key_to_camel (const char *key);
