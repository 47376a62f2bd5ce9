/* The look for the benefit claim that an insert without an answer may have made, and increments
 * that are free. Pure: what was read comes in, what it means goes out. Rules: the README of this
 * room. */
#pragma once

#include <glib.h>
#include "bgs/benefit-claim-finder.h"
#include "claims/insert-record.h"

typedef enum {
  INSERT_FOUND, /* one claim, pending: adopt it */
  INSERT_NOT_THERE,
  /* Cleared, cancelled, several, or by an unknown hand: a person decides, nothing is inserted */
  INSERT_UNCLEAR,
} InsertSight;

typedef struct {
  InsertSight sight;
  const BgsClaimRow *claim; /* FOUND: borrowed from the claims looked at */
  const InsertNote *note;   /* FOUND: which of the notes it was */
  gboolean is_taken; /* NOT_THERE: an open claim of somebody else has the last increment sent */
} InsertLook;

/**
 * insert_look:
 * @notes: array of InsertNote: every insert of the child that was sent and is not known to have
 * failed, oldest first
 * @claims: array of BgsClaimRow: all that BGS knows of the Veteran, without those that another
 * child has recorded
 * @username: ours, as BGS journals it
 */
InsertLook insert_look (const GPtrArray *notes, const GPtrArray *claims, const char *username);

/* What a person chooses from when the look is unclear: those that may be ours, as a JSON array;
 * owned. Arguments as above. */
char *insert_look_candidates (const GPtrArray *notes, const GPtrArray *claims,
                              const char *username);

/* The lowest increment from @asked on that no open claim has and nobody has reserved; owned. NULL:
 * none within ten. */
char *increment_next_free (const char *asked, const GPtrArray *claims,
                           const GPtrArray *reserved_notes);

gboolean increment_is_reserved (const char *increment, const GPtrArray *reserved_notes);
