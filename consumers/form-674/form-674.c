/* form-674: carries one 21-674, the school attendance of one student, into BGS.
 *
 *   reads    claims.674                 keyed by Veteran
 *   emits    events and e-mail requests, with the message's transaction
 *   calls    BGS: vnp participants, persons, addresses, relationship, school, student, claim;
 *            benefit claim; note; the proc's close. BID: the pension read
 *   repeat   safe. Every call is a journalled step, finished ones are not made again; an insert
 *            whose answer is lost is looked for under the Veteran's lock before anything else is
 *            inserted for this Veteran.
 *   dead     the child is dead and its group goes by paper. After the insert a child cannot die:
 *            what fails then is given up, and a person told.
 *
 * The proc and its forms are proc-setup's. Source: lib/submission/README.md, rules 1 and 8 to
 * 12. */
#include "claims/insert-record.h"
#include "submission/submission.h"

static gboolean
submit_674 (Run *run, gconstpointer message, GError **error)
{
  g_autoptr (Submission) submission = submission_open (run, message, error);

  if (!submission)
    return FALSE;
  if (submission_has_ended (submission))
    return submission_stay_ended (submission, error);
  if (submission_is_submitted (submission))
    return submission_close (submission, error);

  /* clang-format off */
  return submission_write_veteran (submission, error)     /* person, address, office, phone */
      && submission_write_plan (submission, error)        /* the student, school and means */
      && submission_create_vnp_claim (submission, error)
      && submission_ask_pension (submission, error)       /* reviews only */
      && submission_establish (submission, error)         /* the insert, under the Veteran's lock */
      && submission_update_vnp_claim (submission, error)  /* corrects the draft's type */
      && submission_write_note (submission, error)        /* reviews only */
      && submission_close (submission, error);            /* the last child closes the proc */
  /* clang-format on */
}

static const Consumer form_674 = {
  .name = "form-674",
  .topic = "claims.674",
  .decode = submission_decode,
  .free_message = child_claim_ready_free,
  .scope = submission_scope,
  .in_doubt = INSERT_STEP,
  .handle = submit_674,
  .give_up = submission_give_up,
  .attempted = submission_attempted,
  .downstreams = submission_downstreams,
  .verdicts = submission_verdicts,
  .call_limit_ms = bgs_call_limit_ms,
  .start = submission_start,
  .stop = submission_stop,
  .settings = submission_consumer_settings,
};

int
main (int argc, char **argv)
{
  return consumer_main (&form_674, argc, argv);
}
