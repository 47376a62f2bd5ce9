#include "submission/submission.h"

#include "base/text.h"
#include "bgs/address-service.h"
#include "bgs/bid.h"
#include "bgs/kept.h"
#include "bgs/notes.h"
#include "bgs/participant.h"
#include "bgs/phone.h"
#include "bgs/routing.h"
#include "bgs/standard-data.h"
#include "bgs/vnp-benefit-claim.h"
#include "pipeline/step.h"
#include "submission/course.h"
#include "submission/planner.h"

#include <string.h>

G_DEFINE_QUARK (submission_error_quark, submission_error)

/* Where routing gives no office: station 347, and the location that BGS's own list has for it
 * (lib/bgs/README.md, fact 16). */
#define FALLBACK_STATION "347"

/* --- Opening. --- */

static gboolean
load (Submission *submission, const ChildClaimReady *ready, GError **error)
{
  Run *run = submission->run;
  Db *db = run_db_take (run, error);
  g_autoptr (json_t) form = NULL;
  g_autoptr (json_t) whole = NULL;
  g_autoptr (json_t) merged = NULL;

  if (!db)
    return FALSE;
  submission->group = claim_group_load (db, run_sealer (run), ready->claim_group_id, error);
  if (submission->group)
    form = claim_load_form (db, run_sealer (run), ready->claim_id, error);
  if (form)
    whole = claim_load_form (db, run_sealer (run), submission->group->parent_claim_id, error);
  run_db_give (run, db);
  if (!whole)
    return FALSE;

  submission->child = claim_group_child (submission->group, ready->claim_id);
  if (!submission->child) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND,
                 "claim %" G_GINT64_FORMAT " is not one of its group", ready->claim_id);
    return FALSE;
  }
  submission->benefit_claim_id = g_strdup (submission->child->bgs_claim_id);
  merged = veteran_merge (form, submission->group->user_data);
  submission->veteran = veteran_new (form, submission->group->user_data);
  veteran_hide (submission->veteran, whole, submission->group->user_data);
  submission->plan =
      planner_plan (submission->child->form_type, merged, submission->group->submission_day);
  submission->is_removal = settings_boolean (run_settings (run), "removal-check") &&
                           g_str_equal (submission->child->form_type, "21-686C") &&
                           decide_removal (merged);
  return TRUE;
}

Submission *
submission_open (Run *run, const ChildClaimReady *ready, GError **error)
{
  g_autoptr (Submission) submission = g_new0 (Submission, 1);

  submission->run = run;
  submission->bgs = run_context (run);
  submission->proc_id = g_strdup (ready->proc_id);
  submission->participant_ids = g_ptr_array_new_with_free_func (g_free);
  if (!load (submission, ready, error))
    return NULL;
  g_ptr_array_set_size (submission->participant_ids, submission->plan->persons->len);
  return g_steal_pointer (&submission);
}

void
submission_free (Submission *submission)
{
  if (!submission)
    return;
  claim_group_free (submission->group);
  veteran_free (submission->veteran);
  plan_free (submission->plan);
  g_free (submission->proc_id);
  g_free (submission->veteran_id);
  g_free (submission->address);
  g_free (submission->office_number);
  g_free (submission->location_id);
  g_ptr_array_unref (submission->participant_ids);
  g_free (submission->vnp_claim);
  g_free (submission->increment);
  g_free (submission->benefit_claim);
  g_free (submission->benefit_claim_id);
  g_free (submission);
}

gboolean
submission_has_ended (const Submission *submission)
{
  return g_str_equal (submission->child->state, "dead") ||
         g_str_equal (submission->child->state, "stopped");
}

gboolean
submission_stay_ended (Submission *submission, GError **error)
{
  if (g_str_equal (submission->group->state, "accepted"))
    return run_hold (submission->run, "the child has ended and its group has not", 0, error);
  return run_skip (submission->run, "the child has ended");
}

gboolean
submission_is_submitted (const Submission *submission)
{
  return g_str_equal (submission->child->state, "submitted");
}

