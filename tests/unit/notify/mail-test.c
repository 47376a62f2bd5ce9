/* What goes into an e-mail, and where it goes. */
#include "mail.h"

#include <string.h>

static json_t *
parse (const char *text)
{
  json_t *json = json_loads (text, 0, NULL);

  g_assert_true (!text || json);
  return json;
}

static void
test_addresses (void)
{
  static const struct {
    const char *user, *form, *addresses;
  } cases[] = {
    { "{\"va_profile_email\":\"a@x.example\"}", "b@x.example", "a@x.example b@x.example" },
    { "{\"va_profile_email\":\"a@x.example\"}", "A@X.example ", "a@x.example" },
    { "{\"va_profile_email\":\" \"}", " b@x.example", "b@x.example" },
    { "{}", "b@x.example", "b@x.example" },
    { "{\"va_profile_email\":1}", "", "" },
    /* What is no address hides none. */
    { "{\"va_profile_email\":\"not given\"}", "b@x.example", "b@x.example" },
    { "{\"va_profile_email\":\"@x.example\"}", "b@x.example", "b@x.example" },
    { "{\"va_profile_email\":\"a@\"}", "b@x.example", "b@x.example" },
    { "{\"va_profile_email\":\"a b@x.example\"}", "b@x.example", "b@x.example" },
    { "{\"va_profile_email\":\"a@x.example\\nbcc: c@x.example\"}", "b@x.example", "b@x.example" },
    { "{\"va_profile_email\":\"zoë+va@bücher.example\"}", "", "zoë+va@bücher.example" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (json_t) user = json_pack ("{so}", "veteran_information", parse (cases[i].user));
    g_autoptr (json_t) form =
        json_pack ("{s{s{ss}}}", "dependents_application", "veteran_contact_information",
                   "email_address", cases[i].form);
    g_auto (GStrv) found = mail_addresses (&(MailFacts){ .user_data = user, .form = form });
    g_autofree char *joined = g_strjoinv (" ", found);

    g_assert_cmpstr (joined, ==, cases[i].addresses);
  }
}

static void
test_too_long (void)
{
  g_autofree char *name = g_strnfill (250, 'x');
  g_autofree char *address = g_strconcat (name, "@x.example", NULL);
  g_autoptr (json_t) user =
      json_pack ("{s{ss}}", "veteran_information", "va_profile_email", address);
  g_autoptr (json_t) form = json_object ();
  g_auto (GStrv) found = mail_addresses (&(MailFacts){ .user_data = user, .form = form });

  g_assert_cmpuint (g_strv_length (found), ==, 0);
}

static void
test_first_name (void)
{
  static const struct {
    const char *first, *signature, *name;
  } cases[] = {
    { "Ada", "Bob Example", "ADA" },
    { NULL, "Bob  Example", "BOB" },
    { NULL, "  Bob", "BOB" },
    { "  ", "", "FRIEND" },
    { NULL, NULL, "FRIEND" },
    { "Zoë", NULL, "ZOË" },
    { "Anne-Marie", NULL, "ANNE-MARIE" },
    { "O'Neil", NULL, "O'NEIL" },
    { "**Ada**", NULL, "ADA" },
    { "[Ada](http://x)", NULL, "ADAHTTPX" },
    { "# Ada", NULL, "ADA" },
    { "- Ada", NULL, "ADA" },
    { "((first_name))", NULL, "FIRSTNAME" },
    { "Ada\n\nBob", NULL, "ADABOB" },
    { "***", NULL, "FRIEND" },
    { "J.", NULL, "J." },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (json_t) user =
        json_pack ("{s{s{ss?}}}", "veteran_information", "full_name", "first", cases[i].first);
    g_autoptr (json_t) form =
        json_pack ("{ss?}", "statement_of_truth_signature", cases[i].signature);
    g_autofree char *name =
        mail_first_name (&(MailFacts){ .user_data = user, .form = form, .no_name = "FRIEND" });

    g_test_message ("%s", cases[i].first ? cases[i].first : "-");
    g_assert_cmpstr (name, ==, cases[i].name);
  }
}

static void
test_date (void)
{
  static const char *const days[][2] = {
    { "2026-11-21", "November 21, 2026" },
    { "2026-01-02", "January 02, 2026" },
    { "2028-02-29", "February 29, 2028" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (days); i++) {
    g_autofree char *date = mail_date (days[i][0]);

    g_assert_cmpstr (date, ==, days[i][1]);
  }
}

/* What the template wants, and no more: a value that it has no place for would be told to nobody. */
static void
test_values (void)
{
  static char *wanted[] = { (char *)"confirmation_number", (char *)"first_name", NULL };
  const NotifyTemplate template = { .values = wanted };
  g_autoptr (json_t) user = parse ("{\"veteran_information\":{\"full_name\":{\"first\":\"Ada\"}}}");
  g_autoptr (json_t) form = json_object ();
  g_autoptr (json_t) values = mail_values (
      &template, &(MailFacts){ .user_data = user, .form = form, .guid = "g", .day = "2026-11-21" });
  g_autoptr (json_t) expected =
      json_pack ("{ss ss}", "first_name", "ADA", "confirmation_number", "g");

  g_assert_true (json_equal (values, expected));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notify/mail/addresses-profile-first-none-twice", test_addresses);
  g_test_add_func ("/notify/mail/an-address-that-is-too-long-is-none", test_too_long);
  g_test_add_func ("/notify/mail/first-name-without-marks", test_first_name);
  g_test_add_func ("/notify/mail/date-in-words", test_date);
  g_test_add_func ("/notify/mail/values-that-the-template-wants", test_values);
  return g_test_run ();
}
