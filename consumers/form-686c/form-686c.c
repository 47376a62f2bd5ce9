/* form-686c: carries one 21-686c, adding and removing dependents, into BGS.
 *
 *   reads    claims.686c                keyed by Veteran
 *   emits    events and e-mail requests, with the message's transaction
 *   calls    BGS: vnp participants, persons, addresses, relationships, claim; benefit claim; note;
 *            the proc's close. BID: the pension read
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
submit_686c (Run *run, gconstpointer message, GError **error)
{
  g_autoptr (Submission) submission = submission_open (run, message, error);

  if (!submission)
    return FALSE;
  if (submission_has_ended (submission))
    return submission_stay_ended (submission, error);
  if (submission_is_submitted (submission))
    return submission_close (submission, error);

  /* clang-format off */
  return submission_write_veteran (submission, error)  /* person, address, office, phone */
      && submission_write_plan (submission, error)     /* who comes or goes, and how related */
      && submission_create_vnp_claim (submission, error)
      && submission_ask_pension (submission, error)    /* reviews and removals only */
      && submission_establish (submission, error)      /* the insert, under the Veteran's lock */
      && submission_update_vnp_claim (submission, error)
      && submission_write_note (submission, error)     /* reviews only */
      && submission_close (submission, error);         /* the last child closes the proc */
  /* clang-format on */
}

static const Consumer form_686c = {
  .name = "form-686c",
  .topic = "claims.686c",
  .decode = submission_decode,
  .free_message = child_claim_ready_free,
  .scope = submission_scope,
  .in_doubt = INSERT_STEP,
  .handle = submit_686c,
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
  return consumer_main (&form_686c, argc, argv);
}