gboolean
submission_needs_review (const Submission *submission)
{
  return submission->group->review_reasons != NULL;
}

/* --- Steps that create a row. Each is a call without a look, made again when its outcome is
 * unknown, unless it says otherwise: nothing ties the earlier row to anybody. --- */

/* What a call is made with. */
typedef struct {
  Submission *submission;
  gconstpointer request;      /* the bgs struct */
  const char *participant_id; /* of a row whose key it is */
} Call;

static char *
run_row_step (Call *call, const char *name, StepCall make, const char *request, StepLook look,
              StepRead read, const char *orphan, GError **error)
{
  const Step step = {
    .name = name,
    .request = request,
    .call = make,
    .look = look,
    .read = read,
    .orphan = orphan,
    .timeout_ms = bgs_client_read_timeout_ms (call->submission->bgs),
  };

  g_assert (course_traits (name).looks == (look != NULL)); /* what a plan says of it is true */
  return run_step (call->submission->run, &step, call, error);
}

#define STEP_CALL(function, service)                                                               \
  static char *function (Run *run G_GNUC_UNUSED, gpointer data, GError **error)                    \
  {                                                                                                \
    Call *call = data;                                                                             \
    return service (call->submission->bgs, &call->submission->veteran->caller, call->request,      \
                    error);                                                                        \
  }

STEP_CALL (call_participant, bgs_participant_create)
STEP_CALL (call_person, bgs_person_create)
STEP_CALL (call_address, bgs_address_create)
STEP_CALL (call_phone, bgs_phone_create)
STEP_CALL (call_relationship, bgs_relationship_create)
STEP_CALL (call_school, bgs_child_school_create)
STEP_CALL (call_student, bgs_child_student_create)
STEP_CALL (call_vnp_claim, bgs_vnp_claim_create)
STEP_CALL (call_vnp_claim_update, bgs_vnp_claim_update)
STEP_CALL (call_note, bgs_note_create)

/* Persons and students have the participant id for a key, so after an unknown they can be found;
 * where the finder itself is refused they are made again, and a broken unique key on that repeat
 * says that the first call had worked. */
static LookOutcome
look_by_key (gboolean found, gboolean exists, char **ret_result, GError **error)
{
  if (found) {
    if (!exists)
      return LOOK_NOT_THERE;
    *ret_result = g_strdup ("");
    return LOOK_THERE;
  }
  if (error && g_error_matches (*error, BGS_ERROR, BGS_ERROR_FAULT)) {
    g_clear_error (error);
    return LOOK_CANNOT;
  }
  return LOOK_FAILED;
}

static LookOutcome
look_for_person (Run *run G_GNUC_UNUSED, gpointer data, char **ret_result, GError **error)
{
  Call *call = data;
  gboolean exists = FALSE;
  gboolean found = bgs_person_find (call->submission->bgs, &call->submission->veteran->caller,
                                    call->participant_id, &exists, error);

  return look_by_key (found, exists, ret_result, error);
}

static LookOutcome
look_for_student (Run *run G_GNUC_UNUSED, gpointer data, char **ret_result, GError **error)
{
  Call *call = data;
  gboolean exists = FALSE;
  gboolean found =
      bgs_child_student_find (call->submission->bgs, &call->submission->veteran->caller,
                              call->participant_id, &exists, error);

  return look_by_key (found, exists, ret_result, error);
}

static char *
read_key_on_repeat (Run *run G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED, const GError *error,
                    gboolean is_repeat)
{
  if (is_repeat && g_error_matches (error, BGS_ERROR, BGS_ERROR_FAULT) &&
      strstr (error->message, "ORA-00001"))
    return g_strdup ("");
  return NULL;
}

static char *
create_participant (Submission *submission, const char *step, const char *corporate_id,
                    GError **error)
{
  const BgsParticipant participant = { .proc_id = submission->proc_id,
                                       .corporate_participant_id = corporate_id };
  g_autofree char *request = bgs_participant_digest_text (&participant);
  Call call = { .submission = submission, .request = &participant };

  return run_row_step (&call, step, call_participant, request, NULL, NULL, "an orphan participant",
                       error);
}

