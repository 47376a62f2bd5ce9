/* Words that people type, see words.h. */
#include "words.h"

#include <string.h>

#define WORD_MAX 64

/* Letters to add, leave out or change. */
static guint
distance (const char *a, const char *b)
{
  guint before[WORD_MAX + 1], now[WORD_MAX + 1];
  gsize length = strlen (b);

  for (gsize k = 0; k <= length; k++)
    before[k] = (guint)k;
  for (gsize i = 0; a[i]; i++) {
    now[0] = (guint)i + 1;
    for (gsize k = 0; k < length; k++)
      now[k + 1] = MIN (MIN (now[k], before[k + 1]) + 1, before[k] + (a[i] != b[k]));
    memcpy (before, now, sizeof before);
  }
  return before[length];
}

const char *
nearest_word (const char *word, const char *const *known)
{
  const char *nearest = NULL;
  guint least = G_MAXUINT;

  if (strlen (word) > WORD_MAX)
    return NULL;
  for (; *known; known++) {
    guint letters = distance (word, *known);

    if (letters < least && letters * 3 <= MAX (strlen (word), strlen (*known))) {
      least = letters;
      nearest = *known;
    }
  }
  return nearest;
}
