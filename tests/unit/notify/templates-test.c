/* The setting of templates: complete, well-formed, or refused at the start. */
#include "notify/templates.h"

#include <string.h>

#define ID(n) "0000000" n "-0000-4000-8000-00000000000" n
#define ALL(kind)                                                                                  \
  kind "/686c-674=" ID ("1") " first_name date_submitted;" kind                                    \
                             "/686c=" ID ("2") ";" kind "/674=" ID ("3") " confirmation_number"
#define WHOLE ALL ("submitted") ";" ALL ("received") ";\n" ALL ("error") ";"

static NotifyTemplates *
read_templates (const char *text, GError **error)
{
  static const Setting *const tables[] = { notify_templates_settings, NULL };
  g_autofree char *given = g_strconcat ("--notify-templates=", text, NULL);
  char *arguments[] = { (char *)"test", given, NULL };
  char **argv = arguments;
  int argc = 2;
  g_autoptr (Settings) settings = settings_parse ("test", "", "", tables, &argc, &argv, error);

  return settings ? notify_templates_new (settings, error) : NULL;
}

static void
test_found (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NotifyTemplates) templates = read_templates (
      WHOLE " in_progress/686c-674=off;in_progress/686c = off;in_progress/674=" ID ("9"), &error);
  const NotifyTemplate *both, *again;

  g_assert_no_error (error);
  both = notify_templates_find (templates, "error", TRUE, TRUE);
  g_assert_cmpstr (both->id, ==, ID ("1"));
  g_assert_cmpuint (g_strv_length (both->values), ==, 2);
  g_assert_cmpstr (both->values[1], ==, "date_submitted");
  again = notify_templates_find (templates, "error_again", TRUE, TRUE);
  g_assert_true (again == both);
  g_assert_cmpstr (notify_templates_find (templates, "received", TRUE, FALSE)->id, ==, ID ("2"));
  g_assert_cmpstr (notify_templates_find (templates, "submitted", FALSE, TRUE)->id, ==, ID ("3"));
  g_assert_null (notify_templates_find (templates, "in_progress", TRUE, FALSE)->id);
  g_assert_cmpstr (notify_templates_find (templates, "in_progress", FALSE, TRUE)->id, ==, ID ("9"));
}

static void
test_refused (void)
{
  static const struct {
    const char *text, *says;
  } cases[] = {
    { "submitted/686c=" ID ("1"), "has no template" },
    { WHOLE, "in_progress/686c-674: has no template" },
    { WHOLE "in_progress/686c", "equals sign" },
    { WHOLE "progress/686c=" ID ("1"), "none of the e-mails" },
    { WHOLE "submitted/686c=" ID ("1"), "twice" },
    { "submitted/686c=12", "no UUID" },
    { "submitted/686c=", "no UUID" },
    { "submitted/686c=" ID ("1") " last_name", "nobody can give" },
    { "error/686c=off", "nobody would be told" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    g_test_message ("%s", cases[i].text);
    g_assert_null (read_templates (cases[i].text, &error));
    g_assert_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID);
    g_assert_nonnull (strstr (error->message, cases[i].says));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notify/templates/are-found-by-kind-and-forms", test_found);
  g_test_add_func ("/notify/templates/are-refused-at-the-start", test_refused);
  return g_test_run ();
}