static gboolean
create_person (Submission *submission, const char *step, BgsPerson person,
               const char *participant_id, GError **error)
{
  g_autofree char *request = NULL;
  g_autofree char *result = NULL;
  Call call = { .submission = submission, .request = &person, .participant_id = participant_id };

  person.proc_id = submission->proc_id;
  person.participant_id = participant_id;
  request = bgs_person_digest_text (&person);
  result = run_row_step (&call, step, call_person, request, look_for_person, read_key_on_repeat,
                         NULL, error);
  return result != NULL;
}

static char *
create_address (Submission *submission, const char *step, const BgsAddress *address,
                const char *participant_id, const char *email, GError **error)
{
  const BgsAddressRow row = {
    .proc_id = submission->proc_id,
    .participant_id = participant_id,
    .address = address,
    .email = email,
  };
  g_autofree char *request = bgs_address_digest_text (&row);
  Call call = { .submission = submission, .request = &row };

  return run_row_step (&call, step, call_address, request, NULL, NULL, "an orphan address", error);
}

static gboolean
warn_in_settlement (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  return transaction_monitoring_event (transaction, "warning", run_claim_group_id (run),
                                       run_claim_id (run), data, error);
}

/* A claim does not die of it, and nobody is kept in the dark: a monitoring event with the
 * transaction. */
static void
warn (Submission *submission, const char *code)
{
  run_on_settle (submission->run, warn_in_settlement, g_strdup (code), g_free);
}

/* --- The Veteran. --- */

static char *
ask_office (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  Submission *submission = data;
  g_autofree char *zip = bgs_kept_value (submission->address, "zipPrefixNbr");
  g_autofree char *country = bgs_kept_value (submission->address, "cntryNm");
  g_autofree char *number = NULL;

  if (!bgs_routing_find (submission->bgs, &submission->veteran->caller, zip, country, &number,
                         error))
    return NULL;
  return number ? g_steal_pointer (&number) : g_strdup (FALLBACK_STATION);
}

static char *
read_office_fault (Run *run G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED, const GError *error,
                   gboolean is_repeat G_GNUC_UNUSED)
{
  return g_error_matches (error, BGS_ERROR, BGS_ERROR_FAULT) ? g_strdup (FALLBACK_STATION) : NULL;
}

static char *
ask_location (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  Submission *submission = data;
  g_autoptr (GPtrArray) offices =
      bgs_regional_offices_find (submission->bgs, &submission->veteran->caller, error);
  const char *location;

  if (!offices)
    return NULL;
  location = bgs_regional_offices_location (offices, submission->office_number);
  if (!location)
    location = bgs_regional_offices_location (offices, FALLBACK_STATION);
  if (!location) {
    g_set_error (error, SUBMISSION_ERROR, SUBMISSION_ERROR_OFFICE,
                 "no location for station %s or %s in BGS's list", submission->office_number,
                 FALLBACK_STATION);
    return NULL;
  }
  return g_strdup (location);
}

/* By the address as BGS echoed it, so after the address. */
static gboolean
find_regional_office (Submission *submission, GError **error)
{
  const gint64 timeout_ms = bgs_client_read_timeout_ms (submission->bgs);
  const Step number = { .name = "find-regional-office",
                        .is_read = TRUE,
                        .call = ask_office,
                        .read = read_office_fault,
                        .timeout_ms = timeout_ms };
  const Step location = {
    .name = "find-location", .is_read = TRUE, .call = ask_location, .timeout_ms = timeout_ms
  };

  submission->office_number = run_step (submission->run, &number, submission, error);
  if (!submission->office_number)
    return FALSE;
  submission->location_id = run_step (submission->run, &location, submission, error);
  return submission->location_id != NULL;
}

static gboolean
create_veteran_person (Submission *submission, GError **error)
{
  const Veteran *veteran = submission->veteran;
  const BgsPerson person = {
    .first_name = veteran->first_name,
    .middle_name = veteran->middle_name,
    .last_name = veteran->last_name,
    .suffix = veteran->suffix,
    .birth_date = veteran->birth_date,
    .file_number = veteran->file_number,
    .ssn = veteran->ssn,
    .is_veteran = "Y",
    .marital_status = submission->plan->marital_status,
  };

  return create_person (submission, "create-veteran-person", person, submission->veteran_id, error);
}

