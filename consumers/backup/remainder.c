/* Papers of a group that is established. See remainder.h. */
#include "remainder.h"

#include "base/metrics.h"
#include "claims/group-facts.h"
#include "parcel.h"

static gboolean
is_to_go (const Paper *paper)
{
  return g_str_equal (paper->state, PAPER_REFUSED) && !paper->is_settled;
}

GPtrArray *
remainder_list (Db *db, const char *guid, GError **error)
{
  GPtrArray *papers = papers_list (db, guid, error);

  for (guint i = 0; papers && i < papers->len;)
    if (is_to_go (g_ptr_array_index (papers, i)))
      i++;
    else
      g_ptr_array_remove_index (papers, i);
  return papers;
}

static gboolean
is_left_out (const Paper *paper, const GArray *refusals)
{
  for (guint i = 0; i < refusals->len; i++)
    if (g_array_index (refusals, ParcelRefusal, i).number == paper->attachment_no)
      return TRUE;
  return FALSE;
}

/* What a package goes without was told beside: a person has been asked. */
gboolean
remainder_accepted (Transaction *transaction, const char *guid, const GPtrArray *papers,
                    const GArray *refusals, guint package_no, GError **error)
{
  const PaperChange change = { .package_no = package_no };
  guint left = 0;

  for (guint i = 0; i < papers->len; i++) {
    const Paper *paper = g_ptr_array_index (papers, i);
    gboolean is_changed;

    if (is_left_out (paper, refusals))
      continue;
    if (!transaction_try_paper (transaction, guid, paper, PAPER_BY_INTAKE, &change,
                                "the package that it is in was accepted", &is_changed, error))
      return FALSE;
    metrics_count (METRIC_PAPERS, 1, "by-intake", NULL);
  }
  return papers_give_up (transaction_db (transaction), guid, &left, error);
}

gboolean
remainder_give_up (Transaction *transaction, const char *guid, gint64 parent_claim_id,
                   const char *why, GError **error)
{
  char *guids[] = { (char *)guid, NULL };
  guint count = 0;

  return claim_groups_lock (transaction_db (transaction), guids, error) &&
         papers_give_up (transaction_db (transaction), guid, &count, error) &&
         (count == 0 ||
          (transaction_monitoring_event (transaction, "papers-not-stored", guid, 0, why, error) &&
           transaction_needs_person (transaction, guid, parent_claim_id, "papers-not-stored", 0,
                                     error)));
}

/* Those that went by the package with that row, and that nothing else has moved since. */
static gboolean
move_those_of (Transaction *transaction, const char *guid, gint64 package_id, const char *to,
               const PaperChange *change, const char *why, GError **error)
{
  g_autoptr (GPtrArray) papers = papers_list (transaction_db (transaction), guid, error);

  for (guint i = 0; papers && i < papers->len; i++) {
    const Paper *paper = g_ptr_array_index (papers, i);
    gboolean is_changed;

    if (paper->package_id == package_id &&
        !transaction_try_paper (transaction, guid, paper, to, change, why, &is_changed, error))
      return FALSE;
  }
  return papers != NULL;
}

gboolean
remainder_lost (Transaction *transaction, const char *guid, gint64 package_id, const char *why,
                GError **error)
{
  const PaperChange change = { .error_class = why };

  return move_those_of (transaction, guid, package_id, PAPER_REFUSED, &change, why, error);
}

gboolean
remainder_healed (Transaction *transaction, const char *guid, gint64 package_id, guint package_no,
                  GError **error)
{
  const PaperChange change = { .package_no = package_no };

  return move_those_of (transaction, guid, package_id, PAPER_BY_INTAKE, &change,
                        "the package has arrived after all", error);
}
