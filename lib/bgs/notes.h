/* A development note on a benefit claim, which people see. Source: README.md, fact 19. */
#pragma once

#include "bgs/bgs.h"

typedef struct {
  const char *claim_id; /* the benefit claim */
  const char *corporate_participant_id;
  const char *text;
} BgsNote;

/* Kept: the id (noteId). */
char *bgs_note_create (BgsClient *client, const BgsCaller *caller, const BgsNote *note,
                       GError **error);
char *bgs_note_digest_text (const BgsNote *note);