static gboolean
create_veteran_phone (Submission *submission, GError **error)
{
  const BgsPhone phone = {
    .proc_id = submission->proc_id,
    .participant_id = submission->veteran_id,
    .number = submission->veteran->phone_number,
  };
  Call call = { .submission = submission, .request = &phone };
  g_autofree char *request = NULL;
  g_autofree char *result = NULL;

  if (!phone.number) {
    warn (submission, "phone-left-out: BGS takes ten digits only");
    return TRUE;
  }
  request = bgs_phone_digest_text (&phone);
  result = run_row_step (&call, "create-veteran-phone", call_phone, request, NULL, NULL,
                         "an orphan phone", error);
  return result != NULL;
}

gboolean
submission_write_veteran (Submission *submission, GError **error)
{
  static const BgsAddress no_address = { .kind = BGS_ADDRESS_USA };
  const BgsAddress *address = submission->plan->veteran_address;

  submission->veteran_id = create_participant (submission, "create-veteran-participant",
                                               submission->veteran->participant_id, error);
  if (!submission->veteran_id)
    return FALSE;
  /* The insert takes its address from this reply, so the row is made even where the claim has no
   * address: BGS refuses the insert then, and says why. */
  submission->address =
      create_address (submission, "create-veteran-address", address ? address : &no_address,
                      submission->veteran_id, submission->veteran->email, error);
  if (!submission->address)
    return FALSE;
  return find_regional_office (submission, error) && create_veteran_person (submission, error) &&
         create_veteran_phone (submission, error);
}

/* --- The plan. --- */

static const char *
participant_of (const Submission *submission, int person)
{
  return person == PLAN_VETERAN ? submission->veteran_id
                                : g_ptr_array_index (submission->participant_ids, person);
}

static gboolean
create_relationship (Submission *submission, const PlanRelationship *planned, const char *step,
                     GError **error)
{
  BgsRelationship relationship = planned->relationship;
  Call call = { .submission = submission, .request = &relationship };
  g_autofree char *request = NULL;
  g_autofree char *result = NULL;

  relationship.proc_id = submission->proc_id;
  relationship.from_participant_id = participant_of (submission, planned->a);
  relationship.to_participant_id = participant_of (submission, planned->b);
  request = bgs_relationship_digest_text (&relationship);
  /* It cannot be found by content, and two would count twice: made again, and the proc is closed
   * for review. */
  result =
      run_row_step (&call, step, call_relationship, request, NULL, NULL,
                    "a relationship that may exist twice: the proc is closed for review", error);
  return result != NULL;
}

static gboolean
create_school (Submission *submission, const PlanStudent *planned, const char *step, GError **error)
{
  BgsChildSchool school = planned->school;
  Call call = { .submission = submission, .request = &school };
  g_autofree char *request = NULL;
  g_autofree char *result = NULL;

  school.proc_id = submission->proc_id;
  school.participant_id = participant_of (submission, planned->person);
  request = bgs_child_school_digest_text (&school);
  result = run_row_step (&call, step, call_school, request, NULL, NULL, "an orphan school", error);
  return result != NULL;
}

static gboolean
create_student (Submission *submission, const PlanStudent *planned, const char *step,
                GError **error)
{
  BgsChildStudent student = planned->student;
  Call call = { .submission = submission, .request = &student };
  g_autofree char *request = NULL;
  g_autofree char *result = NULL;

  student.proc_id = submission->proc_id;
  student.participant_id = call.participant_id = participant_of (submission, planned->person);
  request = bgs_child_student_digest_text (&student);
  result = run_row_step (&call, step, call_student, request, look_for_student, read_key_on_repeat,
                         NULL, error);
  return result != NULL;
}

