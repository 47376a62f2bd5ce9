/* From one form submission to its child claims. Source: README.md, rules 5 and 6. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include <glib.h>

typedef struct {
  const char *form_type; /* "21-686C" or "21-674" */
  json_t *form;          /* owned */
} ClaimChildForm;
void claim_child_form_free (ClaimChildForm *child);

/* The options that make a 686c, by name; ends with NULL. */
extern const char *const claim_options_686c[];
/* Any of the nine options present and true, top level */
gboolean claim_has_686c (const json_t *parent);
gboolean claim_has_674 (const json_t *parent);
/**
 * claim_split:
 * @parent: a claim that claim_validate() did not refuse; not altered, nothing of it is shared
 *
 * What is nothing (claims/content.h) is left out first. Then one 686c, and one 674 per student in
 * form order. The 686c takes its options from the top level, the 674 from the copy inside
 * dependents_application (null where there is none), and all of them. Keys that neither form has
 * are dropped from the children; the parent keeps them.
 *
 * Returns: of ClaimChildForm *, owned.
 */
GPtrArray *claim_split (const json_t *parent);
