/* What goes into an e-mail. See mail.h. */
#include "mail.h"

#include <string.h>

#include "base/text.h"

#define ADDRESS_MAX    254
#define FIRST_NAME_MAX 30
#define MARKS          "*_`#~<>[](){}|\\^!=+-.:/\"&$%@;,?"

static const char *
text_at (const json_t *document, const char *name)
{
  const char *text = json_string_value (json_object_get (document, name));

  return text_is_blank (text) ? NULL : text;
}

static const json_t *
user_of (const MailFacts *facts)
{
  return json_object_get (facts->user_data, "veteran_information");
}

/* --- Where it goes --- */

/* What no service can take for an address. It stays below what any would refuse: what is left out here
 * is not sent, and nobody says why. */
static gboolean
is_address (const char *address)
{
  const char *at = strrchr (address, '@');

  if (!at || at == address || !at[1] || strlen (address) > ADDRESS_MAX)
    return FALSE;
  for (const char *c = address; *c; c = g_utf8_next_char (c)) {
    gunichar letter = g_utf8_get_char (c);

    if (g_unichar_isspace (letter) || g_unichar_iscntrl (letter))
      return FALSE;
  }
  return TRUE;
}

static void
add_address (GPtrArray *addresses, const char *given)
{
  g_autofree char *address = given ? g_strstrip (g_strdup (given)) : NULL;

  if (!address || !is_address (address))
    return;
  for (guint i = 0; i < addresses->len; i++)
    if (g_ascii_strcasecmp (address, g_ptr_array_index (addresses, i)) == 0)
      return;
  g_ptr_array_add (addresses, g_steal_pointer (&address));
}

char **
mail_addresses (const MailFacts *facts)
{
  GPtrArray *addresses = g_ptr_array_new ();
  const json_t *application = json_object_get (facts->form, "dependents_application");
  const json_t *contact = json_object_get (application, "veteran_contact_information");

  add_address (addresses, text_at (user_of (facts), "va_profile_email"));
  add_address (addresses, text_at (contact, "email_address"));
  g_ptr_array_add (addresses, NULL);
  return (char **)g_ptr_array_free (addresses, FALSE);
}

/* --- What it holds --- */

static gboolean
is_mark (gunichar c)
{
  return g_unichar_iscntrl (c) || (c < 128 && strchr (MARKS, (int)c));
}

/* A hyphen and a full stop belong to names, within them. */
static char *
without_marks (const char *given)
{
  g_autofree char *text = g_utf8_make_valid (given, -1);
  g_autoptr (GString) kept = g_string_new (NULL);

  for (const char *c = text; *c; c = g_utf8_next_char (c)) {
    gunichar letter = g_utf8_get_char (c);
    gboolean is_within =
        kept->len > 0 && g_unichar_isalnum (g_utf8_get_char (g_utf8_next_char (c)));

    if (!is_mark (letter) || (letter == '-' && is_within) || (letter == '.' && kept->len > 0))
      g_string_append_unichar (kept, letter);
  }
  return g_strstrip (g_string_free (g_steal_pointer (&kept), FALSE));
}

/* The first word of what was signed, where the user's data have no name. */
static char *
signed_name (const json_t *form)
{
  const char *signature = text_at (form, "statement_of_truth_signature");
  g_auto (GStrv) words = NULL;

  if (!signature)
    return NULL;
  while (g_ascii_isspace (*signature))
    signature++;
  words = g_strsplit_set (signature, " \t", 2);
  return g_strdup (words[0]);
}

char *
mail_first_name (const MailFacts *facts)
{
  const char *first = text_at (json_object_get (user_of (facts), "full_name"), "first");
  g_autofree char *given = first ? g_strdup (first) : signed_name (facts->form);
  g_autofree char *plain = given ? without_marks (given) : NULL;
  g_autofree char *cut = NULL;

  if (text_is_blank (plain))
    return g_strdup (facts->no_name);
  cut = text_truncate_chars (plain, FIRST_NAME_MAX);
  return g_utf8_strup (cut, -1);
}

char *
mail_date (const char *day)
{
  static const char *const months[] = { "January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December" };
  g_autofree char *midnight = g_strconcat (day, "T00:00:00Z", NULL);
  g_autoptr (GDateTime) date = g_date_time_new_from_iso8601 (midnight, NULL);

  g_return_val_if_fail (date, g_strdup (""));
  return g_strdup_printf ("%s %02d, %d", months[g_date_time_get_month (date) - 1],
                          g_date_time_get_day_of_month (date), g_date_time_get_year (date));
}

json_t *
mail_values (const NotifyTemplate *template, const MailFacts *facts)
{
  json_t *values = json_object ();
  g_autofree char *first_name = mail_first_name (facts);
  g_autofree char *date = mail_date (facts->day);
  const struct {
    const char *name, *value;
  } known[] = {
    { "first_name", first_name },
    { "date_submitted", date },
    { "confirmation_number", facts->guid },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_strv_contains ((const char *const *)template->values, known[i].name))
      json_object_set_new (values, known[i].name, json_string (known[i].value));
  return values;
}
