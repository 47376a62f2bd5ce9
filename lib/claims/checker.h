/* How a document is checked: where the look is, what it has found, and objects by their members.
 * For claims/validate.c and what it is made of. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include "claims/finding.h"

typedef struct {
  GPtrArray *findings;
  GString *path;  /* only keys of ours and array indices: a foreign key could be a person's name */
  ClaimRule rule; /* what a finding breaks here */
  const json_t *sent; /* the document as it came */
} Checker;

typedef void (*Check) (Checker *checker, const json_t *value);

typedef struct {
  const char *key;
  enum { OPTIONAL, REQUIRED } presence;
  Check check; /* NULL: anything */
} Member;

/* --- Findings --- */

/* @key: a member of the place that is being looked at; NULL: that place itself. What is over
 * CLAIM_FINDINGS_MAX is not kept. */
void checker_found_as (Checker *checker, ClaimRule rule, const char *key, const char *message);
void checker_found (Checker *checker, const char *message); /* breaks the rule that is in force */
/* What is there and says nothing is found at its own place, what is not there at its parent's. */
void checker_found_missing (Checker *checker, ClaimRule rule, const char *key);
void checker_need (Checker *checker, const json_t *object, const char *key);
/* What should be there without today's schema saying so with effect: told, never refused. */
void checker_should_have (Checker *checker, const json_t *object, const char *key);

/* --- The document --- */

/* The place that is being looked at, in the document as it came; NULL when it is not there. */
const json_t *checker_sent (const Checker *checker);
gboolean has_key (const json_t *object, const char *key);
gboolean has_key_in_other_case (const json_t *object, const char *key);
gboolean is_text (const json_t *value, const char *expected);

/* --- Checks of checks --- */

void check_at (Checker *checker, const char *key, const json_t *value, Check check);
void check_each (Checker *checker, const json_t *value, Check check);
gboolean check_is_object (Checker *checker, const json_t *value);
/* @members ends with a NULL key. FALSE: @value is no object. */
gboolean check_members (Checker *checker, const json_t *value, const Member *members);
