/* Addresses as BGS stores them. Source: README.md, facts 10 and 23 to 25. */
#include "bgs/address.h"

#include <string.h>
#include "base/text.h"
#include "bgs/countries.h"
#include "bgs/limits.h"
#include "bgs/names.h"
#include "bgs/states.h"
#include "latin/ascii.h"

#define MAX_LINE_CHARS 19
#define LINES          3

static char *
copy_unless_blank (const char *text)
{
  return text_is_blank (text) ? NULL : g_strstrip (g_strdup (text));
}

/* Cuts the words of a street into lines. A word that is longer than a line goes on in the next one.
 */
static void
cut_into_lines (BgsAddress *address, const char *street)
{
  g_auto (GStrv) words = g_strsplit_set (street, " \t\r\n", -1);
  g_autoptr (GPtrArray) pieces = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) line = g_string_new (NULL);

  for (guint i = 0; words[i]; i++) {
    const char *word = words[i];

    if (!*word)
      continue;
    if (line->len > 0 && line->len + 1 + strlen (word) > MAX_LINE_CHARS) {
      g_ptr_array_add (pieces, g_strdup (line->str));
      g_string_truncate (line, 0);
    }
    while (strlen (word) > MAX_LINE_CHARS) {
      g_ptr_array_add (pieces, g_strndup (word, MAX_LINE_CHARS));
      word += MAX_LINE_CHARS;
    }
    if (line->len > 0)
      g_string_append_c (line, ' ');
    g_string_append (line, word);
  }
  if (line->len > 0)
    g_ptr_array_add (pieces, g_strdup (line->str));

  g_ptr_array_set_size (pieces, (gint)MAX (pieces->len, LINES));
  address->line_one = g_strdup (g_ptr_array_index (pieces, 0));
  address->line_two = g_strdup (g_ptr_array_index (pieces, 1));
  address->line_three = g_strdup (g_ptr_array_index (pieces, 2));
  if (pieces->len > LINES)
    address->issues |= BGS_ADDRESS_STREET_CUT;
}

/* Something stands there, and nothing of it can be written. */
static gboolean
is_lost (const char *part)
{
  g_autofree char *street = bgs_street_text (part);

  return !text_is_blank (part) && text_is_blank (street);
}

static void
set_street (BgsAddress *address, const BgsAddressSource *source)
{
  g_autofree char *joined =
      g_strjoin (" ", source->street ? source->street : "", source->street2 ? source->street2 : "",
                 source->street3 ? source->street3 : "", NULL);
  g_autofree char *street = bgs_street_text (joined);

  cut_into_lines (address, street);
  if (is_lost (source->street) || is_lost (source->street2) || is_lost (source->street3))
    address->issues |= BGS_ADDRESS_STREET_EMPTY;
  else if (latin_loses_letters (joined))
    address->issues |= BGS_ADDRESS_STREET_LETTERS_LOST;
}

/* Fits a value into its element; @cut, @lost and @empty are noted when that is what has become of
 * it. */
static char *
fitted (BgsAddress *address, BgsElement element, const char *text, BgsAddressIssue cut,
        BgsAddressIssue lost, BgsAddressIssue empty)
{
  BgsFit fit;
  char *value;

  if (text_is_blank (text))
    return NULL;
  value = bgs_element_fit (element, text, &fit);
  if (fit == BGS_FIT_CUT)
    address->issues |= cut;
  if (fit == BGS_FIT_LETTERS_LOST)
    address->issues |= lost;
  if (fit == BGS_FIT_EMPTY)
    address->issues |= empty;
  return value;
}

/* Five digits, and four more of a ZIP+4. Nothing is made up of what is no ZIP. */
static void
set_zip (BgsAddress *address, const char *postal_code)
{
  g_autofree char *plain = copy_unless_blank (postal_code);
  g_autofree char *digits = text_digits (plain);
  gsize count = strlen (digits);

  if (!plain)
    return;
  if ((count == 5 || count == 9) && strspn (plain, "0123456789- ") == strlen (plain)) {
    address->zip = g_strndup (digits, 5);
    address->zip_suffix = count == 9 ? g_strdup (digits + 5) : NULL;
    if (g_str_equal (address->zip, "00000"))
      address->issues |= BGS_ADDRESS_ZIP_MALFORMED;
  } else if (strspn (plain, "0123456789") >= 5) {
    address->zip = g_strndup (plain, 5);
    address->issues |= BGS_ADDRESS_ZIP_CUT;
  } else {
    address->zip = fitted (address, BGS_ELEMENT_ZIP, plain, 0, 0, 0);
    address->issues |= BGS_ADDRESS_ZIP_MALFORMED;
  }
}

