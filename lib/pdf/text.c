/* What of a text can be printed; see text.h. */
#include "pdf/text.h"

#include <string.h>
#include <unicode/uchar.h>

/* Invisible and yet part of a word, in Persian for one. */
static gboolean
is_joiner (gunichar c)
{
  return c == 0x200C || c == 0x200D;
}

static gboolean
is_printable (const PdfFonts *fonts, gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT && type != G_UNICODE_PRIVATE_USE &&
         pdf_fonts_have (fonts, c);
}

static void
note (GArray *odd, gunichar c)
{
  for (guint i = 0; i < odd->len; i++)
    if (g_array_index (odd, gunichar, i) == c)
      return;
  g_array_append_val (odd, c);
}

static gboolean
breaks_line (gunichar c)
{
  return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}

/* Nearly every value. */
static gboolean
is_plain (const char *text)
{
  while (*text >= ' ' && *text <= '~')
    text++;
  return *text == '\0';
}

char *
pdf_text_printable (const PdfFonts *fonts, const char *utf8, gboolean may_break, GArray *odd)
{
  g_autofree char *composed = g_utf8_normalize (utf8, -1, G_NORMALIZE_NFC);
  GString *text;

  if (is_plain (composed))
    return g_steal_pointer (&composed);
  text = g_string_sized_new (strlen (composed));
  for (const char *at = composed; *at; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    if (breaks_line (c)) {
      if (c == '\r' && at[1] == '\n')
        at++;
      g_string_append_c (text, may_break ? '\n' : ' ');
    } else if (g_unichar_isspace (c))
      g_string_append_c (text, ' ');
    else if (is_joiner (c) || is_printable (fonts, c))
      g_string_append_unichar (text, c);
    else {
      g_string_append_printf (text, "[U+%04X]", c);
      note (odd, c);
    }
  }
  return g_string_free (text, FALSE);
}

char *
pdf_text_name (gunichar c)
{
  char name[128] = "";
  UErrorCode trouble = U_ZERO_ERROR;

  u_charName ((UChar32)c, U_EXTENDED_CHAR_NAME, name, sizeof name, &trouble);
  return g_strdup_printf ("U+%04X %s", c, U_SUCCESS (trouble) ? name : "");
}

gboolean
pdf_text_is_joined (const char *utf8)
{
  for (; *utf8; utf8 = g_utf8_next_char (utf8)) {
    UCharDirection direction = u_charDirection ((UChar32)g_utf8_get_char (utf8));

    if (direction == U_RIGHT_TO_LEFT || direction == U_RIGHT_TO_LEFT_ARABIC ||
        direction == U_ARABIC_NUMBER)
      return TRUE;
  }
  return FALSE;
}
