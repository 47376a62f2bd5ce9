/* Papers are handed on to evidence, or told of. See hand-on.h. */
#include "submission/hand-on.h"

#include "base/metrics.h"
#include "claims/paper.h"
#include "program/claim-record.h"

const Setting hand_on_settings[] = {
  { .name = "evidence",
    .type = SETTING_BOOLEAN,
    .default_value = "no",
    .help = "Whether the papers of claims that BGS has taken are stored in the Veteran's folder; "
            "needs the consumer evidence, and its evidence-url." },
  { .name = NULL },
};

static gboolean
emit_record (Transaction *transaction, gint64 parent_claim_id, GError **error)
{
  g_autoptr (ClaimRecord) record =
      claim_record_find (transaction_db (transaction), parent_claim_id, error);

  if (!record)
    return FALSE;
  record->is_of_papers = TRUE;
  return claim_record_emit (transaction, record, error);
}

static gboolean
tell_they_go_nowhere (Transaction *transaction, const char *guid, gint64 parent_claim_id,
                      guint count, GError **error)
{
  g_autofree char *detail =
      g_strdup_printf ("%u attachments are stored nowhere: evidence is off", count);

  metrics_count (METRIC_PAPERS, count, "off", NULL);
  return transaction_claim_event (transaction, guid, "PAPER", parent_claim_id, NULL, PAPER_OFF,
                                  detail, error) &&
         transaction_monitoring_event (transaction, "papers-off", guid, 0, detail, error);
}

gboolean
hand_on_papers (Transaction *transaction, Run *run, const char *guid, gint64 parent_claim_id,
                GError **error)
{
  gboolean is_on = settings_boolean (run_settings (run), "evidence");
  guint count = 0;

  if (!papers_add (transaction_db (transaction), guid, is_on, &count, error))
    return FALSE;
  if (count == 0)
    return TRUE;
  return is_on ? emit_record (transaction, parent_claim_id, error)
               : tell_they_go_nowhere (transaction, guid, parent_claim_id, count, error);
}
