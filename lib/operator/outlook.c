/* Now and Next, see outlook.h. */
#include "operator/outlook.h"

#include <string.h>

#include "base/clock.h"

void
outlook_clear (Outlook *outlook)
{
  g_clear_pointer (&outlook->now, g_free);
  g_clear_pointer (&outlook->next, g_free);
}

static void
say (Outlook *outlook, char *now_taken, char *next_taken, gint64 next_ms)
{
  *outlook = (Outlook){ now_taken, next_taken, next_ms };
}

static gboolean
is_over (const OutlookWork *work)
{
  return g_str_equal (work->state, "dead") || g_str_equal (work->state, "stopped") ||
         (g_str_equal (work->state, "submitted") && !work->is_closer);
}

static void
say_over (const OutlookWork *work, Outlook *outlook)
{
  if (g_str_equal (work->state, "submitted"))
    say (outlook,
         g_strdup_printf ("%s is established as benefit claim %s", work->name,
                          work->benefit_claim_id),
         g_strdup ("nothing more of it"), 0);
  else
    say (outlook,
         g_str_equal (work->state, "dead")
             ? g_strdup_printf ("%s has failed for good", work->name)
             : g_strdup_printf ("%s was stopped, for its group had failed", work->name),
         g_strdup ("its group goes by paper"), 0);
}

static void
say_held (const OutlookWork *work, Outlook *outlook)
{
  g_autofree char *since = clock_format_iso (work->held_ms);

  if (work->behind_claim_id)
    say (outlook,
         g_strdup_printf ("%s is held behind claim %" G_GINT64_FORMAT " since %s (%s)", work->name,
                          work->behind_claim_id, since, work->hold_reason),
         g_strdup_printf ("it goes on when that claim is resolved: pipelinectl resolve "
                          "%" G_GINT64_FORMAT " --reason TEXT and an answer",
                          work->behind_claim_id),
         0);
  else
    say (outlook,
         g_strdup_printf ("%s waits for a person since %s: %s", work->name, since,
                          work->hold_reason),
         g_strdup_printf ("nothing until somebody decides: pipelinectl resolve %" G_GINT64_FORMAT
                          " --reason TEXT and an answer",
                          work->claim_id),
         0);
}

static void
say_tier (const OutlookWork *work, Outlook *outlook)
{
  g_autofree char *due = clock_format_iso (work->due_ms);
  g_autofree char *why = work->is_look
                             ? g_strdup ("a call of unknown outcome that cannot be looked for yet")
                             : g_strdup_printf ("attempt %" G_GINT64_FORMAT " failed with %s",
                                                work->attempts, work->error_class);

  say (outlook, g_strdup_printf ("%s waits in %s: %s", work->name, work->topic, why),
       g_strdup_printf ("%s %s at %s", work->consumer,
                        work->is_look ? "looks again" : "tries again", due),
       work->due_ms);
}

/* TRUE: its consumer can take nothing now. */
static gboolean
say_hindered (const OutlookWork *work, Outlook *outlook)
{
  g_autofree char *since = clock_format_iso (work->opened_ms);
  g_autofree char *probe = clock_format_iso (work->probe_ms);

  if (work->is_paused)
    say (outlook, g_strdup_printf ("%s waits: %s is paused", work->name, work->consumer),
         g_strdup_printf ("nothing until somebody resumes it: pipelinectl resume %s --reason TEXT",
                          work->consumer),
         0);
  else if (work->breaker)
    say (outlook,
         g_strdup_printf ("%s waits for %s, which is away for everyone since %s", work->name,
                          work->breaker, since),
         g_strdup_printf ("one call asks whether it is back at %s; no attempt is spent meanwhile",
                          probe),
         work->probe_ms);
  else if (!work->is_alive)
    say (outlook, g_strdup_printf ("%s waits: no %s is running", work->name, work->consumer),
         g_strdup_printf ("nothing until a %s is started", work->consumer), 0);
  else
    return FALSE;
  return TRUE;
}

