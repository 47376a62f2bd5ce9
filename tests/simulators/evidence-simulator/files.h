/* The folders and what has been put into them. Thread safe. Time is this machine's, and can be put
 * forward. */
#pragma once

#include <glib.h>
#include <jansson.h>
#include "document/document.h"
#include "evidence-simulator/folder.h"
#include "evidence-simulator/payload.h"

typedef struct Files Files;

/* @time_zone: an identifier, where the service is. @kept_bytes: of contents; beyond it the oldest are
 * forgotten, and all else stays known of them. NULL: there is no such zone. */
Files *files_new (const char *time_zone, gsize kept_bytes);
void files_free (Files *files);
void files_clear (Files *files);

gint64 files_now_ms (Files *files);
char *files_today (Files *files); /* YYYY-MM-DD where the service is */
void files_put_clock_forward (Files *files, gint64 ms);
/* How long a new file is not yet found by a search; it is there all the same. */
void files_set_search_lag_ms (Files *files, gint64 ms);

/* The answer to an upload, a new reference; NULL: the folder has a file of this name. */
json_t *files_add (Files *files, const Folder *folder, const Payload *payload, GBytes *content,
                   const Document *document);
/* @content_name: NULL for all of the folder. Newest first; @page from 1. */
json_t *files_search (Files *files, const Folder *folder, const char *content_name, guint per_page,
                      guint page);
/* A new reference, or NULL; both. */
json_t *files_item (Files *files, const char *uuid);
GBytes *files_content (Files *files, const char *uuid); /* NULL, too: it has been forgotten */
json_t *files_state (Files *files);
