/* Words that people type, see words.h. */
#include "base/words.h"

#include <string.h>

#define WORD_MAX 64

/* Letters to add, leave out, change, or swap with the next one. */
static guint
distance (const char *a, const char *b)
{
  guint rows[3][WORD_MAX + 1];
  gsize length = strlen (b);

  for (gsize k = 0; k <= length; k++)
    rows[0][k] = (guint)k;
  for (gsize i = 1; a[i - 1]; i++) {
    guint *now = rows[i % 3];
    const guint *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];

    now[0] = (guint)i;
    for (gsize k = 1; k <= length; k++) {
      now[k] = MIN (MIN (now[k - 1], before[k]) + 1, before[k - 1] + (a[i - 1] != b[k - 1]));
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
        now[k] = MIN (now[k], earlier[k - 2] + 1);
    }
  }
  return rows[strlen (a) % 3][length];
}

const char *
nearest_word (const char *word, const char *const *known)
{
  const char *nearest = NULL;
  guint least = G_MAXUINT;

  if (strlen (word) > WORD_MAX)
    return NULL;
  for (; *known; known++) {
    guint letters;

    if (strlen (*known) > WORD_MAX)
      continue;
    letters = distance (word, *known);
    if (letters < least && letters * 3 <= MAX (strlen (word), strlen (*known))) {
      least = letters;
      nearest = *known;
    }
  }
  return nearest;
}
