/* The API key: cut into its parts, and what is made with its secret. Source: README.md, "The key". */
#pragma once

#include <glib.h>

typedef struct {
  char *service_id; /* UUID: who we are */
  char *secret;     /* signs our tokens, and their callbacks */
} NotifyKey;

/* @text: name, service id and secret, joined by hyphens. Errors: %SETTINGS_ERROR_INVALID, which
 * tells nothing of it. */
NotifyKey *notify_key_parse (const char *text, GError **error);
void notify_key_free (NotifyKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NotifyKey, notify_key_free)

/* A JWT that says it was made at @now_s (Unix time), and is good for 30 s from there; owned. NULL:
 * no memory for it. */
char *notify_key_token (const NotifyKey *key, gint64 now_s);
