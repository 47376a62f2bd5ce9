/* vnp participant: a person's number under a proc. Creating one again leaves an orphan that
 * nothing refers to. Source: README.md, fact 8. */
#pragma once

#include "bgs/bgs.h"

typedef struct {
  const char *proc_id;
  const char *corporate_participant_id; /* the Veteran's; NULL for everybody else */
} BgsParticipant;

/* Kept: the id (vnpPtcpntId). */
char *bgs_participant_create (BgsClient *client, const BgsCaller *caller,
                              const BgsParticipant *participant, GError **error);
char *bgs_participant_digest_text (const BgsParticipant *participant);
