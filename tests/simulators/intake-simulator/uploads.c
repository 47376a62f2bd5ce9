/* Uploads by guid. An upload's status is found when somebody looks: from its times, and from what
 * the judge has said. */
#include "intake-simulator/uploads.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "intake-simulator/judgement.h"

/* In the order of a life. */
typedef enum {
  STATUS_PENDING,
  STATUS_UPLOADED,
  STATUS_RECEIVED,
  STATUS_PROCESSING,
  STATUS_SUCCESS,
  STATUS_VBMS,
  STATUS_ERROR,
  STATUS_EXPIRED,
} Status;

static const struct {
  const char *word;
  gboolean is_final; /* of an error its code decides */
} statuses[] = {
  [STATUS_PENDING] = { "pending", FALSE },   [STATUS_UPLOADED] = { "uploaded", FALSE },
  [STATUS_RECEIVED] = { "received", FALSE }, [STATUS_PROCESSING] = { "processing", FALSE },
  [STATUS_SUCCESS] = { "success", FALSE },   [STATUS_VBMS] = { "vbms", TRUE },
  [STATUS_ERROR] = { "error", FALSE },       [STATUS_EXPIRED] = { "expired", TRUE },
};

typedef struct {
  char *guid;
  gint64 created_ms, stored_ms, updated_ms;
  Status status;
  char *code, *detail;
  gboolean is_final;
  gboolean is_told; /* by a test: it moves no more */
  json_t *told_pdf; /* may be NULL */
  guint puts;
  GBytes *object;       /* NULL: nothing was PUT */
  Judgement *judgement; /* NULL: not judged yet */
  json_t *reported;     /* what a report tells, until reported_ms + cache; may be NULL */
  gint64 reported_ms;
} Upload;

struct Uploads {
  UploadsOptions options;
  Status last_status;
  GThreadPool *judges; /* of one: in the order in which they were stored */

  GMutex lock; /* guards what follows */
  GCond judged;
  GHashTable *by_guid; /* guid -> Upload */
  GPtrArray *in_order; /* of Upload, borrowed */
  guint to_be_judged;
  gint64 ahead_ms;
};

/* What the judge is handed. */
typedef struct {
  char *guid;
  GBytes *object;
} Case;

static void
forget_object (Upload *upload)
{
  g_clear_pointer (&upload->judgement, judgement_free);
  g_clear_pointer (&upload->object, g_bytes_unref);
}

static void
upload_free (gpointer data)
{
  Upload *upload = data;

  forget_object (upload);
  json_decref (upload->reported);
  json_decref (upload->told_pdf);
  g_free (upload->guid);
  g_free (upload->code);
  g_free (upload->detail);
  g_free (upload);
}

static gboolean
find_status (const char *word, Status *ret_status)
{
  for (gsize i = 0; word && i < G_N_ELEMENTS (statuses); i++)
    if (strcmp (statuses[i].word, word) == 0) {
      *ret_status = (Status)i;
      return TRUE;
    }
  return FALSE;
}

static gint64
now_ms_locked (Uploads *uploads)
{
  return clock_now_ms () + uploads->ahead_ms;
}

/* --- Judging --- */

static void
judge (gpointer data, gpointer user)
{
  Uploads *uploads = user;
  Case *judged = data;
  Judgement *judgement = judgement_new (judged->object);
  Upload *upload = NULL;

  g_mutex_lock (&uploads->lock);
  upload = g_hash_table_lookup (uploads->by_guid, judged->guid);
  /* Another object may have taken its place, or all may be forgotten. */
  if (upload && upload->object == judged->object)
    upload->judgement = g_steal_pointer (&judgement);
  uploads->to_be_judged--;
  g_cond_broadcast (&uploads->judged);
  g_mutex_unlock (&uploads->lock);
  judgement_free (judgement);
  g_bytes_unref (judged->object);
  g_free (judged->guid);
  g_free (judged);
}

static void
wait_for_judge (Uploads *uploads)
{
  while (uploads->to_be_judged > 0)
    g_cond_wait (&uploads->judged, &uploads->lock);
}

/* --- Moving on --- */

static void
set_status (Upload *upload, Status status, gint64 at_ms)
{
  upload->status = status;
  upload->updated_ms = at_ms;
  upload->is_final = statuses[status].is_final;
}

