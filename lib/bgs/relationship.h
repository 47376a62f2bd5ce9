/* vnp participant relationship. Cannot be found by content, and two would count twice. Source:
 * README.md, fact 14. */
#pragma once

#include "bgs/bgs.h"

/* Days are YYYY-MM-DD; countries are BGS names; NULL is nil. */
typedef struct {
  const char *proc_id;
  const char *from_participant_id; /* A */
  const char *to_participant_id;   /* B, the dependent */
  const char *participant_type;    /* "Spouse", "Child", "Guardian"; NULL: the claim does not say */
  const char *family_type;
  const char *event_date, *begin_date, *end_date;
  const char *marriage_country, *marriage_state, *marriage_city;
  const char *end_country, *end_state, *end_city;
  const char *end_type;          /* "Death", "Divorce" or "Other" */
  const char *support_share;     /* ".5", ".75" or ".25" */
  const char *child_was_married; /* "Y", "N" or NULL */
  const char *has_income;        /* "Y", "N" or NULL; the form's "NA" is NULL */
} BgsRelationship;

/* Kept: the id (vnpPtcpntRlnshpId). */
char *bgs_relationship_create (BgsClient *client, const BgsCaller *caller,
                               const BgsRelationship *relationship, GError **error);
char *bgs_relationship_digest_text (const BgsRelationship *relationship);
