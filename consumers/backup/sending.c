/* Create and PUT of a package, journalled. See sending.h. */
#include "sending.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/crash-point.h"
#include "base/metrics.h"
#include "base/text.h"
#include "bgs/kept.h"
#include "claims/group-facts.h"
#include "claims/package.h"
#include "intake/report.h"
#include "intake/verdicts.h"
#include "pipeline/step.h"
#include "pipeline/verdicts.h"

#define ACCEPTED        "accepted"
#define EXPIRED         "expired"
#define REFUSED         "refused"
#define REFUSALS_MAX    2
#define DAMAGED_PUTS    3 /* one after the other, before it is left for later */
#define UNKNOWN_WAIT_MS 1000

/* One location, as journalled. */
typedef struct {
  const Sending *sending;
  char *put_step; /* what its PUT is journalled as */
  char *guid, *url;
  gint64 made_at_ms; /* before its create was sent, by the database's clock */
} Location;

static void
location_clear (Location *location)
{
  g_free (location->put_step);
  g_free (location->guid);
  g_free (location->url);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Location, location_clear)

static char *
step_name (const char *step, const Sending *sending, guint number)
{
  return g_strdup_printf ("%s/%u-%u", step, sending->package_no, number);
}

static gint64
age_ms (const Location *location)
{
  return clock_database_now_ms () + clock_database_error_ms () - location->made_at_ms;
}

/* No PUT to it would come through any more. */
static gboolean
is_over (const Location *location)
{
  const Sending *sending = location->sending;

  return intake_upload_limit_ms (sending->intake, intake_package_bytes (sending->package),
                                 age_ms (location)) == 0;
}

/* --- The location --- */

static char *
call_create (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  const Sending *sending = data;
  g_autoptr (IntakeLocation) made = intake_create_location (sending->intake, error);
  g_autoptr (json_t) kept = NULL;

  if (!made)
    return NULL;
  kept = json_pack ("{ssss}", "guid", made->guid, "location", made->location);
  return text_of_json (kept);
}

static gboolean
begin_attempt (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  const Sending *sending = data;
  char *guids[] = { (char *)run_claim_group_id (run), NULL };
  g_autofree char *uuid = bgs_kept_value (transaction_step_result (transaction), "guid");

  return claim_groups_lock (transaction_db (transaction), guids, error) &&
         package_attempt_begin (transaction_db (transaction), guids[0], sending->package_no,
                                PACKAGE_FORM, uuid, error);
}

static gboolean
create_location (const Sending *sending, guint number, Location *ret_location, GError **error)
{
  g_autofree char *name = step_name ("create-location", sending, number);
  const Step step = {
    .name = name,
    .call = call_create,
    .on_end = begin_attempt,
    .orphan = "a location that nobody uses, and that expires by itself",
    .timeout_ms = settings_number (run_settings (sending->run), "intake-timeout-ms"),
  };
  g_autofree char *kept = run_step (sending->run, &step, (gpointer)sending, error);

  if (!kept)
    return FALSE;
  *ret_location = (Location){
    .sending = sending,
    .put_step = step_name ("put-package", sending, number),
    .guid = bgs_kept_value (kept, "guid"),
    .url = bgs_kept_value (kept, "location"),
    .made_at_ms = run_journal_find (sending->run, NULL, name, NULL)->started_at_ms,
  };
  return TRUE;
}

/* --- The PUT --- */

/* What has become of a PUT whose location takes none any more. NULL + error: not to be told yet. */
static char *
ask_for_it (const Location *location, GError **error)
{
  const Sending *sending = location->sending;
  g_autoptr (IntakeUpload) upload = NULL;

  if (!GUARD (ASK))
    return g_strdup (EXPIRED);
  upload = intake_find_upload (sending->intake, location->guid, error);
  if (!upload)
    return NULL;
  if (upload->status == INTAKE_STATUS_EXPIRED)
    return g_strdup (EXPIRED);
  if (upload->status == INTAKE_STATUS_PENDING) {
    (void)run_snooze (sending->run,
                      settings_number (run_settings (sending->run), "unknown-settle-ms"),
                      "nobody knows yet whether the package has come", error);
    return NULL;
  }
  if (g_strcmp0 (upload->code, "DOC105") == 0) { /* one that it has given out itself */
    g_set_error_literal (error, INTAKE_ERROR, INTAKE_ERROR_UNKNOWN,
                         "status: the service does not know its own guid");
    return NULL;
  }
  return g_strdup (ACCEPTED);
}

/* The same package again at once where something else was stored than was sent. */
static char *
put (const Location *location, GError **error)
{
  const Sending *sending = location->sending;
  g_autoptr (GError) problem = NULL;
  g_autofree char *md5 = NULL;

  for (guint i = 0; !md5 && i < DAMAGED_PUTS; i++) {
    g_clear_error (&problem);
    md5 = intake_upload (sending->intake, location->url, age_ms (location), sending->package,
                         &problem);
    if (!md5 && !g_error_matches (problem, INTAKE_ERROR, INTAKE_ERROR_DAMAGED))
      break;
  }
  if (md5) {
    metrics_observe_ms (METRIC_LOCATION_SECONDS, age_ms (location), NULL);
    return g_strconcat (ACCEPTED " ", md5, NULL);
  }
  g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}

