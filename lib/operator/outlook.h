/* What an operator wants to know first: what a claim is doing now, and what comes next, and when.
 * Pure: what was read comes in, two sentences go out. */
#pragma once

#include <glib.h>

/* Work of one scope: a child claim, or the group itself (its set-up, its backup). */
typedef struct {
  const char *name;     /* "21-686C 17", "the set-up" */
  const char *consumer; /* who works on it */
  const char *state;    /* the child's; the group's for the group's own work */
  gint64 claim_id;      /* to be named in a command */
  const char *benefit_claim_id;
  gboolean is_closer; /* submitted, and closes the group's proc */
  /* A person */
  const char *hold_reason;
  gint64 behind_claim_id, held_ms;
  /* Its record */
  const char *topic; /* NULL: none is known */
  gint64 partition, offset;
  gboolean is_in_outbox, is_in_hand;
  /* By the broker: TRUE: read and settled by its consumer group, or the log has it no more */
  gboolean is_asked, is_passed, is_gone;
  gint64 behind; /* records before it that its consumer has not read */
  /* In a tier; due_ms 0: not */
  gint64 due_ms, attempts;
  const char *error_class;
  gboolean is_look;
  /* In memory, for a downstream; 0: not */
  gint64 snoozing_ms;
  const char *open_step; /* started and not ended */
  gint64 step_ms;
  gint64 settled_ms; /* when no request of it can act any more; 0: its limits are not known here */
  /* Of its consumer */
  gboolean is_alive, is_paused;
  const char *breaker; /* the downstream that is away; NULL */
  gint64 opened_ms, probe_ms;
} OutlookWork;

typedef struct {
  char *now, *next;
  gint64 next_ms; /* when; 0: not by the clock */
} Outlook;
void outlook_clear (Outlook *outlook);

/* @now_ms: the database's clock. */
void outlook_of_work (const OutlookWork *work, gint64 now_ms, Outlook *ret_outlook);

/* An e-mail that was asked for and has not gone out. @work: notify's; where its record lies is not
 * known. */
void outlook_of_email (const OutlookWork *work, gint64 asked_ms, gint64 now_ms,
                       Outlook *ret_outlook);

/* A package that is under way. */
typedef struct {
  const char *uuid, *status; /* as the service said last; NULL: not asked yet */
  gint64 sent_ms, ask_ms;
  gboolean is_stopped;
} OutlookPackage;

/* Papers of a group that BGS has taken, by what has become of them. */
typedef struct {
  guint pending, refused, given_up, off; /* refused: on their way to Benefits Intake */
  guint by_intake;                       /* in a package that is there, and not in the folder yet */
  /* In a tier; due_ms 0: not */
  const char *consumer, *topic, *error_class;
  gint64 due_ms, attempts;
} OutlookPapers;

/* FALSE: there is nothing to say of them. */
gboolean outlook_of_papers (const OutlookPapers *papers, gint64 now_ms, Outlook *ret_outlook);

/* The group as a whole, where no work of it is open. @package: the newest; NULL: none. */
void outlook_of_group (const char *state, const OutlookPackage *package, Outlook *ret_outlook);
