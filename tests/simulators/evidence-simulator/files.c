/* One list of all files, and an index of what must be unique. */
#include "evidence-simulator/files.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"

#define MIME_TYPE "application/pdf"
#define SOURCE    "VAGOV" /* whose token it is */

typedef struct {
  char *uuid, *version_uuid;
  char *folder, *owner_id; /* its URI; the id in it */
  char *content_name, *md5, *sha256;
  json_t *provider_data;
  GBytes *content; /* NULL: forgotten */
  gsize bytes;
  guint pages;
  gint64 uploaded_ms;
} File;

struct Files {
  GTimeZone *zone;

  GMutex lock; /* guards what follows */
  GPtrArray *list;
  GHashTable *by_uuid, *by_name; /* -> File; a name with its folder before it */
  gint64 ahead_ms, search_lag_ms;
  gsize max_kept_bytes, kept_bytes;
  guint first_kept; /* in the list; those before it have been forgotten */
};

static void
file_free (gpointer data)
{
  File *file = data;

  g_free (file->uuid);
  g_free (file->version_uuid);
  g_free (file->folder);
  g_free (file->owner_id);
  g_free (file->content_name);
  g_free (file->md5);
  g_free (file->sha256);
  json_decref (file->provider_data);
  g_clear_pointer (&file->content, g_bytes_unref);
  g_free (file);
}

static char *
key_of (const char *folder, const char *content_name)
{
  return g_strconcat (folder, "/", content_name, NULL);
}

static gint64
now_ms_locked (Files *files)
{
  return clock_now_ms () + files->ahead_ms;
}

static char *
format (Files *files, gint64 utc_ms, const char *pattern)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (utc_ms / 1000);
  g_autoptr (GDateTime) there = g_date_time_to_timezone (utc, files->zone);

  return g_date_time_format (there, pattern);
}

static char *
uploaded_at (Files *files, const File *file)
{
  return format (files, file->uploaded_ms, "%Y-%m-%dT%H:%M:%S");
}

/* --- On the wire --- */

static json_t *
owner_json (const File *file)
{
  return json_pack ("{s:s, s:s}", "type", FOLDER_TYPE, "id", file->owner_id);
}

static json_t *
version_json (Files *files, const File *file)
{
  g_autofree char *at = uploaded_at (files, file);

  return json_pack ("{s:s, s:s, s:s}", "versionUuid", file->version_uuid, "mimeType", MIME_TYPE,
                    "uploadedDateTime", at);
}

static json_t *
answer_json (Files *files, const File *file)
{
  return json_pack ("{s:s, s:s, s:o, s:s, s:{s:o, s:o}}", "uuid", file->uuid, "currentVersionUuid",
                    file->version_uuid, "owner", owner_json (file), "md5", file->md5,
                    "conversionInformation", "preprocessed", version_json (files, file),
                    "converted", version_json (files, file));
}

/* Without its MD5, which nothing but the answer to the upload has. */
static json_t *
item_json (Files *files, const File *file)
{
  g_autofree char *at = uploaded_at (files, file);
  json_t *data = json_deep_copy (file->provider_data);

  json_object_set_new (data, "modifiedDateTime", json_string (at));
  json_object_set_new (data, "systemSource", json_string (SOURCE));
  return json_pack ("{s:o, s:s, s:s, s:{s:{s:s, s:s, s:I, s:s, s:s}, s:o}}", "owner",
                    owner_json (file), "uuid", file->uuid, "currentVersionUuid", file->version_uuid,
                    "currentVersion", "systemData", "uploadedDateTime", at, "contentName",
                    file->content_name, "contentSize", (json_int_t)file->bytes, "mimeType",
                    MIME_TYPE, "uploadSource", SOURCE, "providerData", data);
}

json_t *
files_item (Files *files, const char *uuid)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&files->lock);
  g_autofree char *key = g_ascii_strdown (uuid, -1);
  File *file = g_hash_table_lookup (files->by_uuid, key);

  return file ? item_json (files, file) : NULL;
}

/* The lock is held. */
static GPtrArray *
find_all (Files *files, const char *folder, const char *content_name)
{
  GPtrArray *found = g_ptr_array_new ();

  for (guint i = files->list->len; i-- > 0;) {
    File *file = g_ptr_array_index (files->list, i);

    if (strcmp (file->folder, folder) == 0 &&
        (!content_name || strcmp (file->content_name, content_name) == 0) &&
        file->uploaded_ms + files->search_lag_ms <= now_ms_locked (files))
      g_ptr_array_add (found, file);
  }
  return found;
}

json_t *
files_search (Files *files, const Folder *folder, const char *content_name, guint per_page,
              guint page)
{
  g_autoptr (GPtrArray) found = NULL;
  json_t *answer = NULL, *items = json_array ();
  guint64 first = (guint64)per_page * (page - 1);

  g_mutex_lock (&files->lock);
  found = find_all (files, folder->uri, content_name);
  for (guint64 i = first; i < found->len && i < first + per_page; i++)
    json_array_append_new (items, item_json (files, g_ptr_array_index (found, i)));
  g_mutex_unlock (&files->lock);
  answer =
      json_pack ("{s:{s:i, s:i, s:i, s:i}}", "page", "totalPages",
                 (int)((found->len + (guint64)per_page - 1) / per_page), "requestedResultsPerPage",
                 (int)per_page, "currentPage", (int)page, "totalResults", (int)found->len);
  if (json_array_size (items) > 0)
    json_object_set (answer, "files", items); /* there is none where nothing is found */
  json_decref (items);
  return answer;
}

