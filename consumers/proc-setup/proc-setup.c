/* proc-setup: opens the one BGS proc that the children of a claim group share, and its proc forms.
 *
 *   reads    claims.submitted           keyed by Veteran
 *   emits    claims.686c, claims.674    one record a child, with the message's transaction
 *   calls    BGS: vnp proc, vnp proc form
 *   repeat   safe. The proc is a journalled step: an answer that is lost costs an empty proc in
 *            state Started, which is recorded as an orphan. A proc form is looked up after such a
 *            loss, for BGS refuses a second one; and that refusal says that the form is there.
 *   tells    what the claim holds and BGS is not told as it stands: a left_out event each
 *   dead     the group is a failure and goes by paper; at once when the Veteran has no
 *            participant id, or BGS cannot be told the claim at all.
 *
 * Source: lib/submission/README.md, rules 1, 4, 5, 8 and 12. */
#include "bgs/bgs.h"
#include "bgs/kept.h"
#include "bgs/proc-form.h"
#include "bgs/proc.h"
#include "claims/claim-group.h"
#include "claims/group-facts.h"
#include "events/child-claim-ready.h"
#include "events/claim-submitted.h"
#include "pipeline/consumer.h"
#include "pipeline/run.h"
#include "pipeline/step.h"
#include "pipeline/verdicts.h"
#include "submission/set-up.h"
#include "submission/submission.h"

#include <string.h>

/* What the story works on. Lives until the message is settled: the transaction reads it. */
typedef struct {
  BgsClient *bgs;
  ClaimGroup *group;
  SetUpLook look;
  char *proc_id;
} Setup;

static Setup *load_group (Run *run, const ClaimSubmitted *submitted, GError **error);
static char *create_proc (Run *run, Setup *setup, GError **error);
static gboolean ensure_proc_form (Run *run, Setup *setup, const char *form_type, GError **error);
static gboolean hand_to_forms (Transaction *transaction, Run *run, gpointer data, GError **error);
static gboolean has_child (const Setup *setup, const char *form_type);
static void setup_free (gpointer setup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Setup, setup_free)

static gboolean
open_proc_for_group (Run *run, gconstpointer message, GError **error)
{
  g_autoptr (Setup) setup = load_group (run, message, error);
  g_autofree char *refusal = NULL;

  if (!setup)
    return FALSE;
  if (!g_str_equal (setup->group->state, "accepted"))
    return run_skip (run, "the claim group is past its set-up");
  /* The same group under another message id; a later replay hands on what is not submitted. */
  if (setup->group->proc_id && run_replay (run) == 0)
    return run_skip (run, "the claim group has been set up");
  /* At once: no repetition makes BGS able to hold it. */
  refusal = set_up_refusal (&setup->look);
  if (refusal)
    return run_refuse (run, refusal, error);

  setup->proc_id = create_proc (run, setup, error);
  if (!setup->proc_id)
    return FALSE;
  if (has_child (setup, "21-686C") && !ensure_proc_form (run, setup, "21-686C", error))
    return FALSE;
  if (has_child (setup, "21-674") && !ensure_proc_form (run, setup, "21-674", error))
    return FALSE;

  run_on_settle (run, hand_to_forms, g_steal_pointer (&setup), setup_free);
  return TRUE;
}

/* --- The group, and whether a person has to review it. --- */

static gboolean
has_child (const Setup *setup, const char *form_type)
{
  for (guint i = 0; i < setup->group->children->len; i++) {
    const ChildClaim *child = g_ptr_array_index (setup->group->children, i);

    if (g_str_equal (child->form_type, form_type))
      return TRUE;
  }
  return FALSE;
}

/* Decided once, and stored on the group: the form consumers read it there. */
static gboolean
load (Run *run, Db *db, Setup *setup, const ClaimSubmitted *submitted, GError **error)
{
  setup->group = claim_group_load (db, run_sealer (run), submitted->claim_group_id, error);
  return setup->group && set_up_look (db, run_sealer (run), setup->group, &setup->look, error);
}

