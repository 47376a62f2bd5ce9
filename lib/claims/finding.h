/* What a look at a claim has found: where, what, and how much it weighs. */
#pragma once

#include <glib.h>

typedef enum {
  /* Refused in every mode: what is enforced today, and rules of ours that keep data from being lost
   * */
  CLAIM_RULE_LENIENT,
  CLAIM_RULE_STRICT,  /* refused in strict mode, a warning else */
  CLAIM_RULE_WARNING, /* never refused */
} ClaimRule;

typedef struct {
  /* JSON pointer in storage (snake_case) terms; "" is the document root; a missing key names its
   * parent */
  char *pointer;
  char *message; /* never holds a value, nor a key that is not one of the claim's own */
  ClaimRule rule;
} ClaimFinding;
void claim_finding_free (ClaimFinding *finding);
/* Adds one to @findings, of ClaimFinding *. */
void claim_finding_add (GPtrArray *findings, ClaimRule rule, const char *message,
                        char *pointer_taken);

/* More findings than this are not told: nothing grows without a bound. The lenient ones come
 * first. */
#define CLAIM_FINDINGS_MAX 200