static void
set_error (Upload *upload, const char *code, const char *detail, gint64 at_ms)
{
  set_status (upload, STATUS_ERROR, at_ms);
  g_free (upload->code);
  upload->code = g_strdup (code);
  g_free (upload->detail);
  upload->detail = judgement_cut_detail (detail);
  upload->is_final = g_str_has_prefix (code, "DOC1"); /* the others may heal */
}

/* Puts an upload where it should be by now. The lock is held. */
static void
move_on (Uploads *uploads, Upload *upload)
{
  gint64 now_ms = now_ms_locked (uploads);
  gint64 step_ms = uploads->options.step_ms;

  if (upload->is_told || upload->is_final)
    return;
  if (!upload->object) {
    if (now_ms >= upload->created_ms + PENDING_LIFE_MS)
      set_status (upload, STATUS_EXPIRED, upload->created_ms + PENDING_LIFE_MS);
    return;
  }
  if (upload->status == STATUS_PENDING)
    set_status (upload, STATUS_UPLOADED, upload->stored_ms);
  while (upload->judgement && upload->status < uploads->last_status) {
    gint64 due_ms = upload->stored_ms + step_ms * (gint64)upload->status;

    if (due_ms > now_ms)
      return;
    if (upload->judgement->code) {
      set_error (upload, upload->judgement->code, upload->judgement->detail, due_ms);
      return;
    }
    set_status (upload, (Status)(upload->status + 1), due_ms);
  }
}

/* --- On the wire --- */

static double
round_inches (double inches)
{
  return round (inches * 100) / 100;
}

static json_t *
document_json (const Document *document)
{
  return json_pack ("{s:i, s:I, s:{s:f, s:f, s:b}}", "page_count", (int)document->pages,
                    "file_size", (json_int_t)document->bytes, "dimensions", "height",
                    round_inches (document->height_in), "width", round_inches (document->width_in),
                    "oversized_pdf", document->is_oversized);
}

/* Null until the documents have been looked at, and found good. */
static json_t *
uploaded_pdf_json (const Upload *upload)
{
  const Judgement *judgement = upload->judgement;
  json_t *content = NULL;
  json_t *attachments = NULL;
  json_t *line = NULL;
  guint pages = 0;

  if (upload->told_pdf)
    return json_incref (upload->told_pdf);
  if (!judgement || judgement->code || upload->status < STATUS_RECEIVED)
    return json_null ();
  attachments = json_array ();
  for (guint i = 0; i < judgement->documents->len; i++) {
    const Document *document = &g_array_index (judgement->documents, JudgedDocument, i).document;

    pages += document->pages;
    if (i == 0)
      content = document_json (document);
    else
      json_array_append_new (attachments, document_json (document));
  }
  json_object_set_new (content, "attachments", attachments);
  line = json_object_get (judgement->metadata, "businessLine");
  return json_pack ("{s:i, s:i, s:O?, s:o}", "total_documents", (int)judgement->documents->len,
                    "total_pages", (int)pages, "line_of_business", line, "content", content);
}

static json_t *
item_json (const char *guid, json_t *attributes)
{
  return json_pack ("{s:s, s:s, s:o}", "id", guid, "type", "document_upload", "attributes",
                    attributes);
}

static json_t *
upload_json (const Upload *upload, const char *location, const char *pretended_status)
{
  g_autofree char *updated_at = clock_format_iso (upload->updated_ms);
  const char *status = pretended_status ? pretended_status : statuses[upload->status].word;

  return item_json (upload->guid,
                    json_pack ("{s:s, s:s, s:s?, s:s, s:b, s:s, s:s?, s:o}", "guid", upload->guid,
                               "status", status, "code", upload->code, "detail",
                               upload->detail ? upload->detail : "", "final_status",
                               upload->is_final, "updated_at", updated_at, "location", location,
                               "uploaded_pdf", uploaded_pdf_json (upload)));
}

static json_t *
unknown_json (const char *guid)
{
  return item_json (guid, json_pack ("{s:s, s:s, s:s, s:s, s:b, s:n, s:n}", "guid", guid, "status",
                                     "error", "code", "DOC105", "detail", "Invalid or unknown id",
                                     "final_status", TRUE, "updated_at", "uploaded_pdf"));
}

json_t *
uploads_item (Uploads *uploads, const char *guid, const char *location,
              const char *pretended_status)
{
  Upload *upload = NULL;
  json_t *item = NULL;

  g_mutex_lock (&uploads->lock);
  upload = g_hash_table_lookup (uploads->by_guid, guid);
  if (upload) {
    move_on (uploads, upload);
    g_clear_pointer (&upload->reported, json_decref);
    item = upload_json (upload, location, pretended_status);
  }
  g_mutex_unlock (&uploads->lock);
  return item;
}