static Setup *
load_group (Run *run, const ClaimSubmitted *submitted, GError **error)
{
  g_autoptr (Setup) setup = g_new0 (Setup, 1);
  Db *db = run_db_take (run, error);
  gboolean is_loaded;

  if (!db)
    return NULL;
  setup->bgs = run_context (run);
  is_loaded = load (run, db, setup, submitted, error);
  run_db_give (run, db);
  return is_loaded ? g_steal_pointer (&setup) : NULL;
}

static void
setup_free (gpointer data)
{
  Setup *setup = data;

  if (!setup)
    return;
  claim_group_free (setup->group);
  set_up_look_clear (&setup->look);
  g_free (setup->proc_id);
  g_free (setup);
}

/* --- What BGS is not told. --- */

/* Nothing of a claim is lost in silence: an event a finding, with the transaction that sets the
 * group up. */
static gboolean
tell_findings (Transaction *transaction, const Setup *setup, GError **error)
{
  for (guint i = 0; i < setup->look.findings->len; i++) {
    const SurveyFinding *finding = g_ptr_array_index (setup->look.findings, i);
    g_autofree char *detail = g_strdup_printf ("%s %s", finding->code, finding->field);

    if (!transaction_monitoring_event (transaction, "left_out", setup->group->guid, 0, detail,
                                       error))
      return FALSE;
  }
  return TRUE;
}

/* --- The proc. --- */

static char *
call_create_proc (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  const Setup *setup = data;
  const BgsProc proc = { .state = setup->look.review_reasons ? BGS_PROC_MANUAL : BGS_PROC_STARTED };

  return bgs_proc_create (setup->bgs, &setup->look.veteran->caller, &proc, error);
}

static char *
create_proc (Run *run, Setup *setup, GError **error)
{
  const BgsProc proc = { .state = setup->look.review_reasons ? BGS_PROC_MANUAL : BGS_PROC_STARTED };
  g_autofree char *request = bgs_proc_digest_text (&proc);
  const Step step = {
    .name = "create-proc",
    .request = request,
    .call = call_create_proc,
    .orphan = "an empty proc that nothing refers to",
    .timeout_ms = bgs_client_read_timeout_ms (setup->bgs),
  };
  g_autofree char *kept = run_step (run, &step, setup, error);
  char *proc_id;

  if (!kept)
    return NULL;
  proc_id = bgs_kept_value (kept, "vnpProcId");
  if (!proc_id)
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_INVALID, "the kept proc has no vnpProcId");
  return proc_id;
}

/* --- A proc form: one a form type, whatever happens. --- */

typedef struct {
  const Setup *setup;
  BgsProcForm form;
} FormCall;

static char *
call_create_form (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  const FormCall *call = data;

  return bgs_proc_form_create (call->setup->bgs, &call->setup->look.veteran->caller, &call->form,
                               error);
}

static LookOutcome
look_for_form (Run *run G_GNUC_UNUSED, gpointer data, char **ret_result, GError **error)
{
  const FormCall *call = data;
  g_autoptr (GError) problem = NULL;
  gboolean exists = FALSE;

  if (bgs_proc_form_find (call->setup->bgs, &call->setup->look.veteran->caller, &call->form,
                          &exists, &problem)) {
    if (!exists)
      return LOOK_NOT_THERE;
    *ret_result = g_strdup ("");
    return LOOK_THERE;
  }
  /* The finder was never seen at work: when BGS refuses it, the create tells. */
  if (g_error_matches (problem, BGS_ERROR, BGS_ERROR_FAULT))
    return LOOK_CANNOT;
  g_propagate_error (error, g_steal_pointer (&problem));
  return LOOK_FAILED;
}

/* The proc is ours alone, so a form that is there already is ours too. */
static char *
read_duplicate (Run *run G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED, const GError *error,
                gboolean is_repeat G_GNUC_UNUSED)
{
  return bgs_proc_form_is_duplicate (error) ? g_strdup ("") : NULL;
}

static gboolean
ensure_proc_form (Run *run, Setup *setup, const char *form_type, GError **error)
{
  FormCall call = { .setup = setup, .form = { .proc_id = setup->proc_id, .form_type = form_type } };
  g_autofree char *name = g_strconcat ("create-proc-form/", form_type, NULL);
  g_autofree char *request = bgs_proc_form_digest_text (&call.form);
  const Step step = {
    .name = name,
    .request = request,
    .call = call_create_form,
    .look = look_for_form,
    .read = read_duplicate,
    .timeout_ms = bgs_client_read_timeout_ms (setup->bgs),
  };
  g_autofree char *result = run_step (run, &step, &call, error);

  return result != NULL;
}