/* --- Military mail --- */

typedef struct {
  char *post_office;      /* APO, DPO, FPO; NULL: the city is none */
  const char *city_state; /* AA, AE, AP behind it */
} MilitaryCity;

/* "APO", "A.P.O.", "FPO AP", "APO, AE 09012": the type, and nothing but state and ZIP behind it. */
static MilitaryCity
read_military_city (const char *city)
{
  MilitaryCity read = { NULL, NULL };
  g_autofree char *text = bgs_street_text (city ? city : "");
  g_auto (GStrv) parts = g_strsplit (text, ".", -1);
  g_autofree char *without_dots = g_strjoinv ("", parts);
  g_auto (GStrv) words = g_strsplit_set (without_dots, " ,/-", -1);
  guint at = 0;

  while (words[at] && !*words[at])
    at++;
  if (!words[at] ||
      (g_ascii_strcasecmp (words[at], "APO") != 0 && g_ascii_strcasecmp (words[at], "DPO") != 0 &&
       g_ascii_strcasecmp (words[at], "FPO") != 0))
    return read;
  for (guint i = at + 1; words[i]; i++) {
    const char *state = strlen (words[i]) == 2 ? bgs_state_code (words[i]) : NULL;

    if (bgs_state_is_military (state))
      read.city_state = state;
    else if (strspn (words[i], "0123456789") != strlen (words[i])) {
      read.city_state = NULL;
      return read; /* a place of that name */
    }
  }
  read.post_office = g_ascii_strup (words[at], -1);
  return read;
}

/* By its ZIP; what is typed counts where the ZIP is none of the military's. */
static void
set_military_state (BgsAddress *address, const char *city_state, const char *typed)
{
  const char *of_zip = bgs_state_of_military_zip (address->zip);
  const char *of_state = bgs_state_code (typed);
  const char *said = bgs_state_is_military (of_state) ? of_state : city_state;
  gboolean is_other_state = !text_is_blank (typed) && !bgs_state_is_military (of_state);

  if (of_zip) {
    address->military_postal_type = g_strdup (of_zip);
    if (g_strcmp0 (said, of_zip) != 0 || is_other_state ||
        (city_state && !g_str_equal (city_state, of_zip)))
      address->issues |= BGS_ADDRESS_STATE_CORRECTED;
    return;
  }
  if (city_state && said != city_state && strcmp (said, city_state) != 0)
    said = NULL;
  address->military_postal_type = g_strdup (said);
  if (!said || is_other_state || address->zip)
    address->issues |= BGS_ADDRESS_STATE_UNCLEAR;
}

static void
set_military (BgsAddress *address, const BgsAddressSource *source, MilitaryCity *city,
              const char *country)
{
  address->kind = BGS_ADDRESS_MILITARY;
  address->country = g_strdup ("USA");
  if (country && !g_str_equal (country, "USA"))
    address->issues |= BGS_ADDRESS_COUNTRY_REPLACED;
  address->military_post_office_type = g_steal_pointer (&city->post_office);
  set_zip (address, source->postal_code);
  set_military_state (address, city->city_state, source->state);
  if (!address->military_post_office_type) {
    address->issues |= BGS_ADDRESS_STATE_UNCLEAR;
    if (!text_is_blank (source->city))
      address->issues |= BGS_ADDRESS_CITY_NOT_SENT;
  }
}

/* --- The USA, and other countries --- */

static void
set_usa (BgsAddress *address, const BgsAddressSource *source, const char *territory)
{
  const char *state = bgs_state_code (source->state);

  address->kind = BGS_ADDRESS_USA;
  address->country = g_strdup ("USA");
  set_zip (address, source->postal_code);
  if (bgs_state_of_military_zip (address->zip))
    address->issues |= BGS_ADDRESS_ZIP_MILITARY;
  if (territory) {
    if (!text_is_blank (source->state) && g_strcmp0 (state, territory) != 0)
      address->issues |= BGS_ADDRESS_STATE_CORRECTED;
    state = territory;
  } else if (!state && !text_is_blank (source->state))
    address->issues |= BGS_ADDRESS_STATE_UNKNOWN;
  address->state = g_strdup (state);
  address->province =
      state ? g_strdup (state)
            : fitted (address, BGS_ELEMENT_PROVINCE, source->state, BGS_ADDRESS_PROVINCE_CUT,
                      BGS_ADDRESS_PROVINCE_LETTERS_LOST, BGS_ADDRESS_PROVINCE_CUT);
}

