/* What BGS can hold; see limits.h. */
#include "bgs/limits.h"

#include <string.h>
#include "base/text.h"
#include "bgs/names.h"
#include "latin/ascii.h"

typedef char *(*Alphabet) (const char *utf8);

/* An address of mail is one word: half of it is none. */
typedef enum { CUT_AT_WORD, LEAVE_OUT } TooLong;

static guint
letters_and_digits (const char *ascii)
{
  guint count = 0;

  for (; *ascii; ascii++)
    count += g_ascii_isalnum (*ascii);
  return count;
}

/* No city is called by a sign alone. */
static char *
city_text (const char *utf8)
{
  char *city = bgs_street_text (utf8);

  if (letters_and_digits (city) == 0)
    *city = '\0';
  return city;
}

/* An address of mail in other letters is another address. */
static char *
ascii_or_nothing (const char *utf8)
{
  return g_strdup (g_str_is_ascii (utf8) ? utf8 : "");
}

static const struct {
  const char *element; /* on the wire */
  guint limit;         /* characters; 0: none is known, sent whole */
  Alphabet alphabet;
  TooLong too_long;
} rows[BGS_ELEMENT_COUNT] = {
  [BGS_ELEMENT_FIRST_NAME] = { "firstNm", 30, bgs_name_text, CUT_AT_WORD },
  [BGS_ELEMENT_MIDDLE_NAME] = { "middleNm", 30, bgs_name_text, CUT_AT_WORD },
  [BGS_ELEMENT_LAST_NAME] = { "lastNm", 50, bgs_name_text, CUT_AT_WORD },
  [BGS_ELEMENT_SUFFIX] = { "suffixNm", 15, bgs_ascii, CUT_AT_WORD },
  [BGS_ELEMENT_CITY] = { "cityNm", 30, city_text, CUT_AT_WORD },
  [BGS_ELEMENT_PROVINCE] = { "prvncNm", 35, bgs_ascii, CUT_AT_WORD },
  [BGS_ELEMENT_FOREIGN_POSTAL_CODE] = { "frgnPostalCd", 16, bgs_ascii, CUT_AT_WORD },
  [BGS_ELEMENT_ZIP] = { "zipPrefixNbr", 5, bgs_ascii, LEAVE_OUT },
  [BGS_ELEMENT_EMAIL] = { "emailAddrsTxt", 254, ascii_or_nothing, LEAVE_OUT },
  [BGS_ELEMENT_SCHOOL_NAME] = { "curntSchoolNm", 80, bgs_ascii, CUT_AT_WORD },
  [BGS_ELEMENT_REMARKS] = { "rmks", 0, bgs_ascii, CUT_AT_WORD },
};

/* At the last blank that leaves no more than @limit characters; in the word when it has none. */
static void
cut_at_word (char *text, guint limit)
{
  gsize end = limit;

  while (end > 0 && !g_ascii_isspace (text[end]))
    end--;
  text[end > 0 ? end : limit] = '\0';
  g_strchomp (text);
}

/* To transliteration, or to an alphabet that has no digits. */
static gboolean
has_lost_letters (const char *utf8, const char *text)
{
  g_autofree char *ascii = bgs_ascii (utf8);

  return latin_loses_letters (utf8) || letters_and_digits (ascii) > letters_and_digits (text);
}

char *
bgs_element_fit (BgsElement element, const char *utf8, BgsFit *ret_fit)
{
  g_autofree char *text = NULL;
  guint limit = rows[element].limit;

  *ret_fit = BGS_FIT_WHOLE;
  if (text_is_blank (utf8))
    return utf8 ? g_strdup ("") : NULL;
  text = g_strstrip (rows[element].alphabet (utf8));
  if (!*text) {
    *ret_fit = BGS_FIT_EMPTY;
    return NULL;
  }
  if (limit > 0 && strlen (text) > limit && rows[element].too_long == LEAVE_OUT) {
    *ret_fit = BGS_FIT_TOO_LONG;
    return NULL;
  }
  if (limit > 0 && strlen (text) > limit) {
    *ret_fit = BGS_FIT_CUT;
    cut_at_word (text, limit);
  } else if (has_lost_letters (utf8, text))
    *ret_fit = BGS_FIT_LETTERS_LOST;
  return g_steal_pointer (&text);
}