static void
say_in_hand (const OutlookWork *work, Outlook *outlook)
{
  g_autofree char *since = clock_format_iso (work->step_ms);

  say (outlook,
       work->open_step ? g_strdup_printf ("%s has %s in hand: %s stands started since %s",
                                          work->consumer, work->name, work->open_step, since)
                       : g_strdup_printf ("%s has %s in hand", work->consumer, work->name),
       g_strdup ("its next step, at once"), 0);
}

/* Its consumer waits until no request of the call can act any more; the record lies where it was. */
static void
say_in_doubt (const OutlookWork *work, Outlook *outlook)
{
  g_autofree char *since = clock_format_iso (work->step_ms);
  g_autofree char *settled = clock_format_iso (work->settled_ms);
  char *next =
      work->settled_ms
          ? g_strdup_printf ("%s looks at %s, when no request of it can act any more",
                             work->consumer, settled)
          : g_strdup_printf ("%s looks when no request of it can act any more: after the call's "
                             "limit and unknown-settle-ms",
                             work->consumer);

  say (outlook,
       g_strdup_printf ("what has become of %s of %s, sent at %s, is not known", work->open_step,
                        work->name, since),
       next, work->settled_ms);
}

static void
say_lying (const OutlookWork *work, Outlook *outlook)
{
  g_autofree char *place = g_strdup_printf ("%s/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT,
                                            work->topic, work->partition, work->offset);

  if (work->is_asked && (work->is_gone || work->is_passed))
    say (outlook,
         work->is_gone ? g_strdup_printf ("the record of %s is no more at %s", work->name, place)
                       : g_strdup_printf ("%s has read the record of %s at %s and nothing has come "
                                          "of it",
                                          work->consumer, work->name, place),
         g_strdup ("the watch sends it again when two of its looks have missed it (watch-every)"),
         0);
  else
    say (outlook,
         work->is_asked && work->behind > 0
             ? g_strdup_printf ("the record of %s lies at %s, behind %" G_GINT64_FORMAT " others",
                                work->name, place, work->behind)
             : g_strdup_printf ("the record of %s lies at %s", work->name, place),
         g_strdup_printf ("%s takes it when its turn comes", work->consumer), 0);
}

void
outlook_of_work (const OutlookWork *work, gint64 now_ms, Outlook *ret_outlook)
{
  if (is_over (work))
    say_over (work, ret_outlook);
  else if (work->hold_reason)
    say_held (work, ret_outlook);
  else if (work->is_in_outbox)
    say (ret_outlook, g_strdup_printf ("the next record of %s is being published", work->name),
         g_strdup_printf ("%s takes it as soon as the broker has it", work->consumer), 0);
  else if (work->due_ms > now_ms)
    say_tier (work, ret_outlook);
  else if (work->snoozing_ms && say_hindered (work, ret_outlook))
    return;
  else if (work->is_in_hand)
    say_in_hand (work, ret_outlook);
  else if (say_hindered (work, ret_outlook))
    return;
  else if (work->open_step)
    say_in_doubt (work, ret_outlook);
  else if (work->topic)
    say_lying (work, ret_outlook);
  else
    say (ret_outlook, g_strdup_printf ("no record of %s is known", work->name),
         g_strdup_printf ("nothing by itself: pipelinectl resolve %" G_GINT64_FORMAT
                          " --again --reason TEXT",
                          work->claim_id),
         0);
}

void
outlook_of_email (const OutlookWork *work, gint64 asked_ms, gint64 now_ms, Outlook *ret_outlook)
{
  g_autofree char *asked = clock_format_iso (asked_ms);

  if (work->due_ms > now_ms)
    say_tier (work, ret_outlook);
  else if (say_hindered (work, ret_outlook))
    return;
  else if (work->open_step)
    say_in_doubt (work, ret_outlook);
  else
    say (ret_outlook, g_strdup_printf ("%s was asked for at %s", work->name, asked),
         g_strdup_printf ("%s sends it when its turn comes", work->consumer), 0);
}

