/* The pipeline's own page of verdicts, and the question to all pages. One row an error; what no row
 * names is RETRY, and of its call nothing is known. Rooms that call somebody have pages of their
 * own, which the consumer brings (consumer.h); this one knows what stands below the pipeline. */
#include "pipeline/verdicts.h"

#include <string.h>

#include "base/seal.h"
#include "base/settings.h"
#include "claims/claim-group.h"
#include "claims/group-facts.h"
#include "db/db.h"
#include "db/migrate.h"
#include "events/codec.h"
#include "kafka/client.h"
#include "pipeline/run.h"
#include "program/program.h"

#define ANY    VERDICT_ANY_CODE
#define FAILED CALL_FAILED /* made before anything was sent: a database read, a rule of ours */

static const VerdictRow rows[] = {
  { pipeline_error_quark, PIPELINE_ERROR_LOST, NULL, VERDICT_LOST, FAILED, "token-lost" },
  { pipeline_error_quark, PIPELINE_ERROR_BOUNDARY, NULL, VERDICT_LOST, FAILED, "step-boundary" },
  { pipeline_error_quark, PIPELINE_ERROR_SNOOZE, NULL, VERDICT_SNOOZE, FAILED, "snooze" },
  { pipeline_error_quark, PIPELINE_ERROR_HOLD, NULL, VERDICT_HOLD, FAILED, "needs-person" },
  { pipeline_error_quark, PIPELINE_ERROR_DIGEST, NULL, VERDICT_HOLD, FAILED,
    HOLD_CHANGED_UNDER_A_STEP },
  { pipeline_error_quark, PIPELINE_ERROR_DEAD, NULL, VERDICT_DEAD, FAILED, "refused" },
  { pipeline_error_quark, PIPELINE_ERROR_GROUP_OVER, NULL, VERDICT_DONE, FAILED, "group-over" },
  { pipeline_error_quark, PIPELINE_ERROR_UNKNOWN, NULL, VERDICT_RETRY, CALL_UNKNOWN,
    "unknown-outcome" },
  { pipeline_error_quark, PIPELINE_ERROR_DATABASE, NULL, VERDICT_ILL, FAILED, "database-away" },
  { pipeline_error_quark, PIPELINE_ERROR_LOOK_LATER, NULL, VERDICT_RETRY, FAILED, "look-later" },
  { pipeline_error_quark, PIPELINE_ERROR_OUTAGE, NULL, VERDICT_DEAD, FAILED, "outage-max-wait" },
  { pipeline_error_quark, PIPELINE_ERROR_TOMBSTONE, NULL, VERDICT_DEAD, FAILED, "tombstone" },

  { claims_error_quark, CLAIMS_ERROR_NOT_FOUND, NULL, VERDICT_RETRY, FAILED, "claim-not-found" },
  { claims_error_quark, CLAIMS_ERROR_TRANSITION, NULL, VERDICT_RETRY, FAILED, "claim-state" },
  { claims_error_quark, CLAIMS_ERROR_INVALID, NULL, VERDICT_DEAD, FAILED,
    "claim-document-invalid" },

  /* A key can be brought back, and a process without it must not hold its record for ever; a value
   * that does not open under its own key stays as it is. */
  { seal_error_quark, SEAL_ERROR_UNKNOWN, NULL, VERDICT_RETRY, FAILED, "master-key-missing" },
  { seal_error_quark, SEAL_ERROR_DAMAGED, NULL, VERDICT_DEAD, FAILED, "sealed-value-damaged" },
  { seal_error_quark, SEAL_ERROR_KEYS, NULL, VERDICT_ILL, FAILED, "keys-malformed" },

  { db_error_quark, DB_ERROR_AWAY, NULL, VERDICT_ILL, FAILED, "database-away" },
  { db_error_quark, DB_ERROR_COMMIT_UNKNOWN, NULL, VERDICT_ILL, FAILED, "database-away" },
  { db_error_quark, DB_ERROR_CONFLICT, NULL, VERDICT_RETRY, FAILED, "database-conflict" },
  { db_error_quark, DB_ERROR_TIMEOUT, NULL, VERDICT_RETRY, FAILED, "database-timeout" },
  { db_error_quark, ANY, NULL, VERDICT_RETRY, FAILED, "database-statement" },

  { events_error_quark, EVENTS_ERROR_REGISTRY, NULL, VERDICT_ILL, FAILED, "schema-registry-away" },
  { events_error_quark, ANY, NULL, VERDICT_RETRY, FAILED, "event" },

  /* What is wrong with a program shows at its start, and ends it there. */
  { settings_error_quark, ANY, NULL, VERDICT_ILL, FAILED, "settings" },
  { program_error_quark, ANY, NULL, VERDICT_ILL, FAILED, "program" },
  { kafka_error_quark, ANY, NULL, VERDICT_ILL, FAILED, "broker" },
  { db_schema_error_quark, ANY, NULL, VERDICT_ILL, FAILED, "database-schema" },
};

static const VerdictPage own_page = VERDICT_PAGE (rows);

/* Set once, before there is a second thread. */
static const VerdictPage *const *consumer_pages;

void
verdicts_use (const VerdictPage *const *pages)
{
  consumer_pages = pages;
}

static const VerdictRow *
row_on (const VerdictPage *page, const GError *error)
{
  for (gsize i = 0; i < page->count; i++) {
    const VerdictRow *row = &page->rows[i];

    if (error->domain == row->domain () && (row->code == ANY || row->code == error->code) &&
        (!row->text || strstr (error->message, row->text)))
      return row;
  }
  return NULL;
}

static const VerdictRow *
row_of (const GError *error)
{
  const VerdictRow *row = row_on (&own_page, error);

  for (gsize i = 0; !row && consumer_pages && consumer_pages[i]; i++)
    row = row_on (consumer_pages[i], error);
  return row;
}

const char *
verdict_name (Verdict verdict)
{
  switch (verdict) {
  case VERDICT_DONE:
    return "DONE";
  case VERDICT_RETRY:
    return "RETRY";
  case VERDICT_SNOOZE:
    return "SNOOZE";
  case VERDICT_HOLD:
    return "HOLD";
  case VERDICT_DEAD:
    return "DEAD";
  case VERDICT_ILL:
    return "ILL";
  case VERDICT_LOST:
    return "LOST";
  }
  g_assert_not_reached ();
}

Verdict
verdict_of (const GError *error)
{
  const VerdictRow *row = error ? row_of (error) : NULL;

  if (!error)
    return VERDICT_DONE;
  return row ? row->verdict : VERDICT_RETRY;
}

const char *
verdict_error_class (const GError *error)
{
  const VerdictRow *row = error ? row_of (error) : NULL;

  return row ? row->error_class : error ? "unexpected" : NULL;
}

gboolean
verdict_is_downstream_away (const GError *error)
{
  const VerdictRow *row = error ? row_of (error) : NULL;

  return row && row->is_away;
}

gboolean
verdict_is_for_all (const GError *error)
{
  const VerdictRow *row = error ? row_of (error) : NULL;

  return row && row->for_all;
}

const char *
verdict_downstream (const GError *error)
{
  const VerdictRow *row = error ? row_of (error) : NULL;

  return row ? row->downstream : NULL;
}

CallOutcome
call_outcome (const GError *error)
{
  const VerdictRow *row = row_of (error);

  return row ? row->outcome : CALL_UNKNOWN;
}
