/* Templates. See templates.h. */
#include "notify/templates.h"

#include <string.h>

#define OFF         "off"
#define ERROR_KIND  "error"
#define ERROR_AGAIN "error_again"

const Setting notify_templates_settings[] = {
  { .name = "notify-templates",
    .type = SETTING_TEXT,
    .default_value = "",
    .help = "The template of each e-mail, KIND/FORMS=UUID and the names of its values with blanks "
            "between, a semicolon after each; off in place of a UUID: not sent. Kinds: submitted, "
            "in_progress, received, error. Forms: 686c-674, 686c, 674. Values: first_name, "
            "date_submitted, confirmation_number.",
    .required = TRUE },
  { NULL },
};

static const char *const kinds[] = { "submitted", "in_progress", "received", ERROR_KIND };
static const char *const forms[] = { "686c-674", "686c", "674" };
static const char *const values[] = { "first_name", "date_submitted", "confirmation_number", NULL };

struct NotifyTemplates {
  NotifyTemplate of[G_N_ELEMENTS (kinds)][G_N_ELEMENTS (forms)];
};

static gboolean
refuse (GError **error, const char *entry, const char *why)
{
  g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID, "notify-templates: %s: %s", entry,
               why);
  return FALSE;
}

static NotifyTemplate *
place_of (NotifyTemplates *templates, const char *name)
{
  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    for (gsize f = 0; f < G_N_ELEMENTS (forms); f++) {
      g_autofree char *here = g_strconcat (kinds[k], "/", forms[f], NULL);

      if (g_str_equal (here, name))
        return &templates->of[k][f];
    }
  return NULL;
}

/* @given: what stands behind the equals sign. */
static gboolean
read_template (NotifyTemplate *template, const char *name, const char *given, GError **error)
{
  g_auto (GStrv) words = g_strsplit_set (given, " \t", -1);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (gsize i = 1; words[0] && words[i]; i++) {
    if (*words[i] && !g_strv_contains (values, words[i]))
      return refuse (error, name, "a value that nobody can give");
    if (*words[i])
      g_strv_builder_add (names, words[i]);
  }
  template->values = g_strv_builder_end (names);
  if (g_strcmp0 (words[0], OFF) == 0)
    return !g_str_has_prefix (name, ERROR_KIND "/") ||
           refuse (error, name, "nobody would be told of a failure");
  if (!words[0] || !g_uuid_string_is_valid (words[0]))
    return refuse (error, name, "its template is no UUID");
  template->id = g_ascii_strdown (words[0], -1);
  return TRUE;
}

static gboolean
read_entry (NotifyTemplates *templates, char *entry, GError **error)
{
  char *equals = strchr (entry, '=');
  NotifyTemplate *template;

  if (!equals)
    return refuse (error, entry, "has no equals sign");
  *equals = '\0';
  template = place_of (templates, g_strstrip (entry));
  if (!template)
    return refuse (error, entry, "is none of the e-mails");
  if (template->values)
    return refuse (error, entry, "is there twice");
  return read_template (template, entry, g_strstrip (equals + 1), error);
}

static gboolean
are_complete (const NotifyTemplates *templates, GError **error)
{
  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    for (gsize f = 0; f < G_N_ELEMENTS (forms); f++) {
      g_autofree char *name = g_strconcat (kinds[k], "/", forms[f], NULL);

      if (!templates->of[k][f].values)
        return refuse (error, name, "has no template");
    }
  return TRUE;
}

NotifyTemplates *
notify_templates_new (const Settings *settings, GError **error)
{
  g_autoptr (NotifyTemplates) templates = g_new0 (NotifyTemplates, 1);
  g_auto (GStrv) entries = g_strsplit_set (settings_text (settings, "notify-templates"), ";\n", -1);

  for (gsize i = 0; entries[i]; i++)
    if (*g_strstrip (entries[i]) && !read_entry (templates, entries[i], error))
      return NULL;
  return are_complete (templates, error) ? g_steal_pointer (&templates) : NULL;
}

void
notify_templates_free (NotifyTemplates *templates)
{
  if (!templates)
    return;
  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    for (gsize f = 0; f < G_N_ELEMENTS (forms); f++) {
      g_free (templates->of[k][f].id);
      g_strfreev (templates->of[k][f].values);
    }
  g_free (templates);
}

const NotifyTemplate *
notify_templates_find (const NotifyTemplates *templates, const char *kind, gboolean has_686c,
                       gboolean has_674)
{
  gsize form = has_686c && has_674 ? 0 : has_686c ? 1 : 2;
  const char *known = g_str_equal (kind, ERROR_AGAIN) ? ERROR_KIND : kind;

  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    if (g_str_equal (kinds[k], known))
      return &templates->of[k][form];
  return NULL;
}
