/* What a child's form says of itself before anybody is told of: which options are chosen. */
#pragma once

#include <glib.h>
#include <jansson.h>

/* Options as the form gives them: read as a yes (claims/answers.h), at the top level. */
gboolean form_has_option (const json_t *form, const char *option);
/* A divorce is reported by its data, somebody or a day, unless the option says no. Source:
 * README.md, rule 5. */
gboolean form_has_divorce (const json_t *form);
