/* What goes into a package. See parcel.h. */
#include "parcel.h"

#include <unistd.h>

#include "bgs/countries.h"
#include "claims/attachment.h"
#include "consumers/backup/parcel.sql.h"
#include "dossier/pressing.h"
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

void
parcel_free (Parcel *parcel)
{
  if (!parcel)
    return;
  dossier_room_give (parcel->room, parcel->room_bytes);
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
  const json_t *application = json_object_get (of->dossier->parent, "dependents_application");
  const json_t *contact = json_object_get (application, "veteran_contact_information");
  const json_t *address = json_object_get (contact, "veteran_address");
  const IntakeMetadata metadata = {
    .first_name = of->dossier->veteran->first_name,
    .last_name = of->dossier->veteran->last_name,
    .file_number = of->dossier->veteran->file_number,
    .ssn = of->dossier->veteran->ssn,
    .postal_code = json_string_value (json_object_get (address, "postal_code")),
    .is_abroad = is_abroad (address),
    .claim_date = of->dossier->group->submission_day,
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
    const ChildClaim *child = g_ptr_array_index (filling->of->dossier->group->children, i);

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
      db ? db_query (db, error, SQL_FILED_AGAIN, "i", filling->of->dossier->group->row_id) : NULL;

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
add_forms (Filling *filling, GError **error)
{
  const ParcelOf *of = filling->of;
  g_autofree PapersChild *children = dossier_children (of->dossier, of->known);
  PapersClaim claim = dossier_claim (of->dossier, children);
  guint main_child = papers_main_child (&claim);

  claim.notices = (const char *const *)filling->notices->pdata;
  if (!add_paper (filling, &claim, main_child, error))
    return FALSE;
  for (guint i = 0; i < claim.child_count; i++)
    if (i != main_child && !add_paper (filling, &claim, i, error))
      return FALSE;
  return TRUE;
}

/* --- The attachments --- */

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

static void
take_in (Filling *filling, guint number, PressResult *result_taken)
{
  const ParcelChange change = { number, result_taken->notes };

  if (change.notes)
    g_array_append_val (filling->parcel->changes, change);
  g_ptr_array_add (filling->parcel->pressed, result_taken);
}

static gboolean
press_attachment (Filling *filling, const ClaimAttachment *attachment, GBytes *stamps,
                  GError **error)
{
  const ParcelOf *of = filling->of;
  guint number = attachment->position + 1;
  g_autoptr (PressResult) result = NULL;

  if (!pressing_press (of->run, of->press, attachment->id, stamps, &result, error))
    return FALSE;
  if (!result)
    leave_out_damaged (filling, number);
  else if (result->refusal != PRESS_FINE)
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
  if (!dossier_room_take (filling->of->room, bytes))
    return run_snooze (filling->of->run, ROOM_WAIT_MS,
                       "other packages hold as many attachments as there may be", error);
  filling->parcel->room_bytes = bytes;
  return TRUE;
}

/* Those that go along: all, or those among the papers that are to go. Of ClaimAttachment *. */
static GPtrArray *
list_attachments (const ParcelOf *of, GError **error)
{
  Db *db = run_db_take (of->run, error);
  GPtrArray *list = db ? claim_attachments_list (db, run_sealer (of->run),
                                                 of->dossier->group->parent_claim_id, error)
                       : NULL;

  run_db_give (of->run, db);
  for (guint i = 0; of->only && list && i < list->len;) {
    const ClaimAttachment *attachment = g_ptr_array_index (list, i);

    if (parcel_paper_of_attachment (of->only, attachment->position + 1))
      i++;
    else
      g_ptr_array_remove_index (list, i);
  }
  return list;
}

/* Before the papers, which say what is left out. */
static gboolean
press_attachments (Filling *filling, GError **error)
{
  const ParcelOf *of = filling->of;
  g_autoptr (GPtrArray) attachments = list_attachments (of, error);
  g_autoptr (GBytes) stamps = NULL;

  if (!attachments || attachments->len == 0)
    return attachments != NULL;
  if (!take_room_for (filling, attachments, error))
    return FALSE;
  stamps = pressing_stamps (of->papers, of->dossier->group->submitted_at_ms, error);
  for (guint i = 0; stamps && i < attachments->len; i++)
    if (!press_attachment (filling, g_ptr_array_index (attachments, i), stamps, error))
      return FALSE;
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

/* --- A package of papers --- */

const Paper *
parcel_paper_of_attachment (const GPtrArray *papers, guint number)
{
  for (guint i = 0; i < papers->len; i++) {
    const Paper *paper = g_ptr_array_index (papers, i);

    if (paper->attachment_no == number)
      return paper;
  }
  return NULL;
}

static gboolean
is_left_out (const Filling *filling, const Paper *paper)
{
  const GArray *refusals = filling->parcel->refusals;

  for (guint i = 0; i < refusals->len; i++)
    if (g_array_index (refusals, ParcelRefusal, i).number == paper->attachment_no)
      return TRUE;
  return FALSE;
}

/* Whose they are: nobody is to establish a claim for them again. */
static void
name_claims (Filling *filling)
{
  const ParcelOf *of = filling->of;

  for (guint i = 0; i < of->known->len; i++) {
    const ChildKnown *known = g_ptr_array_index (of->known, i);
    const ChildClaim *child = g_ptr_array_index (of->dossier->group->children, i);

    if (known->benefit_claim_id)
      notice (filling, g_strdup_printf ("These papers belong to benefit claim %s, which was "
                                        "established electronically for form %s, submitted on %s. "
                                        "Please do not establish it again.",
                                        known->benefit_claim_id, child->form_type,
                                        of->dossier->group->submission_day));
  }
}

static char *
sentence_of (const Paper *paper, guint document)
{
  g_autofree char *what = paper->attachment_no
                              ? g_strdup_printf ("attachment %u", paper->attachment_no)
                              : g_strconcat ("form ", paper->form_type, NULL);

  return paper->is_in_doubt
             ? g_strdup_printf ("Document %u of this submission is %s. It was also sent to the "
                                "Veteran's electronic folder without an answer, and may be there "
                                "under the name %s.",
                                document, what, paper->content_name)
             : g_strdup_printf ("Document %u of this submission is %s.", document, what);
}

/* The cover is the main document, and the first. FALSE without @error: there is nothing to send. */
static gboolean
add_cover (Filling *filling, const PapersClaim *claim, GError **error)
{
  const ParcelOf *of = filling->of;
  guint document = 1;
  g_autoptr (GBytes) pdf = NULL;

  name_claims (filling);
  for (guint i = 0; i < of->only->len; i++) {
    const Paper *paper = g_ptr_array_index (of->only, i);

    if (!is_left_out (filling, paper))
      notice (filling, sentence_of (paper, ++document));
  }
  if (document == 1)
    return run_refuse (of->run, "no-paper-can-be-sent", error);
  pdf = papers_print_cover (of->papers, claim, (const char *const *)filling->notices->pdata, error);
  return pdf && add_document (filling, pdf, error);
}

/* Forms stand before attachments, as their numbers do. */
static gboolean
add_only (Filling *filling, GError **error)
{
  const ParcelOf *of = filling->of;
  g_autofree PapersChild *children = dossier_children (of->dossier, of->known);
  const PapersClaim claim = dossier_claim (of->dossier, children);

  if (!add_cover (filling, &claim, error))
    return FALSE;
  for (guint i = 0; i < claim.child_count; i++) {
    const ChildClaim *child = g_ptr_array_index (of->dossier->group->children, i);

    for (guint k = 0; k < of->only->len; k++) {
      const Paper *paper = g_ptr_array_index (of->only, k);

      if (!paper->attachment_no && paper->claim_id == child->claim_id &&
          !add_paper (filling, &claim, i, error))
        return FALSE;
    }
  }
  return TRUE;
}

/* --- All of it --- */

static gboolean
fill (Filling *filling, GError **error)
{
  g_autofree char *metadata = metadata_of (filling->of, error);

  if (!metadata)
    return FALSE;
  filling->parcel->package = intake_package_new (metadata);
  g_checksum_update (filling->sum, (const guchar *)metadata, -1);
  if (!filling->of->only)
    notice_searches (filling);
  return notice_filed_again (filling, error) && press_attachments (filling, error) &&
         (filling->of->only ? add_only (filling, error) : add_forms (filling, error)) &&
         add_attachments (filling, error) && intake_package_check (filling->parcel->package, error);
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
  if (of->dossier->group->children->len == 0) {
    (void)run_refuse (of->run, "no-child-claims", error);
    return NULL;
  }
  if (!fill (&filling, error))
    return NULL;
  parcel->digest = g_strdup (g_checksum_get_string (sum));
  return g_steal_pointer (&parcel);
}
