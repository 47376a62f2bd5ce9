/* What goes into a package. See parcel.h. */
#include "parcel.h"

#include <unistd.h>

#include "base/spool.h"
#include "bgs/countries.h"
#include "claims/attachment.h"
#include "claims/error.h"
#include "consumers/backup/parcel.sql.h"
#include "intake/metadata.h"
#include "pdf/count.h"
#include "submission/leftovers.h"

#define ROOM_WAIT_MS 1000

const Setting parcel_settings[] = {
  { "max-packages-bytes", SETTING_NUMBER, "600000000",
    "Most bytes of attachments that packages in hand hold together, in memory; what finds no room "
    "waits. A package that is larger goes alone.",
    NULL, 1, 17179869184 },
  { NULL },
};

/* --- Room --- */

struct ParcelRoom {
  gint64 max_bytes;
  GMutex lock;
  gint64 taken_bytes; /* guarded by lock */
};

ParcelRoom *
parcel_room_new (const Settings *settings)
{
  ParcelRoom *room = g_new0 (ParcelRoom, 1);

  room->max_bytes = settings_number (settings, "max-packages-bytes");
  g_mutex_init (&room->lock);
  return room;
}

void
parcel_room_free (ParcelRoom *room)
{
  if (!room)
    return;
  g_mutex_clear (&room->lock);
  g_free (room);
}

static gboolean
take_room (ParcelRoom *room, gint64 bytes)
{
  gboolean is_free;

  g_mutex_lock (&room->lock);
  is_free = room->taken_bytes == 0 || bytes <= room->max_bytes - room->taken_bytes;
  if (is_free)
    room->taken_bytes += bytes;
  g_mutex_unlock (&room->lock);
  return is_free;
}

static void
give_room (ParcelRoom *room, gint64 bytes)
{
  g_mutex_lock (&room->lock);
  room->taken_bytes -= bytes;
  g_mutex_unlock (&room->lock);
}

void
parcel_free (Parcel *parcel)
{
  if (!parcel)
    return;
  give_room (parcel->room, parcel->room_bytes);
  intake_package_free (parcel->package);
  g_free (parcel->digest);
  g_ptr_array_unref (parcel->pressed);
  g_array_unref (parcel->refusals);
  g_array_unref (parcel->changes);
  g_free (parcel);
}

/* A parcel being filled. */
typedef struct {
  const ParcelOf *of;
  Parcel *parcel;
  GChecksum *sum;
  GPtrArray *notices; /* of char *: sentences for the main document, NULL-ended */
} Filling;

/* --- Whose it is --- */

static gboolean
is_abroad (const json_t *address)
{
  const char *country = json_string_value (json_object_get (address, "country"));

  return country && *country && g_strcmp0 (bgs_country_name (country, NULL), "USA") != 0 &&
         !bgs_country_us_state (country);
}

static char *
metadata_of (const ParcelOf *of, GError **error)
{
  const json_t *application = json_object_get (of->parent, "dependents_application");
  const json_t *contact = json_object_get (application, "veteran_contact_information");
  const json_t *address = json_object_get (contact, "veteran_address");
  const IntakeMetadata metadata = {
    .first_name = of->veteran->first_name,
    .last_name = of->veteran->last_name,
    .file_number = of->veteran->file_number,
    .ssn = of->veteran->ssn,
    .postal_code = json_string_value (json_object_get (address, "postal_code")),
    .is_abroad = is_abroad (address),
    .claim_date = of->group->submission_day,
  };

  return intake_metadata_json (&metadata, error);
}

/* --- What the main document says beside --- */

static void
notice (Filling *filling, char *sentence_taken)
{
  g_ptr_array_insert (filling->notices, (int)filling->notices->len - 1, sentence_taken);
}

/* Each form says of itself what is known; that a search found nothing is said once, of all. */
static void
notice_searches (Filling *filling)
{
  for (guint i = 0; i < filling->of->known->len; i++) {
    const ChildKnown *known = g_ptr_array_index (filling->of->known, i);
    const ChildClaim *child = g_ptr_array_index (filling->of->group->children, i);

    if (known->insert == INSERT_MISSED)
      notice (filling, g_strdup_printf ("Form %s (document %u of this submission) was also sent "
                                        "electronically without an answer; no benefit claim was "
                                        "found for it afterwards.",
                                        child->form_type, i + 1));
  }
}

static gboolean
notice_filed_again (Filling *filling, GError **error)
{
  Db *db = run_db_take (filling->of->run, error);
  g_autoptr (DbRows) rows =
      db ? db_query (db, error, SQL_FILED_AGAIN, "i", filling->of->group->row_id) : NULL;

  run_db_give (filling->of->run, db);
  if (!rows)
    return FALSE;
  if (db_rows_count (rows))
    notice (filling, g_strdup_printf ("The Veteran has filed again since, on %s.",
                                      db_rows_text (rows, 0, "submission_day")));
  return TRUE;
}

/* --- The documents --- */

