/* Words that people type. */
#pragma once

#include <glib.h>

/* The one of @known (NULL-ended) that @word most likely means: at most a third of its letters
 * differ. NULL: none. Borrowed. */
const char *nearest_word (const char *word, const char *const *known);
