/* ICU's transliteration, and what is left after it; see ascii.h. */
#include "latin/ascii.h"

#include <string.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>

/* A transliterator is costly to make and not to be used by two threads. */
static GMutex transliterator_lock;
static UTransliterator *transliterator;

/* Where a word may be parted at a line's end; it arrives by copy and paste, and is not seen. */
#define SOFT_HYPHEN 0xad

/* ICU writes Thor as THor: the letters whose Latin form has two, before a small one. And it writes a
 * soft hyphen as one that is seen. */
static char *
prepare_for_icu (const char *utf8)
{
  static const struct {
    gunichar letter;
    const char *written;
  } pairs[] = { { 0xde, "Th" }, { 0xc6, "Ae" }, { 0x152, "Oe" }, { 0x132, "Ij" } };
  GString *text = g_string_new (NULL);

  for (const char *at = utf8; *at; at = g_utf8_next_char (at)) {
    gunichar letter = g_utf8_get_char (at);
    const char *next = g_utf8_next_char (at);
    const char *written = NULL;

    if (letter == SOFT_HYPHEN)
      continue;
    for (guint i = 0; i < G_N_ELEMENTS (pairs) && *next; i++)
      if (letter == pairs[i].letter && g_unichar_islower (g_utf8_get_char (next)))
        written = pairs[i].written;
    if (written)
      g_string_append (text, written);
    else
      g_string_append_unichar (text, letter);
  }
  return g_string_free (text, FALSE);
}

/* NULL when ICU does not do it, which its version and a full memory alone decide. */
static char *
transliterate (const char *utf8)
{
  g_autofree char *prepared = prepare_for_icu (utf8);
  glong units = 0;
  g_autofree gunichar2 *utf16 = g_utf8_to_utf16 (prepared, -1, NULL, &units, NULL);
  gint32 length = (gint32)units, limit, capacity;
  g_autofree UChar *buffer = NULL;
  UErrorCode status = U_ZERO_ERROR;
  static const UChar id[] = u"Any-Latin; Latin-ASCII";

  if (!utf16)
    return NULL;
  g_mutex_lock (&transliterator_lock);
  if (!transliterator)
    transliterator = utrans_openU (id, -1, UTRANS_FORWARD, NULL, 0, NULL, &status);
  for (capacity = length * 4 + 64;; capacity *= 2) {
    g_free (buffer);
    buffer = g_new (UChar, (gsize)capacity);
    memcpy (buffer, utf16, (gsize)units * sizeof (UChar));
    length = limit = (gint32)units;
    if (U_FAILURE (status))
      break;
    utrans_transUChars (transliterator, buffer, &length, capacity, 0, &limit, &status);
    if (status != U_BUFFER_OVERFLOW_ERROR)
      break;
    status = U_ZERO_ERROR;
  }
  g_mutex_unlock (&transliterator_lock);
  return U_SUCCESS (status) ? g_utf16_to_utf8 (buffer, length, NULL, NULL, NULL) : NULL;
}

/* With whatever ICU has left: an accent falls off its letter, a circled digit becomes one. */
static char *
decompose (const char *utf8)
{
  g_autofree char *valid = g_utf8_make_valid (utf8, -1);
  g_autofree char *latin = g_str_is_ascii (valid) ? g_strdup (valid) : transliterate (valid);

  return g_utf8_normalize (latin ? latin : valid, -1, G_NORMALIZE_NFKD);
}

gboolean
latin_loses_letters (const char *utf8)
{
  g_autofree char *decomposed = decompose (utf8);

  for (const char *at = decomposed; *at; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    if (c >= 0x80 && g_unichar_isalnum (c) && g_unichar_type (c) != G_UNICODE_MODIFIER_LETTER)
      return TRUE;
  }
  return FALSE;
}

char *
latin_ascii (const char *utf8, char gap)
{
  g_autofree char *decomposed = decompose (utf8);
  GString *ascii = g_string_new (NULL);

  for (const char *at = decomposed; *at; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    if (c < 0x80 && (g_ascii_isprint ((char)c) || g_ascii_isspace ((char)c)))
      g_string_append_c (ascii, (char)c);
    else if (gap && !g_unichar_ismark (c))
      g_string_append_c (ascii, gap);
  }
  return g_string_free (ascii, FALSE);
}