static gboolean
make_planned_call (Submission *submission, const PlanCall *planned, GError **error)
{
  const Plan *plan = submission->plan;
  const PlanPerson *person = NULL;
  const PlanRelationship *relationship = NULL;
  const PlanStudent *student = NULL;
  g_autofree char *step = NULL;
  g_autofree char *result = NULL;

  switch (planned->kind) {
  case PLAN_PARTICIPANT:
    person = g_ptr_array_index (plan->persons, planned->index);
    step = g_strdup_printf ("create-participant/%s", person->slot);
    result = create_participant (submission, step, NULL, error);
    g_clear_pointer (&submission->participant_ids->pdata[planned->index], g_free);
    submission->participant_ids->pdata[planned->index] = g_strdup (result);
    return result != NULL;
  case PLAN_PERSON:
    person = g_ptr_array_index (plan->persons, planned->index);
    step = g_strdup_printf ("create-person/%s", person->slot);
    return create_person (submission, step, person->person,
                          participant_of (submission, planned->index), error);
  case PLAN_ADDRESS:
    person = g_ptr_array_index (plan->persons, planned->index);
    step = g_strdup_printf ("create-address/%s", person->slot);
    result = create_address (submission, step, person->address,
                             participant_of (submission, planned->index), NULL, error);
    return result != NULL;
  case PLAN_RELATIONSHIP:
    relationship = g_ptr_array_index (plan->relationships, planned->index);
    step = g_strdup_printf (RELATIONSHIP_STEP "%s", relationship->slot);
    return create_relationship (submission, relationship, step, error);
  case PLAN_SCHOOL:
    student = g_ptr_array_index (plan->students, planned->index);
    person = g_ptr_array_index (plan->persons, student->person);
    step = g_strdup_printf ("create-school/%s", person->slot);
    return create_school (submission, student, step, error);
  case PLAN_STUDENT:
    student = g_ptr_array_index (plan->students, planned->index);
    person = g_ptr_array_index (plan->persons, student->person);
    step = g_strdup_printf ("create-student/%s", person->slot);
    return create_student (submission, student, step, error);
  }
  g_assert_not_reached ();
}

gboolean
submission_write_plan (Submission *submission, GError **error)
{
  const Plan *plan = submission->plan;

  for (guint i = 0; i < plan->calls->len; i++)
    if (!make_planned_call (submission, &g_array_index (plan->calls, PlanCall, i), error))
      return FALSE;
  return TRUE;
}

/* --- The claim. --- */

gboolean
submission_create_vnp_claim (Submission *submission, GError **error)
{
  g_autofree char *address_id = bgs_kept_value (submission->address, "vnpPtcpntAddrsId");
  const BgsVnpClaim claim = {
    .proc_id = submission->proc_id,
    .veteran_participant_id = submission->veteran_id,
    .address_id = address_id,
    .location_id = submission->location_id,
    .net_worth_over_limit = submission->plan->net_worth_over_limit,
    .received_day = submission->group->submission_day,
  };
  g_autofree char *request = bgs_vnp_claim_digest_text (&claim);
  Call call = { .submission = submission, .request = &claim };

  submission->vnp_claim = run_row_step (&call, "create-vnp-claim", call_vnp_claim, request, NULL,
                                        NULL, "an orphan draft claim", error);
  return submission->vnp_claim != NULL;
}

static char *
ask_bid (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  Submission *submission = data;
  gboolean in_receipt = FALSE;

  if (!bgs_pension_find (submission->bgs, submission->veteran->participant_id, &in_receipt, error))
    return NULL;
  return g_strdup (in_receipt ? "Y" : "N");
}

gboolean
submission_ask_pension (Submission *submission, GError **error)
{
  const Step step = { .name = "read-pension",
                      .is_read = TRUE,
                      .downstream = DOWNSTREAM_BID,
                      .call = ask_bid,
                      .timeout_ms = bgs_client_read_timeout_ms (submission->bgs) };
  g_autofree char *answer = NULL;

  if (!settings_boolean (run_settings (submission->run), "pension-check"))
    return TRUE;
  if (!submission_needs_review (submission) && !submission->is_removal)
    return TRUE;
  answer = run_step (submission->run, &step, submission, error);
  if (!answer)
    return FALSE;
  submission->has_pension = g_str_equal (answer, "Y");
  return TRUE;
}

