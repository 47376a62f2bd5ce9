/* Reads the small JSON texts that steps keep. */
#include "bgs/kept.h"

#include <jansson.h>
#include "base/cleanup.h"

char *
bgs_kept_value (const char *kept, const char *name)
{
  g_autoptr (json_t) object = kept ? json_loads (kept, 0, NULL) : NULL;

  return g_strdup (json_string_value (json_object_get (object, name)));
}
