/* What follows for a group from each status × final_status × code of its package, and when it is
 * asked for next. */
#include "consumers/backup/following.h"

#define HOUR_MS (3600 * G_GINT64_CONSTANT (1000))
#define SIX     (6 * HOUR_MS)

static const FollowFacts fresh = {
  .package_no = 1,
  .group_state = "processing",
  .sent_ms_ago = HOUR_MS,
  .expired_count = 1,
  .expired_max = 20,
  .ask_every_ms = HOUR_MS,
  .ask_later_ms = SIX,
  .document_count = 2,
  .page_count = 13,
};

static Follow
of (const FollowFacts *facts, IntakeStatus status, gboolean is_final, const char *code)
{
  const IntakeUpload upload = {
    .status = status, .is_final = is_final, .code = (char *)code, .documents = -1, .pages = -1
  };

  return follow (facts, &upload);
}

static void
check (Follow found, FollowAction action, const char *person, gint64 ask_after_ms)
{
  g_assert_cmpint (found.action, ==, action);
  g_assert_cmpstr (found.person, ==, person);
  g_assert_cmpint (found.ask_after_ms, ==, ask_after_ms);
}

static void
test_each_status (void)
{
  static const struct {
    IntakeStatus status;
    gboolean is_final;
    const char *code;
    FollowAction action;
    const char *person;
    gint64 ask_after_ms;
  } rows[] = {
    { INTAKE_STATUS_PENDING, FALSE, NULL, FOLLOW_ON, NULL, HOUR_MS },
    { INTAKE_STATUS_UPLOADED, FALSE, NULL, FOLLOW_ON, NULL, HOUR_MS },
    { INTAKE_STATUS_RECEIVED, FALSE, NULL, FOLLOW_ON, NULL, HOUR_MS },
    { INTAKE_STATUS_PROCESSING, FALSE, NULL, FOLLOW_ON, NULL, HOUR_MS },
    { INTAKE_STATUS_SUCCESS, FALSE, NULL, FOLLOW_ON, NULL, HOUR_MS },
    { INTAKE_STATUS_OTHER, FALSE, NULL, FOLLOW_ON, NULL, HOUR_MS },
    { INTAKE_STATUS_SUCCESS, TRUE, NULL, FOLLOW_ON, "package-at-va", -1 },
    { INTAKE_STATUS_VBMS, TRUE, NULL, FOLLOW_ARRIVED, NULL, -1 },
    { INTAKE_STATUS_EXPIRED, TRUE, NULL, FOLLOW_ANEW, NULL, -1 },
    { INTAKE_STATUS_ERROR, FALSE, "DOC201", FOLLOW_ON, NULL, HOUR_MS },
    { INTAKE_STATUS_ERROR, FALSE, "DOC202", FOLLOW_ON, NULL, HOUR_MS },
    { INTAKE_STATUS_ERROR, TRUE, "DOC101", FOLLOW_FAILED, NULL, -1 },
    { INTAKE_STATUS_ERROR, TRUE, "DOC102", FOLLOW_FAILED, NULL, -1 },
    { INTAKE_STATUS_ERROR, TRUE, "DOC103", FOLLOW_FAILED, NULL, -1 },
    { INTAKE_STATUS_ERROR, TRUE, "DOC104", FOLLOW_ANEW, NULL, -1 },
    { INTAKE_STATUS_ERROR, TRUE, "DOC105", FOLLOW_ON, NULL, HOUR_MS },
    { INTAKE_STATUS_ERROR, TRUE, "DOC106", FOLLOW_FAILED, NULL, -1 },
    { INTAKE_STATUS_ERROR, TRUE, "DOC107", FOLLOW_ANEW, NULL, -1 },
    { INTAKE_STATUS_ERROR, TRUE, "DOC108", FOLLOW_FAILED, NULL, -1 },
    { INTAKE_STATUS_ERROR, TRUE, "DOC202", FOLLOW_FAILED, NULL, FOLLOW_WEEK_MS },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    check (of (&fresh, rows[i].status, rows[i].is_final, rows[i].code), rows[i].action,
           rows[i].person, rows[i].ask_after_ms);
}

/* Hourly in the first day, six-hourly later. */
static void
test_pace (void)
{
  FollowFacts facts = fresh;

  facts.sent_ms_ago = FOLLOW_DAY_MS - 1;
  check (of (&facts, INTAKE_STATUS_RECEIVED, FALSE, NULL), FOLLOW_ON, NULL, HOUR_MS);
  facts.sent_ms_ago = FOLLOW_DAY_MS;
  check (of (&facts, INTAKE_STATUS_RECEIVED, FALSE, NULL), FOLLOW_ON, NULL, SIX);
}

static void
test_ages (void)
{
  FollowFacts facts = fresh;

  facts.sent_ms_ago = facts.status_ms_ago = FOLLOW_DAY_MS + 1;
  check (of (&facts, INTAKE_STATUS_UPLOADED, FALSE, NULL), FOLLOW_ON, "package-late",
         FOLLOW_WEEK_MS);
  check (of (&facts, INTAKE_STATUS_SUCCESS, FALSE, NULL), FOLLOW_ON, NULL, SIX);
  facts.sent_ms_ago = facts.status_ms_ago = 10 * FOLLOW_DAY_MS + 1;
  check (of (&facts, INTAKE_STATUS_SUCCESS, FALSE, NULL), FOLLOW_ON, "package-late",
         FOLLOW_WEEK_MS);
  check (of (&facts, INTAKE_STATUS_ERROR, FALSE, "DOC202"), FOLLOW_ON, NULL, SIX);
  facts.sent_ms_ago = facts.status_ms_ago = 30 * FOLLOW_DAY_MS + 1;
  check (of (&facts, INTAKE_STATUS_ERROR, FALSE, "DOC202"), FOLLOW_ON, "package-error-lasts",
         FOLLOW_WEEK_MS);
  facts.sent_ms_ago = facts.status_ms_ago = FOLLOW_YEAR_MS;
  check (of (&facts, INTAKE_STATUS_SUCCESS, FALSE, NULL), FOLLOW_ON, "package-late", -1);
}

/* A guid that the service does not know is no failure, however long it lasts: a person is asked
 * after a day. */
static void
test_not_known (void)
{
  FollowFacts facts = fresh;

  facts.sent_ms_ago = facts.status_ms_ago = FOLLOW_DAY_MS;
  check (of (&facts, INTAKE_STATUS_ERROR, TRUE, "DOC105"), FOLLOW_ON, NULL, SIX);
  facts.sent_ms_ago = facts.status_ms_ago = FOLLOW_DAY_MS + 1;
  check (of (&facts, INTAKE_STATUS_ERROR, TRUE, "DOC105"), FOLLOW_ON, "package-not-known",
         FOLLOW_WEEK_MS);
  facts.group_state = "failed";
  check (of (&facts, INTAKE_STATUS_ERROR, TRUE, "DOC105"), FOLLOW_ON, NULL, FOLLOW_WEEK_MS);
  facts.sent_ms_ago = facts.status_ms_ago = FOLLOW_YEAR_MS;
  check (of (&facts, INTAKE_STATUS_ERROR, TRUE, "DOC105"), FOLLOW_ON, NULL, -1);
}

/* A second one is made once, whatever becomes of it. */
static void
test_second_package (void)
{
  FollowFacts facts = fresh;

  facts.package_no = 2;
  check (of (&facts, INTAKE_STATUS_EXPIRED, TRUE, NULL), FOLLOW_FAILED, NULL, -1);
  check (of (&facts, INTAKE_STATUS_ERROR, TRUE, "DOC104"), FOLLOW_FAILED, NULL, -1);
  check (of (&facts, INTAKE_STATUS_VBMS, TRUE, NULL), FOLLOW_ARRIVED, NULL, -1);
}

/* Failure was declared: only what heals is news. */
static void
test_after_failure (void)
{
  FollowFacts facts = fresh;

  facts.group_state = "failed";
  check (of (&facts, INTAKE_STATUS_ERROR, TRUE, "DOC202"), FOLLOW_ON, NULL, FOLLOW_WEEK_MS);
  check (of (&facts, INTAKE_STATUS_PROCESSING, FALSE, NULL), FOLLOW_ON, NULL, FOLLOW_WEEK_MS);
  check (of (&facts, INTAKE_STATUS_VBMS, TRUE, NULL), FOLLOW_HEALED, NULL, -1);
  facts.sent_ms_ago = FOLLOW_YEAR_MS;
  check (of (&facts, INTAKE_STATUS_ERROR, TRUE, "DOC202"), FOLLOW_ON, NULL, -1);
}

/* It was asked for once more than needed, or a person has taken the group elsewhere. */
static void
test_nothing_to_decide (void)
{
  FollowFacts facts = fresh;

  facts.group_state = "success";
  check (of (&facts, INTAKE_STATUS_VBMS, TRUE, NULL), FOLLOW_ON, NULL, -1);
  check (of (&facts, INTAKE_STATUS_ERROR, TRUE, "DOC101"), FOLLOW_ON, NULL, -1);
  facts.group_state = "failed";
  facts.has_arrived = TRUE;
  check (of (&facts, INTAKE_STATUS_VBMS, TRUE, NULL), FOLLOW_ON, NULL, -1);
  facts.group_state = "accepted";
  facts.has_arrived = FALSE;
  check (of (&facts, INTAKE_STATUS_PROCESSING, FALSE, NULL), FOLLOW_ON, NULL, HOUR_MS);
  check (of (&facts, INTAKE_STATUS_ERROR, TRUE, "DOC105"), FOLLOW_ON, NULL, HOUR_MS);
  check (of (&facts, INTAKE_STATUS_VBMS, TRUE, NULL), FOLLOW_ON, "package-without-its-group", -1);
  check (of (&facts, INTAKE_STATUS_EXPIRED, TRUE, NULL), FOLLOW_ON, "package-without-its-group",
         -1);
  check (of (&facts, INTAKE_STATUS_ERROR, TRUE, "DOC101"), FOLLOW_ON, "package-without-its-group",
         -1);
}

/* 2,000 at once: the first 20 go out anew, all others stop; DOC107 is no expiry. */
/* Their group is established: it says nothing of them. */
static void
test_papers (void)
{
  FollowFacts facts = fresh;

  facts.group_state = "success";
  check (of (&facts, INTAKE_STATUS_VBMS, TRUE, NULL), FOLLOW_ON, NULL, -1); /* a package let go */
  facts.is_of_papers = TRUE;
  check (of (&facts, INTAKE_STATUS_RECEIVED, FALSE, NULL), FOLLOW_ON, NULL, HOUR_MS);
  check (of (&facts, INTAKE_STATUS_VBMS, TRUE, NULL), FOLLOW_ARRIVED, NULL, -1);
  check (of (&facts, INTAKE_STATUS_EXPIRED, TRUE, NULL), FOLLOW_ANEW, NULL, -1);
  check (of (&facts, INTAKE_STATUS_ERROR, TRUE, "DOC102"), FOLLOW_FAILED, NULL, -1);
  facts.package_no = 2;
  check (of (&facts, INTAKE_STATUS_EXPIRED, TRUE, NULL), FOLLOW_FAILED, NULL, -1);
  check (of (&facts, INTAKE_STATUS_ERROR, TRUE, "DOC202"), FOLLOW_FAILED, NULL, FOLLOW_WEEK_MS);
  facts.has_come_to_nothing = TRUE;
  check (of (&facts, INTAKE_STATUS_ERROR, TRUE, "DOC202"), FOLLOW_ON, NULL, FOLLOW_WEEK_MS);
  check (of (&facts, INTAKE_STATUS_VBMS, TRUE, NULL), FOLLOW_HEALED, NULL, -1);
}

static void
test_mass_expiry (void)
{
  FollowFacts facts = fresh;

  for (facts.expired_count = 1; facts.expired_count <= 2000; facts.expired_count++)
    check (of (&facts, INTAKE_STATUS_EXPIRED, TRUE, NULL),
           facts.expired_count <= 20 ? FOLLOW_ANEW : FOLLOW_STOPPED, NULL, -1);
  check (of (&facts, INTAKE_STATUS_ERROR, TRUE, "DOC107"), FOLLOW_ANEW, NULL, -1);
  facts.is_released = TRUE;
  check (of (&facts, INTAKE_STATUS_EXPIRED, TRUE, NULL), FOLLOW_ANEW, NULL, -1);
}

static void
test_counts (void)
{
  IntakeUpload upload = { .status = INTAKE_STATUS_PROCESSING, .documents = 2, .pages = 13 };

  check (follow (&fresh, &upload), FOLLOW_ON, NULL, HOUR_MS);
  upload.pages = 12;
  check (follow (&fresh, &upload), FOLLOW_ON, "package-counts-differ", HOUR_MS);
  upload.pages = 13;
  upload.documents = 1;
  check (follow (&fresh, &upload), FOLLOW_ON, "package-counts-differ", HOUR_MS);
  upload.documents = upload.pages = -1; /* not told */
  check (follow (&fresh, &upload), FOLLOW_ON, NULL, HOUR_MS);
  /* The first that is heard of it may be that it has arrived. */
  upload = (IntakeUpload){ .status = INTAKE_STATUS_VBMS, .documents = 2, .pages = 12 };
  check (follow (&fresh, &upload), FOLLOW_ARRIVED, "package-counts-differ", -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/backup/following/each-status", test_each_status);
  g_test_add_func ("/backup/following/pace", test_pace);
  g_test_add_func ("/backup/following/ages", test_ages);
  g_test_add_func ("/backup/following/not-known", test_not_known);
  g_test_add_func ("/backup/following/second-package", test_second_package);
  g_test_add_func ("/backup/following/after-failure", test_after_failure);
  g_test_add_func ("/backup/following/nothing-to-decide", test_nothing_to_decide);
  g_test_add_func ("/backup/following/papers-of-an-established-group", test_papers);
  g_test_add_func ("/backup/following/mass-expiry", test_mass_expiry);
  g_test_add_func ("/backup/following/counts", test_counts);
  return g_test_run ();
}