/* --- What comes in --- */

/* All but the newest, as far as needed. The lock is held. */
static void
forget_oldest (Files *files)
{
  while (files->kept_bytes > files->max_kept_bytes && files->first_kept + 1 < files->list->len) {
    File *file = g_ptr_array_index (files->list, files->first_kept++);

    files->kept_bytes -= file->bytes;
    g_clear_pointer (&file->content, g_bytes_unref);
  }
}

json_t *
files_add (Files *files, const Folder *folder, const Payload *payload, GBytes *content,
           const Document *document)
{
  g_autofree char *key = key_of (folder->uri, payload->content_name);
  g_autofree char *md5 = g_compute_checksum_for_bytes (G_CHECKSUM_MD5, content);
  g_autofree char *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, content);
  json_t *answer = NULL;

  g_mutex_lock (&files->lock);
  if (!g_hash_table_contains (files->by_name, key)) {
    File *file = g_new0 (File, 1);

    *file = (File){
      .uuid = text_new_uuid (),
      .version_uuid = text_new_uuid (),
      .folder = g_strdup (folder->uri),
      .owner_id = g_strdup (folder->id),
      .content_name = g_strdup (payload->content_name),
      .md5 = g_steal_pointer (&md5),
      .sha256 = g_steal_pointer (&sha256),
      .provider_data = json_deep_copy (payload->provider_data),
      .content = g_bytes_new (g_bytes_get_data (content, NULL), g_bytes_get_size (content)),
      .bytes = g_bytes_get_size (content),
      .pages = document->pages,
      .uploaded_ms = now_ms_locked (files),
    };
    g_ptr_array_add (files->list, file);
    files->kept_bytes += file->bytes;
    forget_oldest (files);
    g_hash_table_insert (files->by_uuid, file->uuid, file);
    g_hash_table_insert (files->by_name, g_steal_pointer (&key), file);
    answer = answer_json (files, file);
  }
  g_mutex_unlock (&files->lock);
  return answer;
}

/* --- For tests --- */

GBytes *
files_content (Files *files, const char *uuid)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&files->lock);
  File *file = g_hash_table_lookup (files->by_uuid, uuid);

  return file && file->content ? g_bytes_ref (file->content) : NULL;
}

json_t *
files_state (Files *files)
{
  json_t *list = json_array ();

  g_mutex_lock (&files->lock);
  for (guint i = 0; i < files->list->len; i++) {
    const File *file = g_ptr_array_index (files->list, i);
    g_autofree char *at = clock_format_iso (file->uploaded_ms);

    json_array_append_new (
        list, json_pack ("{s:s, s:s, s:s, s:O, s:s, s:s, s:I, s:i, s:s}", "uuid", file->uuid,
                         "folder", file->folder, "contentName", file->content_name, "providerData",
                         file->provider_data, "md5", file->md5, "sha256", file->sha256, "bytes",
                         (json_int_t)file->bytes, "pages", (int)file->pages, "uploaded_at", at));
  }
  g_mutex_unlock (&files->lock);
  return json_pack ("{s:o}", "files", list);
}

gint64
files_now_ms (Files *files)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&files->lock);

  return now_ms_locked (files);
}

char *
files_today (Files *files)
{
  return format (files, files_now_ms (files), "%Y-%m-%d");
}

void
files_put_clock_forward (Files *files, gint64 ms)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&files->lock);

  files->ahead_ms += ms;
}

void
files_set_search_lag_ms (Files *files, gint64 ms)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&files->lock);

  files->search_lag_ms = ms;
}

Files *
files_new (const char *time_zone, gsize kept_bytes)
{
  GTimeZone *zone = g_time_zone_new_identifier (time_zone);
  Files *files = NULL;

  if (!zone)
    return NULL;
  files = g_new0 (Files, 1);
  files->zone = zone;
  files->max_kept_bytes = kept_bytes;
  g_mutex_init (&files->lock);
  files->list = g_ptr_array_new_with_free_func (file_free);
  files->by_uuid = g_hash_table_new (g_str_hash, g_str_equal);
  files->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return files;
}

void
files_clear (Files *files)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&files->lock);

  g_hash_table_remove_all (files->by_uuid);
  g_hash_table_remove_all (files->by_name);
  g_ptr_array_set_size (files->list, 0);
  files->kept_bytes = files->first_kept = 0;
}

void
files_free (Files *files)
{
  if (!files)
    return;
  g_hash_table_unref (files->by_uuid);
  g_hash_table_unref (files->by_name);
  g_ptr_array_unref (files->list);
  g_time_zone_unref (files->zone);
  g_mutex_clear (&files->lock);
  g_free (files);
}
