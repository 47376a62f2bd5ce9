/* Addresses as BGS stores them. Sources: BGS reference 7.1; decisions 4, 7, 8, 16, 19 to 22. */
#include "bgs/address.h"

#include <string.h>
#include "base/text.h"
#include "bgs/countries.h"
#include "bgs/names.h"

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
cut_into_lines (const char *street, char *lines[LINES], gboolean *ret_is_cut)
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

  for (guint i = 0; i < LINES && i < pieces->len; i++)
    lines[i] = g_strdup (g_ptr_array_index (pieces, i));
  *ret_is_cut = pieces->len > LINES;
}

static char *
join_street (const BgsAddressSource *source)
{
  g_autofree char *joined =
      g_strjoin (" ", source->street ? source->street : "", source->street2 ? source->street2 : "",
                 source->street3 ? source->street3 : "", NULL);

  return bgs_street_text (joined);
}

static gboolean
is_post_office (const char *city)
{
  return city && (g_ascii_strcasecmp (city, "APO") == 0 || g_ascii_strcasecmp (city, "DPO") == 0 ||
                  g_ascii_strcasecmp (city, "FPO") == 0);
}

/* Five digits, and four more of a ZIP+4. What is no ZIP goes out as it is, for BGS to refuse:
 * nothing is made up. */
static void
set_zip (BgsAddress *address, const char *postal_code)
{
  g_autofree char *digits = text_digits (postal_code);
  g_autofree char *plain = copy_unless_blank (postal_code);
  gsize count = strlen (digits);

  if (plain && (count == 5 || count == 9) && strspn (plain, "0123456789- ") == strlen (plain)) {
    address->zip = g_strndup (digits, 5);
    address->zip_suffix = count == 9 ? g_strdup (digits + 5) : NULL;
    return;
  }
  address->zip = g_steal_pointer (&plain);
}

BgsAddress *
bgs_address_new (const BgsAddressSource *source)
{
  BgsAddress *address = g_new0 (BgsAddress, 1);
  g_autofree char *street = join_street (source);
  g_autofree char *typed_city = bgs_street_text (source->city);
  g_autofree char *city = copy_unless_blank (typed_city);
  g_autofree char *state = copy_unless_blank (source->state);
  char *lines[LINES] = { NULL };

  cut_into_lines (street, lines, &address->is_cut);
  address->line_one = lines[0];
  address->line_two = lines[1];
  address->line_three = lines[2];
  address->country =
      g_strdup (text_is_blank (source->country) ? "USA" : bgs_country_name (source->country, city));

  if (is_post_office (city)) {
    address->kind = BGS_ADDRESS_MILITARY;
    address->military_post_office_type = g_ascii_strup (city, -1);
    address->military_postal_type = state ? g_ascii_strup (state, -1) : NULL;
    set_zip (address, source->postal_code);
    return address;
  }
  address->city = g_steal_pointer (&city);
  address->province = g_strdup (state);
  if (g_str_equal (address->country, "USA")) {
    address->kind = BGS_ADDRESS_USA;
    address->state = g_steal_pointer (&state);
    set_zip (address, source->postal_code);
    return address;
  }
  address->kind = BGS_ADDRESS_FOREIGN;
  address->foreign_postal_code = copy_unless_blank (source->postal_code);
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
