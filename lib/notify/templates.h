/* Which template of VA Notify an e-mail is made with, and which values it wants: settings, for the
 * templates are each environment's own. Source: README.md, "The e-mails". */
#pragma once

#include <glib.h>
#include "base/settings.h"

typedef struct {
  char *id;      /* UUID in lower case; NULL: such e-mails are not sent here */
  char **values; /* the names that it wants, NULL-terminated */
} NotifyTemplate;

typedef struct NotifyTemplates NotifyTemplates;

/* notify-templates */
extern const Setting notify_templates_settings[];
/* Errors: %SETTINGS_ERROR_INVALID: an e-mail without a template, a template that is none, a value
 * that nobody can give, an error e-mail that is not to be sent. */
NotifyTemplates *notify_templates_new (const Settings *settings, GError **error);
void notify_templates_free (NotifyTemplates *templates);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NotifyTemplates, notify_templates_free)

/* @kind: submitted, in_progress, received, error or error_again, which is the same e-mail to another
 * address. By the forms that the claim holds, at least one. Borrowed. */
const NotifyTemplate *notify_templates_find (const NotifyTemplates *templates, const char *kind,
                                             gboolean has_686c, gboolean has_674);
