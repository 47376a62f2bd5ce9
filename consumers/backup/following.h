/* What is to be done about a package that has been sent, from what the intake service says of it
 * and what we know. Pure. What a status means stands in intake/follow.h; here is what follows from
 * it for the group, and when it is asked for next. */
#pragma once

#include "intake/follow.h"

#define FOLLOW_DAY_MS  (24 * 3600 * G_GINT64_CONSTANT (1000))
#define FOLLOW_WEEK_MS (7 * FOLLOW_DAY_MS)
#define FOLLOW_YEAR_MS (365 * FOLLOW_DAY_MS)

typedef struct {
  guint package_no;
  const char *group_state;
  gboolean is_of_papers;        /* of a group that is established: its state says nothing of them */
  gboolean has_come_to_nothing; /* was a failure when it was last asked for */
  gboolean has_arrived;         /* was in the folder when it was last asked for */
  gint64 sent_ms_ago;
  gint64 status_ms_ago; /* since it has had this status; 0: it is new */
  gboolean is_released; /* an operator lets it go on, however many have expired */
  guint expired_count;  /* packages that have expired within the last hour, this one too */
  guint expired_max;
  gint64 ask_every_ms, ask_later_ms; /* in its first day; afterwards */
  gint64 document_count, page_count; /* as sent */
} FollowFacts;

typedef enum {
  FOLLOW_ON,      /* nothing new for the group */
  FOLLOW_ARRIVED, /* it is in the folder: the group is a success, or its papers are there */
  FOLLOW_HEALED,  /* the same, after failure was declared */
  FOLLOW_ANEW,    /* lost on its way: a second package */
  FOLLOW_STOPPED, /* the same, and too many others: an operator lets it go on */
  FOLLOW_FAILED,  /* refused for good: the group has failed, or a person sees to its papers */
} FollowAction;

typedef struct {
  FollowAction action;
  const char *person;  /* why a person has to look at it; NULL: nobody has to. A constant. */
  gint64 ask_after_ms; /* -1: not any more */
} Follow;

/* A guid that the service has given out itself: its list or our address is wrong, and nothing is
 * said of the package. Failure is not declared on such a word, least of all for all at once; a
 * person is asked about a package for which it has lasted a day. */
gboolean follow_is_not_known (const IntakeUpload *upload);

Follow follow (const FollowFacts *facts, const IntakeUpload *upload);