/* A copy, so that what is kept is never shared between threads. The lock is held. */
static json_t *
reported_json (Uploads *uploads, Upload *upload)
{
  gint64 now_ms = now_ms_locked (uploads);

  if (!upload->reported || now_ms >= upload->reported_ms + uploads->options.report_cache_ms) {
    move_on (uploads, upload);
    json_decref (upload->reported);
    upload->reported = upload_json (upload, NULL, NULL);
    upload->reported_ms = now_ms;
  }
  return json_deep_copy (upload->reported);
}

json_t *
uploads_report (Uploads *uploads, json_t *ids)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  json_t *items = json_array ();

  g_mutex_lock (&uploads->lock);
  for (gsize i = json_array_size (ids); i-- > 0;) { /* no order is promised */
    json_t *id = json_array_get (ids, i);
    char *text = json_is_string (id) ? g_strdup (json_string_value (id))
                                     : json_dumps (id, JSON_ENCODE_ANY | JSON_COMPACT);
    Upload *upload = g_hash_table_lookup (uploads->by_guid, text);

    if (g_hash_table_add (seen, g_strdup (text)))
      json_array_append_new (items, upload ? reported_json (uploads, upload) : unknown_json (text));
    free (text);
  }
  g_mutex_unlock (&uploads->lock);
  return items;
}

/* --- What comes in --- */

char *
uploads_create (Uploads *uploads)
{
  Upload *upload = g_new0 (Upload, 1);
  char *guid = text_new_uuid ();

  upload->guid = g_strdup (guid);
  g_mutex_lock (&uploads->lock);
  upload->created_ms = upload->updated_ms = now_ms_locked (uploads);
  g_hash_table_insert (uploads->by_guid, upload->guid, upload);
  g_ptr_array_add (uploads->in_order, upload);
  g_mutex_unlock (&uploads->lock);
  return guid;
}

gint64
uploads_created_ms (Uploads *uploads, const char *guid)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&uploads->lock);
  Upload *upload = g_hash_table_lookup (uploads->by_guid, guid);

  return upload ? upload->created_ms : -1;
}

gboolean
uploads_store (Uploads *uploads, const char *guid, GBytes *object)
{
  Case *judged = NULL;
  Upload *upload = NULL;

  g_mutex_lock (&uploads->lock);
  upload = g_hash_table_lookup (uploads->by_guid, guid);
  if (upload) {
    upload->puts++;
    move_on (uploads, upload);
    if (!upload->is_told && upload->status <= STATUS_UPLOADED) {
      forget_object (upload);
      upload->object = g_bytes_ref (object);
      upload->stored_ms = now_ms_locked (uploads);
      upload->status = STATUS_PENDING;
      judged = g_new0 (Case, 1);
      judged->guid = g_strdup (guid);
      judged->object = g_bytes_ref (object);
      uploads->to_be_judged++;
    }
  }
  g_mutex_unlock (&uploads->lock);
  if (judged)
    g_thread_pool_push (uploads->judges, judged, NULL); /* fails only where no thread can be had */
  return upload != NULL;
}

/* --- For tests --- */

static void
tell (Upload *upload, const Advance *advance, Status status, gint64 now_ms)
{
  set_status (upload, status, now_ms);
  upload->is_told = TRUE;
  g_clear_pointer (&upload->code, g_free);
  g_clear_pointer (&upload->detail, g_free);
  if (status == STATUS_ERROR)
    set_error (upload, advance->code ? advance->code : "DOC202",
               advance->detail ? advance->detail : "", now_ms);
  if (advance->is_final >= 0)
    upload->is_final = advance->is_final;
  json_decref (upload->told_pdf);
  upload->told_pdf = json_deep_copy (advance->uploaded_pdf);
  g_clear_pointer (&upload->reported, json_decref);
}

int
uploads_advance (Uploads *uploads, const Advance *advance)
{
  Status status = STATUS_PENDING;
  int count = 0;

  if (!find_status (advance->status, &status))
    return -1;
  g_mutex_lock (&uploads->lock);
  wait_for_judge (uploads);
  for (guint i = 0; i < uploads->in_order->len; i++) {
    Upload *upload = g_ptr_array_index (uploads->in_order, i);

    move_on (uploads, upload);
    if (advance->guid ? strcmp (upload->guid, advance->guid) != 0 : upload->is_final)
      continue;
    tell (upload, advance, status, now_ms_locked (uploads));
    count++;
  }
  g_mutex_unlock (&uploads->lock);
  return count;
}