/* A step after the insert: when it fails for good it is given up, and the story goes on. */
static gboolean
run_step_after_insert (Call *call, const char *name, StepCall make, const char *request,
                       gboolean once, GError **error)
{
  const Step step = {
    .name = name,
    .request = request,
    .call = make,
    .once = once,
    .after_insert = TRUE,
    .timeout_ms = bgs_client_read_timeout_ms (call->submission->bgs),
  };
  g_autofree char *result = NULL;

  g_assert (course_traits (name).once == once);
  result = run_step (call->submission->run, &step, call, error);
  return result != NULL;
}

gboolean
submission_update_vnp_claim (Submission *submission, GError **error)
{
  g_autofree char *address_id = bgs_kept_value (submission->address, "vnpPtcpntAddrsId");
  g_autofree char *vnp_claim_id = bgs_kept_value (submission->vnp_claim, "vnpBnftClaimId");
  g_autofree char *proc_id = bgs_kept_value (submission->vnp_claim, "vnpProcID");
  g_autofree char *claimant_id = bgs_kept_value (submission->vnp_claim, "ptcpntClmantId");
  g_autofree char *intake_location = bgs_kept_value (submission->vnp_claim, "intakeJrsdtnLctnId");
  g_autofree char *claim_location = bgs_kept_value (submission->vnp_claim, "claimJrsdtnLctnId");
  g_autofree char *claim_type = bgs_kept_value (submission->benefit_claim, "claimTypeCode");
  g_autofree char *program_type = bgs_kept_value (submission->benefit_claim, "programTypeCode");
  g_autofree char *status = bgs_kept_value (submission->benefit_claim, "statusTypeCode");
  const BgsVnpClaimUpdate update = {
    .vnp_claim_id = vnp_claim_id,
    .proc_id = proc_id ? proc_id : submission->proc_id,
    .veteran_participant_id = submission->veteran_id,
    .claimant_id = claimant_id ? claimant_id : submission->veteran_id,
    .address_id = address_id,
    .increment = submission->increment,
    .claim_type = claim_type,
    .received_day = submission->group->submission_day,
    .benefit_claim_id = submission->benefit_claim_id,
    .intake_location_id = intake_location ? intake_location : submission->location_id,
    .claim_location_id = claim_location ? claim_location : submission->location_id,
    .program_type = program_type,
    .status = status,
    .net_worth_over_limit = submission->plan->net_worth_over_limit,
  };
  g_autofree char *request = bgs_vnp_claim_update_digest_text (&update);
  Call call = { .submission = submission, .request = &update };

  return run_step_after_insert (&call, "update-vnp-claim", call_vnp_claim_update, request, FALSE,
                                error);
}

/* "deaths/0/dependent_type: the answer is none that the form knows (uncle)". */
static void
append_finding (GString *text, const char *code, const char *field, const char *value)
{
  static const char application[] = "dependents_application/";
  gsize skipped = g_str_has_prefix (field, application) ? strlen (application) : 0;

  g_string_append_printf (text, " %s: %s", field + skipped, plan_finding_text (code));
  if (value)
    g_string_append_printf (text, " (%s)", value);
  g_string_append_c (text, '.');
}

/* The value of what this child's own plan has found there; NULL for another child's. */
static const char *
value_of_finding (const Plan *plan, const char *code, const char *field)
{
  for (guint i = 0; plan && i < plan->findings->len; i++) {
    const PlanFinding *finding = g_ptr_array_index (plan->findings, i);

    if (g_str_equal (finding->code, code) && g_str_equal (finding->field, field))
      return finding->value;
  }
  return NULL;
}

/* Which of the group's students this 674 is about. */
static guint
number_of_student (const Submission *submission)
{
  const GPtrArray *children = submission->group->children;
  guint number = 0;

  for (guint i = 0; i < children->len; i++) {
    const ChildClaim *child = g_ptr_array_index (children, i);

    if (child->claim_id == submission->child->claim_id)
      break;
    number += g_str_equal (child->form_type, "21-674");
  }
  return number;
}

