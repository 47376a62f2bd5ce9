/* What follows from a package's status. See following.h. */
#include "following.h"

#define LATE_UPLOADED_MS FOLLOW_DAY_MS
#define LATE_UNKNOWN_MS  FOLLOW_DAY_MS
#define LATE_MS          (10 * FOLLOW_DAY_MS)
#define HEALS_FOR_MS     (30 * FOLLOW_DAY_MS)

static gboolean
has_failed (const FollowFacts *facts)
{
  return facts->is_of_papers ? facts->has_come_to_nothing
                             : g_str_equal (facts->group_state, "failed");
}

static gboolean
is_followed (const FollowFacts *facts)
{
  return !facts->has_arrived && (facts->is_of_papers || has_failed (facts) ||
                                 g_str_equal (facts->group_state, "processing"));
}

static Follow
ask_again (const FollowFacts *facts)
{
  return (Follow){ .ask_after_ms = facts->sent_ms_ago < FOLLOW_DAY_MS ? facts->ask_every_ms
                                                                      : facts->ask_later_ms };
}

/* For a year after it was sent; who waits longer waits for nothing. */
static gint64
weekly (const FollowFacts *facts)
{
  return facts->sent_ms_ago < FOLLOW_YEAR_MS ? FOLLOW_WEEK_MS : -1;
}

static gint64
limit_of (const IntakeUpload *upload)
{
  return upload->status == INTAKE_STATUS_PENDING || upload->status == INTAKE_STATUS_UPLOADED
             ? LATE_UPLOADED_MS
             : LATE_MS;
}

/* What is said of a failure that was declared changes nothing until it heals. */
static Follow
wait (const FollowFacts *facts, gint64 limit_ms, const char *late)
{
  if (has_failed (facts))
    return (Follow){ .ask_after_ms = weekly (facts) };
  if (facts->status_ms_ago <= limit_ms)
    return ask_again (facts);
  return (Follow){ .person = late, .ask_after_ms = weekly (facts) };
}

/* An error of the second kind may yet heal; of all others nothing more will come. */
static Follow
fail (const FollowFacts *facts, const IntakeUpload *upload)
{
  gboolean may_heal = upload->code && g_str_has_prefix (upload->code, "DOC2");

  return (Follow){ .action = has_failed (facts) ? FOLLOW_ON : FOLLOW_FAILED,
                   .ask_after_ms = may_heal ? weekly (facts) : -1 };
}

static Follow
send_anew (const FollowFacts *facts, const IntakeUpload *upload)
{
  gboolean has_expired = upload->status == INTAKE_STATUS_EXPIRED;

  if (has_failed (facts) || facts->package_no > 1)
    return fail (facts, upload);
  if (has_expired && !facts->is_released && facts->expired_count > facts->expired_max)
    return (Follow){ .action = FOLLOW_STOPPED, .ask_after_ms = -1 };
  return (Follow){ .action = FOLLOW_ANEW, .ask_after_ms = -1 };
}

static const char *
counts_differ (const FollowFacts *facts, const IntakeUpload *upload)
{
  gboolean differ = (upload->documents >= 0 && upload->documents != facts->document_count) ||
                    (upload->pages >= 0 && upload->pages != facts->page_count);

  return differ ? "package-counts-differ" : NULL;
}

gboolean
follow_is_not_known (const IntakeUpload *upload)
{
  return upload->status == INTAKE_STATUS_ERROR && g_strcmp0 (upload->code, "DOC105") == 0;
}

/* Asked for once more than needed, or its group has gone on without it, by a person's doing: what
 * has become of the package decides nothing, and who sees to the group must know. */
static Follow
let_go (const FollowFacts *facts, const IntakeUpload *upload)
{
  const IntakeNext meant = intake_next (upload);
  gboolean is_over = facts->has_arrived || g_str_equal (facts->group_state, "success");

  if (is_over)
    return (Follow){ .ask_after_ms = -1 };
  if (meant == INTAKE_NEXT_FOLLOW || meant == INTAKE_NEXT_HEALS || follow_is_not_known (upload))
    return ask_again (facts);
  return (Follow){ .person = "package-without-its-group", .ask_after_ms = -1 };
}

Follow
follow (const FollowFacts *facts, const IntakeUpload *upload)
{
  Follow next = { .ask_after_ms = -1 };

  if (!is_followed (facts))
    return let_go (facts, upload);
  if (follow_is_not_known (upload))
    return wait (facts, LATE_UNKNOWN_MS, "package-not-known");
  switch (intake_next (upload)) {
  case INTAKE_NEXT_FOLLOW:
    next = wait (facts, limit_of (upload), "package-late");
    break;
  case INTAKE_NEXT_HEALS:
    next = wait (facts, HEALS_FOR_MS, "package-error-lasts");
    break;
  case INTAKE_NEXT_RECEIVED:
    next.action = has_failed (facts) ? FOLLOW_HEALED : FOLLOW_ARRIVED;
    break;
  case INTAKE_NEXT_AT_VA:
    next.person = "package-at-va";
    break;
  case INTAKE_NEXT_ANEW:
    next = send_anew (facts, upload);
    break;
  case INTAKE_NEXT_REFUSED:
    next = fail (facts, upload);
    break;
  }
  if (!next.person && (next.action == FOLLOW_ON || next.action == FOLLOW_ARRIVED))
    next.person = counts_differ (facts, upload);
  return next;
}