static gboolean
add_document (Filling *filling, GBytes *pdf, GError **error)
{
  Parcel *parcel = filling->parcel;
  gsize length;
  const guchar *bytes = g_bytes_get_data (pdf, &length);
  g_autofree char *own = g_compute_checksum_for_data (G_CHECKSUM_SHA256, bytes, length);
  guint page_count = 0;

  if (!pdf_count_pages (pdf, &page_count, error))
    return FALSE;
  intake_package_add_bytes (parcel->package, pdf);
  g_checksum_update (filling->sum, (const guchar *)own, -1);
  parcel->document_count++;
  parcel->page_count += page_count;
  return TRUE;
}

static gboolean
add_paper (Filling *filling, const PapersClaim *claim, guint child, GError **error)
{
  g_autoptr (GBytes) pdf = papers_print (filling->of->papers, claim, child, error);

  return pdf && add_document (filling, pdf, error);
}

/* The 686c first, else the first 674; then the others in their order. */
static gboolean
add_papers (Filling *filling, GError **error)
{
  const ParcelOf *of = filling->of;
  guint count = of->group->children->len, main_child;
  g_autofree PapersChild *children = g_new0 (PapersChild, count);
  PapersClaim claim = {
    .parent = of->parent,
    .user_data = of->group->user_data,
    .submitted_at_ms = of->group->submitted_at_ms,
    .submission_day = of->group->submission_day,
    .children = children,
    .child_count = count,
    .notices = (const char *const *)filling->notices->pdata,
  };

  for (guint i = 0; i < count; i++) {
    const ChildKnown *known = g_ptr_array_index (of->known, i);
    const ChildClaim *child = g_ptr_array_index (of->group->children, i);

    children[i] = (PapersChild){ .form_type = child->form_type,
                                 .form = g_ptr_array_index (of->forms, i),
                                 .bgs_claim_id = known->benefit_claim_id,
                                 .insert_unknown = known->insert == INSERT_UNKNOWN };
  }
  main_child = papers_main_child (&claim);
  if (!add_paper (filling, &claim, main_child, error))
    return FALSE;
  for (guint i = 0; i < count; i++)
    if (i != main_child && !add_paper (filling, &claim, i, error))
      return FALSE;
  return TRUE;
}

/* --- The attachments --- */

#define LETTER_WIDTH  612
#define LETTER_HEIGHT 792
#define PRESS_WAIT_MS 60000 /* one at a time */
#define PRESS_BUSY_MS 1000

/* The door has let it in, and it cannot go along: the package goes without it, and says so. */
static void
leave_out (Filling *filling, const ParcelRefusal *refusal, const char *sentence)
{
  g_array_append_val (filling->parcel->refusals, *refusal);
  notice (filling, g_strdup_printf ("Attachment %u is not part of this submission. %s",
                                    refusal->number, sentence));
}

static void
leave_out_refused (Filling *filling, guint number, const PressResult *result)
{
  const ParcelRefusal refusal = { number, press_refusal_code (result->refusal), result->ended };
  g_autofree char *sentence = press_refusal_sentence (result->refusal, result->page);

  leave_out (filling, &refusal, sentence);
}

static void
leave_out_damaged (Filling *filling, guint number)
{
  const ParcelRefusal refusal = { number, "damaged-in-store", NULL };

  leave_out (filling, &refusal, "It was received, and what was stored of it cannot be read.");
}

/* No other look will find it as it came. A master key that is not there is another matter: somebody
 * can bring it. */
static gboolean
is_damaged (const GError *problem)
{
  return g_error_matches (problem, SEAL_ERROR, SEAL_ERROR_DAMAGED) ||
         g_error_matches (problem, CLAIMS_ERROR, CLAIMS_ERROR_INVALID);
}

static void
take_in (Filling *filling, guint number, PressResult *result_taken)
{
  const ParcelChange change = { number, result_taken->notes };

  if (change.notes)
    g_array_append_val (filling->parcel->changes, change);
  g_ptr_array_add (filling->parcel->pressed, result_taken);
}

/* Opened, in a file without a name; the caller closes it. -1 on failure. */
static int
open_attachment (const ParcelOf *of, gint64 id, GError **error)
{
  Db *db = run_db_take (of->run, error);
  int fd =
      db ? spool_file_new (settings_text (run_settings (of->run), "spool-directory"), error) : -1;
  gint64 length;

  if (fd >= 0 && !claim_attachment_read (db, run_sealer (of->run), id, fd, &length, error)) {
    (void)close (fd);
    fd = -1;
  }
  run_db_give (of->run, db);
  return fd;
}

/* The door has had it looked at: what has only run out of time here, or was killed, is looked at
 * once more. */
static PressResult *
press_twice (Press *press, int fd, GBytes *stamps, GError **error)
{
  static const PressPlace corner = { 0, 0 };
  g_autoptr (PressResult) first =
      press_document (press, fd, stamps, &corner, 1, PRESS_WAIT_MS, error);

  return first && first->is_perhaps_ours
             ? press_document (press, fd, stamps, &corner, 1, PRESS_WAIT_MS, error)
             : g_steal_pointer (&first);
}