/* --- With the transaction: the group knows its proc, each child has its record. --- */

static gboolean
hand_child (Transaction *transaction, Run *run, const Setup *setup, const ChildClaim *child,
            GError **error)
{
  const char *name = g_str_equal (child->form_type, "21-686C") ? "claims.686c" : "claims.674";
  g_autofree char *topic = run_topic (run, name);
  const ChildClaimReady ready = {
    .claim_group_id = setup->group->guid,
    .claim_id = child->claim_id,
    .proc_id = setup->proc_id,
  };
  g_autoptr (GBytes) value = child_claim_ready_encode (run_codec (run), topic, &ready, error);
  g_autofree char *scope = g_strdup_printf ("%" G_GINT64_FORMAT, child->claim_id);

  if (!value || !transaction_emit (transaction, name, setup->group->guid, setup->group->veteran_id,
                                   value, error))
    return FALSE;
  transaction_emit_scope (transaction, scope);
  return TRUE;
}

static gboolean
hand_to_forms (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  const Setup *setup = data;

  if (!claim_group_set_proc (transaction_db (transaction), setup->group->guid, setup->proc_id,
                             setup->look.review_reasons, error) ||
      !tell_findings (transaction, setup, error))
    return FALSE;
  for (guint i = 0; i < setup->group->children->len; i++) {
    const ChildClaim *child = g_ptr_array_index (setup->group->children, i);

    /* After a redrive some have their benefit claim already. */
    if (!g_str_equal (child->state, "submitted") &&
        !hand_child (transaction, run, setup, child, error))
      return FALSE;
  }
  return transaction_monitoring_event (transaction, "set-up-success", setup->group->guid, 0, NULL,
                                       error);
}

/* --- The end without success. --- */

static gboolean
fail_group (Transaction *transaction, Run *run, gconstpointer message, const GError *reason,
            gboolean *ret_dead_letter, GError **error)
{
  const ClaimSubmitted *submitted = message;
  const char *why = g_error_matches (reason, PIPELINE_ERROR, PIPELINE_ERROR_DEAD)
                        ? reason->message
                        : verdict_error_class (reason);

  (void)run;
  /* Else the group had left accepted: it has its end, and no second one. */
  return transaction_monitoring_event (transaction, "set-up-failure", submitted->claim_group_id, 0,
                                       why, error) &&
         transaction_try_group (transaction, submitted->claim_group_id, "failure", why,
                                ret_dead_letter, error);
}

/* --- The consumer. --- */

static gpointer
decode (EventCodec *codec, GBytes *value, const Record *record G_GNUC_UNUSED, GError **error)
{
  return claim_submitted_decode (codec, value, error);
}

static void
scope_of_group (gconstpointer message, RunScope *ret_scope)
{
  const ClaimSubmitted *submitted = message;

  ret_scope->scope = g_strdup (submitted->claim_group_id);
  ret_scope->claim_group_id = submitted->claim_group_id;
}

static gpointer
start (const Settings *settings, GError **error)
{
  return bgs_client_new (settings, error);
}

static void
stop (gpointer context)
{
  bgs_client_free (context);
}

static const Setting *const settings[] = { bgs_settings, bgs_answer_settings, NULL };
static const char *const downstreams[] = { "bgs", NULL };

static const Consumer proc_setup = {
  .name = "proc-setup",
  .topic = "claims.submitted",
  .decode = decode,
  .free_message = claim_submitted_free,
  .scope = scope_of_group,
  .handle = open_proc_for_group,
  .give_up = fail_group,
  .downstreams = downstreams,
  .verdicts = submission_verdicts,
  .call_limit_ms = bgs_call_limit_ms,
  .start = start,
  .stop = stop,
  .settings = settings,
};

int
main (int argc, char **argv)
{
  return consumer_main (&proc_setup, argc, argv);
}
