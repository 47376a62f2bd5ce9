/* Small text helpers with more than one user. */
#pragma once

#include <glib.h>
#include <jansson.h>

gboolean text_is_blank (const char *text); /* NULL, empty or white space only */
char *text_digits (const char *text);      /* only 0-9 of it; NULL gives "" */
/* Characters, not bytes; damaged UTF-8 is mended; NULL gives NULL. */
char *text_truncate_chars (const char *utf8, glong chars);
/* The length may leak, the contents not; NULL equals nothing. */
gboolean text_equal_constant_time (const char *a, const char *b);
char *text_hex (gconstpointer data, gsize length);
GBytes *text_unhex (const char *hex); /* NULL when malformed */
char *text_new_uuid (void);           /* random, version 4, lower case */
gboolean text_is_uuid (const char *text);
/* Compact, members in the order in which they were set; owned (g_free). */
char *text_of_json (const json_t *document);
/* In every URL of @text, *** in place of user and password; owned. */
char *text_mask_userinfo (const char *text);
