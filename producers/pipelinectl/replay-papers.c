/* What would be done about papers, see replay-papers.h. */
#include "replay-papers.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "claims/package.h"
#include "claims/paper.h"
#include "program/claim-record.h"
#include "program/journal.h"
#include "replay-steps.h"

/* As lib/intake/upload.h says, a room that this program does not link. */
#define LOCATION_LIFE_MS (900 * 1000)

typedef struct {
  const GPtrArray *journal; /* of the papers */
  gint64 limit_ms;
  json_t *steps;
} Telling;

/* @looks: what is unknown is looked for, and not made again. */
static void
add_step (const Telling *telling, const char *step, gboolean looks)
{
  replay_step_add (telling->steps, 0, telling->journal, step, (CourseTraits){ .looks = looks },
                   telling->limit_ms);
}

static gboolean
has_state (const JournalRow *row, const char *state)
{
  return row && g_str_equal (row->state, state);
}

/* Nothing goes to that location any more: the next one is made. */
static gboolean
is_used_up (const JournalRow *location, const JournalRow *put)
{
  if (has_state (put, "finished"))
    return !g_str_has_prefix (put->result ? put->result : "", "accepted");
  return has_state (location, "finished") && (!put || has_state (put, "failed")) &&
         location->started_at_ms + LOCATION_LIFE_MS < clock_database_now_ms ();
}

static void
add_package (const Telling *telling, guint package_no)
{
  for (guint number = 1;; number++) {
    g_autofree char *create = g_strdup_printf ("create-location/%u-%u", package_no, number);
    g_autofree char *put = g_strdup_printf ("put-package/%u-%u", package_no, number);

    if (is_used_up (journal_newest (telling->journal, create),
                    journal_newest (telling->journal, put)))
      continue;
    add_step (telling, create, FALSE);
    add_step (telling, put, TRUE);
    return;
  }
}

json_t *
replay_papers_steps (Db *db, Sealer *sealer, const Settings *settings, const RevivePapers *papers,
                     GError **error)
{
  g_autofree char *scope = claim_record_scope_of_papers (papers->guid);
  g_autoptr (GPtrArray) journal = journal_read (db, sealer, scope, error);
  const Telling telling = { .journal = journal,
                            .limit_ms = settings_number (settings, "unknown-settle-ms"),
                            .steps = json_array () };
  g_autoptr (json_t) steps = telling.steps;
  gboolean has_package = FALSE;
  guint package_no = 0;

  if (!journal || !package_number (db, papers->guid, &package_no, error))
    return NULL;
  for (guint i = 0; i < papers->papers->len; i++) {
    const RevivePaper *paper = g_ptr_array_index (papers->papers, i);
    g_autofree char *step = g_strdup_printf (UPLOAD_STEP "%u", paper->number);

    if (g_str_equal (paper->state, PAPER_STORED) || revive_paper_is_evidences (paper))
      add_step (&telling, step, TRUE);
    has_package |= revive_paper_is_backups (paper);
  }
  if (has_package)
    add_package (&telling, package_no);
  return g_steal_pointer (&steps);
}