/* The one student of a 674 has the number 0 there; the reasons give him his number in the
 * parent. */
static const char *
own_value (const Submission *submission, const char *code, const char *field)
{
  static const char students[] = "dependents_application/student_information/";
  g_autofree char *own = g_strdup_printf ("%s%u/", students, number_of_student (submission));
  g_autofree char *in_child = NULL;

  if (!g_str_has_prefix (field, students))
    return value_of_finding (submission->plan, code, field);
  if (!g_str_has_prefix (field, own))
    return NULL;
  in_child = g_strconcat (students, "0/", field + strlen (own), NULL);
  return value_of_finding (submission->plan, code, in_child);
}

/* What a person has to look at, after the reason by the table. */
static void
append_reviewed_fields (GString *text, const Submission *submission, char **reasons)
{
  for (; *reasons; reasons++) {
    g_auto (GStrv) parts = g_strsplit (*reasons, " ", 2);

    if (!parts[0] || review_reason_text (parts[0]))
      continue;
    if (parts[1])
      append_finding (text, parts[0], parts[1], own_value (submission, parts[0], parts[1]));
    else
      g_string_append_printf (text, " There is %s.", plan_finding_text (parts[0]));
  }
}

char *
submission_note_text (const Submission *submission, const GPtrArray *doubtful)
{
  gboolean is_674 = g_str_equal (submission->child->form_type, "21-674");
  g_autoptr (GString) text = g_string_new (NULL);
  g_auto (GStrv) reasons = submission->group->review_reasons
                               ? g_strsplit (submission->group->review_reasons, "\n", -1)
                               : NULL;
  const char *by_table = reasons && reasons[0] ? review_reason_text (reasons[0]) : NULL;

  g_string_append_printf (text,
                          "VA.gov set this claim to manual. It needs review: a %s was submitted",
                          is_674 ? "674" : "686");
  /* A 674 is reviewed for one reason of the table only; a 686c for the first that applies. */
  if (by_table)
    g_string_append_printf (text, ", and %s", is_674 ? "it came together with a 686c" : by_table);
  else if (reasons && reasons[0])
    g_string_append (text, ", and not everything in it is clear");
  g_string_append_c (text, '.');
  if (reasons)
    append_reviewed_fields (text, submission, reasons);
  for (guint i = 0; i < doubtful->len; i++)
    g_string_append_printf (text,
                            " The relationship row of %s in proc %s may exist twice: its first "
                            "creation was not answered.",
                            (const char *)g_ptr_array_index (doubtful, i), submission->proc_id);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Slots of the relationships that were made again after an unknown. */
static GPtrArray *
doubtful_relationships (Submission *submission)
{
  g_autoptr (GPtrArray) doubtful = g_ptr_array_new ();

  for (guint i = 0; i < submission->plan->relationships->len; i++) {
    const PlanRelationship *relationship = g_ptr_array_index (submission->plan->relationships, i);
    g_autofree char *step = g_strdup_printf (RELATIONSHIP_STEP "%s", relationship->slot);

    if (run_journal_unknowns (submission->run, NULL, step) > 0)
      g_ptr_array_add (doubtful, (gpointer)relationship->slot);
  }
  return g_steal_pointer (&doubtful);
}

gboolean
submission_write_note (Submission *submission, GError **error)
{
  g_autoptr (GPtrArray) doubtful = doubtful_relationships (submission);
  g_autofree char *text = NULL;
  g_autofree char *request = NULL;
  BgsNote note;
  Call call = { .submission = submission, .request = &note };

  if (!submission_needs_review (submission) && doubtful->len == 0)
    return TRUE;
  text = submission_note_text (submission, doubtful);
  note = (BgsNote){
    .claim_id = submission->benefit_claim_id,
    .corporate_participant_id = submission->veteran->participant_id,
    .text = text,
  };
  request = bgs_note_digest_text (&note);
  return run_step_after_insert (&call, "write-note", call_note, request, TRUE, error);
}