static json_t *
parts_json (const Judgement *judgement)
{
  json_t *parts = json_array ();

  for (guint i = 0; judgement && judgement->parts && i < judgement->parts->len; i++) {
    const Part *part = g_ptr_array_index (judgement->parts, i);
    g_autoptr (GBytes) sent = part_as_sent (part);
    g_autofree char *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, sent);

    json_array_append_new (parts, json_pack ("{s:s, s:s, s:I, s:s, s:b}", "name", part->name,
                                             "type", part->type, "bytes",
                                             (json_int_t)g_bytes_get_size (sent), "sha256", sha256,
                                             "dropped", !payload_is_known_part (part->name)));
  }
  return parts;
}

static json_t *
state_of_upload (const Upload *upload)
{
  g_autofree char *created_at = clock_format_iso (upload->created_ms);
  g_autofree char *updated_at = clock_format_iso (upload->updated_ms);
  const Judgement *judgement = upload->judgement;

  return json_pack ("{s:s, s:s, s:s?, s:s, s:b, s:s, s:s, s:i, s:b, s:O?, s:o, s:o}", "guid",
                    upload->guid, "status", statuses[upload->status].word, "code", upload->code,
                    "detail", upload->detail ? upload->detail : "", "final_status",
                    upload->is_final, "created_at", created_at, "updated_at", updated_at, "puts",
                    (int)upload->puts, "is_base64", judgement && judgement->is_base64, "metadata",
                    judgement ? judgement->metadata : NULL, "parts", parts_json (judgement),
                    "uploaded_pdf", uploaded_pdf_json (upload));
}

json_t *
uploads_state (Uploads *uploads)
{
  json_t *list = json_array ();

  g_mutex_lock (&uploads->lock);
  wait_for_judge (uploads);
  for (guint i = 0; i < uploads->in_order->len; i++) {
    Upload *upload = g_ptr_array_index (uploads->in_order, i);

    move_on (uploads, upload);
    json_array_append_new (list, state_of_upload (upload));
  }
  g_mutex_unlock (&uploads->lock);
  return json_pack ("{s:o}", "uploads", list);
}

GBytes *
uploads_part (Uploads *uploads, const char *guid, const char *name, const char **ret_type)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&uploads->lock);
  Upload *upload = NULL;

  wait_for_judge (uploads);
  upload = g_hash_table_lookup (uploads->by_guid, guid);
  if (!upload || !upload->judgement || !upload->judgement->parts)
    return NULL;
  for (guint i = 0; i < upload->judgement->parts->len; i++) {
    const Part *part = g_ptr_array_index (upload->judgement->parts, i);

    if (strcmp (part->name, name) == 0) {
      *ret_type = part->type;
      return part_as_sent (part);
    }
  }
  return NULL;
}

gint64
uploads_now_ms (Uploads *uploads)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&uploads->lock);

  return now_ms_locked (uploads);
}

void
uploads_put_clock_forward (Uploads *uploads, gint64 ms)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&uploads->lock);

  wait_for_judge (uploads);
  uploads->ahead_ms += ms;
}

Uploads *
uploads_new (const UploadsOptions *options)
{
  Uploads *uploads = g_new0 (Uploads, 1);

  uploads->options = *options;
  uploads->last_status = STATUS_RECEIVED;
  (void)find_status (options->last_status, &uploads->last_status); /* the setting has a list */
  g_mutex_init (&uploads->lock);
  g_cond_init (&uploads->judged);
  uploads->by_guid = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, upload_free);
  uploads->in_order = g_ptr_array_new ();
  uploads->judges = g_thread_pool_new (judge, uploads, 1, FALSE, NULL);
  return uploads;
}

void
uploads_clear (Uploads *uploads)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&uploads->lock);

  wait_for_judge (uploads);
  g_ptr_array_set_size (uploads->in_order, 0);
  g_hash_table_remove_all (uploads->by_guid);
}

void
uploads_free (Uploads *uploads)
{
  if (!uploads)
    return;
  g_thread_pool_free (uploads->judges, FALSE, TRUE);
  g_ptr_array_unref (uploads->in_order);
  g_hash_table_unref (uploads->by_guid);
  g_mutex_clear (&uploads->lock);
  g_cond_clear (&uploads->judged);
  g_free (uploads);
}