static gboolean
was_unknown (const Location *location)
{
  return run_journal_unknowns (location->sending->run, NULL, location->put_step) > 0;
}

/* The newest row of its PUT stands so. */
static gboolean
stands (const Location *location, const char *state)
{
  const JournalRow *row = run_journal_find (location->sending->run, NULL, location->put_step, NULL);

  return row && g_str_equal (row->state, state);
}

static char *
call_put (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  const Location *location = data;
  g_autoptr (GError) problem = NULL;
  char *result;

  if (is_over (location))
    return ask_for_it (location, error);
  result = put (location, &problem);
  if (result)
    return result;
  /* The storage takes it no more. An earlier PUT of unknown outcome may have come through. */
  if (g_error_matches (problem, INTAKE_ERROR, INTAKE_ERROR_LOCATION))
    return was_unknown (location) ? ask_for_it (location, error) : g_strdup (REFUSED);
  g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}

static LookOutcome
look_for_put (Run *run G_GNUC_UNUSED, gpointer data, char **ret_result, GError **error)
{
  const Location *location = data;

  if (!is_over (location))
    return LOOK_CANNOT; /* the same PUT again */
  *ret_result = ask_for_it (location, error);
  return *ret_result ? LOOK_THERE : LOOK_FAILED;
}

static char *
put_package (Location *location, GError **error)
{
  const Sending *sending = location->sending;
  const Step step = {
    .name = location->put_step,
    .request = sending->request,
    .call = call_put,
    .look = look_for_put,
    .timeout_ms =
        intake_upload_limit_ms (sending->intake, intake_package_bytes (sending->package), 0),
  };

  return run_step (sending->run, &step, location, error);
}

/* --- A PUT that nobody knows of --- */

static gboolean
note_unknown (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  const Sending *sending = data;
  char *guids[] = { (char *)run_claim_group_id (run), NULL };

  return claim_groups_lock (transaction_db (transaction), guids, error) &&
         package_attempt_end (transaction_db (transaction), guids[0], sending->package_no,
                              PACKAGE_FORM, "unknown", "unknown-outcome", "the PUT has no answer",
                              error);
}

/* It spends no attempt, for the last one must not end a package that has come through: within its
 * location's life it is made again, later it is asked for, up to outage-max-wait. */
static gboolean
wait_for_put (Location *location, GError *problem_taken, GError **error)
{
  const Sending *sending = location->sending;
  g_autoptr (GError) problem = problem_taken;

  if (g_error_matches (problem, PIPELINE_ERROR, PIPELINE_ERROR_UNKNOWN)) {
    if (!run_transaction (sending->run, note_unknown, (gpointer)sending, error))
      return FALSE;
    return run_snooze (sending->run, UNKNOWN_WAIT_MS, problem->message, error);
  }
  if ((stands (location, "started") || was_unknown (location)) && problem->domain == INTAKE_ERROR &&
      verdict_of (problem) == VERDICT_RETRY)
    return run_look_later (sending->run, problem->message, error);
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/* --- The story --- */

typedef enum { LOCATION_NEXT, LOCATION_TAKEN, LOCATION_FAILED } LocationEnd;

/* Made, and never used while it could be: nothing has gone there. */
static gboolean
is_stale (const Location *location)
{
  gboolean has_row =
      run_journal_find (location->sending->run, NULL, location->put_step, NULL) != NULL;

  return is_over (location) &&
         (!has_row || (stands (location, "failed") && !was_unknown (location)));
}

static LocationEnd
use_location (Location *location, guint *refusals, GError **error)
{
  gboolean was_finished = stands (location, "finished");
  g_autoptr (GError) problem = NULL;
  g_autofree char *result = NULL;

  if (is_stale (location))
    return LOCATION_NEXT;
  result = put_package (location, &problem);
  if (!result) {
    (void)wait_for_put (location, g_steal_pointer (&problem), error);
    return LOCATION_FAILED;
  }
  if (g_str_has_prefix (result, ACCEPTED))
    return LOCATION_TAKEN;
  if (g_str_equal (result, REFUSED) && ++*refusals >= REFUSALS_MAX) {
    (void)run_refuse (location->sending->run, "intake-locations-refused", error);
    return LOCATION_FAILED;
  }
  if (g_str_equal (result, EXPIRED) && !was_finished) { /* the package was lost: an attempt */
    g_set_error_literal (error, INTAKE_ERROR, INTAKE_ERROR_LOCATION,
                         "put: the location has expired, and nothing has come");
    return LOCATION_FAILED;
  }
  return LOCATION_NEXT;
}

gboolean
sending_send (const Sending *sending, char **ret_uuid, GError **error)
{
  guint refusals = 0;

  for (guint number = 1;; number++) {
    g_auto (Location) location = { 0 };

    if (!create_location (sending, number, &location, error))
      return FALSE;
    switch (use_location (&location, &refusals, error)) {
    case LOCATION_TAKEN:
      *ret_uuid = g_steal_pointer (&location.guid);
      return TRUE;
    case LOCATION_FAILED:
      return FALSE;
    case LOCATION_NEXT:
      break;
    }
  }
}