static void
say_package (const OutlookPackage *package, Outlook *outlook)
{
  g_autofree char *sent = clock_format_iso (package->sent_ms);
  g_autofree char *ask = clock_format_iso (package->ask_ms);
  char *now = g_strdup_printf ("package %s went out at %s and is %s", package->uuid, sent,
                               package->status ? package->status : "not asked about yet");

  if (package->is_stopped)
    say (outlook, now,
         g_strdup ("nothing until an operator lets second packages go: pipelinectl "
                   "release-packages --reason TEXT"),
         0);
  else if (package->ask_ms)
    say (outlook, now, g_strdup_printf ("the service is asked again at %s", ask), package->ask_ms);
  else
    say (outlook, now, g_strdup ("no more news will come by itself: a person asks the service"), 0);
}

void
outlook_of_group (const char *state, const OutlookPackage *package, Outlook *ret_outlook)
{
  if (g_str_equal (state, "success"))
    say (ret_outlook,
         package && package->status
             ? g_strdup_printf ("all is done: package %s is %s", package->uuid, package->status)
             : g_strdup ("all is done: every claim is established"),
         g_strdup ("nothing"), 0);
  else if (g_str_equal (state, "failed"))
    say (
        ret_outlook,
        g_strdup ("the group has failed, by paper too; what its Veteran was told, its e-mails say"),
        g_strdup ("nothing by itself: a person takes it up"), 0);
  else if (g_str_equal (state, "processing") && package)
    say_package (package, ret_outlook);
  else
    say (ret_outlook, g_strdup_printf ("the group is %s, and nothing of it is under way", state),
         g_strdup ("nothing by itself: a person looks into it"), 0);
}

/* "paper is", "papers are" */
static char *
count_of (guint count)
{
  return g_strdup_printf ("%u paper%s", count, count == 1 ? " is" : "s are");
}

static void
say_papers_under_way (const OutlookPapers *papers, gint64 now_ms, Outlook *outlook)
{
  g_autofree char *count = count_of (papers->pending + papers->refused);
  const char *what = papers->pending ? "to be stored in the folder"
                                     : "refused by the folder, and to go by Benefits Intake";
  const char *consumer = papers->pending ? "evidence" : "backup";
  g_autofree char *due = clock_format_iso (papers->due_ms);

  if (papers->due_ms > now_ms)
    say (outlook,
         g_strdup_printf ("%s %s, waiting in %s: attempt %" G_GINT64_FORMAT " failed with %s",
                          count, what, papers->topic, papers->attempts, papers->error_class),
         g_strdup_printf ("%s tries again at %s", papers->consumer, due), papers->due_ms);
  else
    say (outlook, g_strdup_printf ("%s %s", count, what),
         g_strdup_printf ("%s takes their record when its turn comes", consumer), 0);
}

gboolean
outlook_of_papers (const OutlookPapers *papers, gint64 now_ms, Outlook *ret_outlook)
{
  g_autofree char *count = count_of (papers->given_up    ? papers->given_up
                                     : papers->by_intake ? papers->by_intake
                                                         : papers->off); /* of one kind at a time */

  if (papers->pending || papers->refused)
    say_papers_under_way (papers, now_ms, ret_outlook);
  else if (papers->given_up)
    say (ret_outlook,
         g_strdup_printf ("%s stored nowhere: neither the folder nor Benefits Intake takes them",
                          count),
         g_strdup ("nothing by itself: pipelinectl resolve PARENT --again --reason TEXT sends them "
                   "once more"),
         0);
  else if (papers->by_intake)
    say (ret_outlook, g_strdup_printf ("%s on the way into the folder by Benefits Intake", count),
         g_strdup ("backup asks for their package when its turn comes"), 0);
  else if (papers->off)
    say (ret_outlook, g_strdup_printf ("%s stored nowhere: evidence is off", count),
         g_strdup ("nothing by itself"), 0);
  return ret_outlook->now != NULL;
}