static gboolean
press_attachment (Filling *filling, gint64 id, guint number, GBytes *stamps, GError **error)
{
  const ParcelOf *of = filling->of;
  g_autoptr (PressResult) result = NULL;
  g_autoptr (GError) problem = NULL;
  int fd = open_attachment (of, id, &problem);

  if (fd < 0 && is_damaged (problem)) {
    leave_out_damaged (filling, number);
    return TRUE;
  }
  if (fd < 0) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  result = press_twice (of->press, fd, stamps, &problem);
  (void)close (fd); /* read by now */
  if (!result && g_error_matches (problem, PRESS_ERROR, PRESS_ERROR_BUSY))
    return run_snooze (of->run, PRESS_BUSY_MS, problem->message, error);
  if (!result) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  if (result->refusal != PRESS_FINE)
    leave_out_refused (filling, number, result);
  else
    take_in (filling, number, g_steal_pointer (&result));
  return TRUE;
}

static gboolean
take_room_for (Filling *filling, const GPtrArray *attachments, GError **error)
{
  gint64 bytes = 0;

  for (guint i = 0; i < attachments->len; i++)
    bytes += ((const ClaimAttachment *)g_ptr_array_index (attachments, i))->bytes_at_most;
  if (!take_room (filling->of->room, bytes))
    return run_snooze (filling->of->run, ROOM_WAIT_MS,
                       "other packages hold as many attachments as there may be", error);
  filling->parcel->room_bytes = bytes;
  return TRUE;
}

/* Before the papers, which say what is left out. */
static gboolean
press_attachments (Filling *filling, GError **error)
{
  const ParcelOf *of = filling->of;
  Db *db = run_db_take (of->run, error);
  g_autoptr (GPtrArray) attachments =
      db ? claim_attachments_list (db, run_sealer (of->run), of->group->parent_claim_id, error)
         : NULL;
  g_autoptr (GBytes) stamps = NULL;

  run_db_give (of->run, db);
  if (!attachments || attachments->len == 0)
    return attachments != NULL;
  if (!take_room_for (filling, attachments, error))
    return FALSE;
  stamps = papers_print_stamps (of->papers, LETTER_WIDTH, LETTER_HEIGHT, of->group->submitted_at_ms,
                                error);
  for (guint i = 0; stamps && i < attachments->len; i++) {
    const ClaimAttachment *attachment = g_ptr_array_index (attachments, i);

    if (!press_attachment (filling, attachment->id, i + 1, stamps, error))
      return FALSE;
  }
  return stamps != NULL;
}

static gboolean
add_sum_of_file (GChecksum *sum, int fd, gint64 length, GError **error)
{
  guchar buffer[65536];

  for (gint64 at = 0; at < length;) {
    gssize count = pread (fd, buffer, sizeof buffer, at);

    if (count <= 0) {
      g_set_error_literal (error, PRESS_ERROR, PRESS_ERROR_OWN, "a document cannot be read again");
      return FALSE;
    }
    g_checksum_update (sum, buffer, count);
    at += count;
  }
  return TRUE;
}

static gboolean
add_attachments (Filling *filling, GError **error)
{
  Parcel *parcel = filling->parcel;

  for (guint i = 0; i < parcel->pressed->len; i++) {
    const PressResult *result = g_ptr_array_index (parcel->pressed, i);

    if (!add_sum_of_file (filling->sum, result->fd, result->length, error))
      return FALSE;
    intake_package_add_file (parcel->package, result->fd, (gsize)result->length);
    parcel->document_count++;
    parcel->page_count += result->pages;
  }
  return TRUE;
}

static gboolean
fill (Filling *filling, GError **error)
{
  g_autofree char *metadata = metadata_of (filling->of, error);

  if (!metadata)
    return FALSE;
  filling->parcel->package = intake_package_new (metadata);
  g_checksum_update (filling->sum, (const guchar *)metadata, -1);
  notice_searches (filling);
  return notice_filed_again (filling, error) && press_attachments (filling, error) &&
         add_papers (filling, error) && add_attachments (filling, error) &&
         intake_package_check (filling->parcel->package, error);
}

Parcel *
parcel_new (const ParcelOf *of, GError **error)
{
  g_autoptr (Parcel) parcel = g_new0 (Parcel, 1);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GPtrArray) notices = g_ptr_array_new_with_free_func (g_free);
  Filling filling = { .of = of, .parcel = parcel, .sum = sum, .notices = notices };

  parcel->room = of->room;
  parcel->pressed = g_ptr_array_new_with_free_func ((GDestroyNotify)press_result_free);
  parcel->refusals = g_array_new (FALSE, FALSE, sizeof (ParcelRefusal));
  parcel->changes = g_array_new (FALSE, FALSE, sizeof (ParcelChange));
  g_ptr_array_add (notices, NULL);
  if (of->group->children->len == 0) {
    (void)run_refuse (of->run, "no-child-claims", error);
    return NULL;
  }
  if (!fill (&filling, error))
    return NULL;
  parcel->digest = g_strdup (g_checksum_get_string (sum));
  return g_steal_pointer (&parcel);
}
