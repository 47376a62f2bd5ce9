/* vnp child school: where a student learns. Source: README.md, fact 12. */
#pragma once

#include "bgs/bgs.h"

/* Days are YYYY-MM-DD; NULL is nil. */
typedef struct {
  const char *proc_id, *participant_id;
  const char *last_term_start; /* this and the next NULL without attendance */
  const char *last_term_end;
  const char *school_name;
  const char *expected_start; /* goes out as plain text, unlike the others */
  const char *term_start;
  const char *graduation; /* the clients of old did not send without it; BGS does not ask for it */
} BgsChildSchool;

/* Kept: the id (vnpChildSchoolId). */
char *bgs_child_school_create (BgsClient *client, const BgsCaller *caller,
                               const BgsChildSchool *school, GError **error);
char *bgs_child_school_digest_text (const BgsChildSchool *school);
