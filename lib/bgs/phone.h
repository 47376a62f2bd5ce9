/* vnp participant phone. Without ten digits the call is left out. Source: README.md, fact 11. */
#pragma once

#include "bgs/bgs.h"

typedef struct {
  const char *proc_id, *participant_id;
  const char *number; /* ten digits: bgs_phone_number() */
} BgsPhone;

/* Kept: the id (vnpPtcpntPhoneId). */
char *bgs_phone_create (BgsClient *client, const BgsCaller *caller, const BgsPhone *phone,
                        GError **error);
char *bgs_phone_digest_text (const BgsPhone *phone);
/* The ten digits of a number as typed, owned, without a leading 1 of eleven; NULL when it has not
 * ten, is of another country, or has an extension. BGS's column has eleven. */
char *bgs_phone_number (const char *text);