static void
set_foreign (BgsAddress *address, const BgsAddressSource *source, const char *country)
{
  address->kind = BGS_ADDRESS_FOREIGN;
  address->country = g_strdup (country);
  if (country && bgs_state_code (source->state))
    address->issues |= BGS_ADDRESS_STATE_ABROAD;
  else
    address->province =
        fitted (address, BGS_ELEMENT_PROVINCE, source->state, BGS_ADDRESS_PROVINCE_CUT,
                BGS_ADDRESS_PROVINCE_LETTERS_LOST, BGS_ADDRESS_PROVINCE_CUT);
  address->foreign_postal_code = fitted (
      address, BGS_ELEMENT_FOREIGN_POSTAL_CODE, source->postal_code, BGS_ADDRESS_POSTAL_CODE_CUT,
      BGS_ADDRESS_POSTAL_CODE_LETTERS_LOST, BGS_ADDRESS_POSTAL_CODE_CUT);
}

static gboolean
is_like_zip (const char *postal_code)
{
  g_autofree char *digits = text_digits (postal_code);

  return (strlen (digits) == 5 || strlen (digits) == 9) &&
         strspn (postal_code, "0123456789- ") == strlen (postal_code);
}

/* Where no country is typed, a state of the USA says it; a ZIP alone makes it likely, which is
 * told. */
static gboolean
is_usa_without_saying (BgsAddress *address, const BgsAddressSource *source)
{
  if (bgs_state_code (source->state))
    return TRUE;
  address->issues |= BGS_ADDRESS_COUNTRY_MISSING;
  return text_is_blank (source->state) && !text_is_blank (source->postal_code) &&
         is_like_zip (source->postal_code);
}

static gboolean
is_military (const BgsAddressSource *source, const MilitaryCity *city, const char *country)
{
  const char *state = bgs_state_code (source->state);
  gboolean is_abroad = country && !g_str_equal (country, "USA");
  g_autofree char *zip = g_strndup (source->postal_code ? source->postal_code : "", 5);

  if (!is_abroad)
    return city->post_office || bgs_state_is_military (state);
  /* There are places of these names elsewhere. */
  return city->post_office &&
         (city->city_state || bgs_state_is_military (state) || bgs_state_of_military_zip (zip));
}

BgsAddress *
bgs_address_new (const BgsAddressSource *source)
{
  BgsAddress *address = g_new0 (BgsAddress, 1);
  MilitaryCity military = read_military_city (source->city);
  const char *territory = bgs_country_us_state (source->country);
  g_autofree char *city = NULL;
  const char *country;

  set_street (address, source);
  city = fitted (address, BGS_ELEMENT_CITY, source->city, BGS_ADDRESS_CITY_CUT,
                 BGS_ADDRESS_CITY_LETTERS_LOST, BGS_ADDRESS_CITY_EMPTY);
  country = territory ? "USA" : bgs_country_name (source->country, city);

  if (is_military (source, &military, country)) {
    address->issues &=
        ~(guint)(BGS_ADDRESS_CITY_CUT | BGS_ADDRESS_CITY_LETTERS_LOST | BGS_ADDRESS_CITY_EMPTY);
    set_military (address, source, &military, country);
  } else {
    address->city = g_steal_pointer (&city);
    if (country && g_str_equal (country, "USA"))
      set_usa (address, source, territory);
    else if (text_is_blank (source->country) && is_usa_without_saying (address, source))
      set_usa (address, source, NULL);
    else {
      if (!country && !text_is_blank (source->country))
        address->issues |= BGS_ADDRESS_COUNTRY_UNKNOWN;
      set_foreign (address, source, country);
    }
  }
  g_free (military.post_office);
  return address;
}

void
bgs_address_free (BgsAddress *address)
{
  if (!address)
    return;
  g_free (address->line_one);
  g_free (address->line_two);
  g_free (address->line_three);
  g_free (address->city);
  g_free (address->country);
  g_free (address->state);
  g_free (address->foreign_postal_code);
  g_free (address->military_postal_type);
  g_free (address->military_post_office_type);
  g_free (address->zip);
  g_free (address->zip_suffix);
  g_free (address->province);
  g_free (address);
}
