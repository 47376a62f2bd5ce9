/* vnp person: who a participant is. Its key is the participant id: find it before making it again.
 * Names are normalised here. Source: README.md, facts 9 and 22. */
#pragma once

#include "bgs/bgs.h"

typedef enum {
  BGS_PERSON_WHOLE,        /* every element, nil where there is no value */
  BGS_PERSON_GUARDIAN,     /* ids, first and last name only */
  BGS_PERSON_OTHER_PARENT, /* a stepchild's other parent: the same with birth date and SSN */
} BgsPersonRows;

typedef struct {
  BgsPersonRows rows;
  const char *proc_id, *participant_id;
  const char *first_name, *middle_name, *last_name, *suffix;
  const char *birth_date;    /* days are YYYY-MM-DD */
  const char *birth_country; /* a BGS name, see bgs_country_name() */
  const char *birth_state, *birth_city;
  const char *file_number;
  const char *ssn;           /* dashes are taken out */
  const char *no_ssn_reason; /* NULL: no element at all */
  const char *death_date;
  const char *ever_married; /* "Y", "N" or NULL; the next ones too */
  const char *is_veteran;
  const char *marital_status; /* "Married", "Separated" */
  const char *is_seriously_disabled;
} BgsPerson;

/* Kept: "" (the participant id is the key). */
char *bgs_person_create (BgsClient *client, const BgsCaller *caller, const BgsPerson *person,
                         GError **error);
char *bgs_person_digest_text (const BgsPerson *person);
gboolean bgs_person_find (BgsClient *client, const BgsCaller *caller, const char *participant_id,
                          gboolean *ret_exists, GError **error);
