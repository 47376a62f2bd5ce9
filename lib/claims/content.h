/* What of a claim's document is there at all. Forms are sent with the skeleton of every page, so an
 * object, list or text without content says nothing; a reader that took it for an answer would tell
 * BGS of a person who is nobody.
 *
 * One rule for everybody who reads a claim: validation, splitting, plan and papers. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include <glib.h>

/* Deeper than this nothing is looked at: it is taken for nothing. Claims have about ten levels; the
 * door refuses long before. */
#define CLAIM_DEPTH_MAX 1024

/* Null, "", blanks, {}, [], and what holds nothing but these. %NULL is nothing. false and 0 are
 * answers; but an "outside_usa" that says no is nothing where no "location" is beside it, for the
 * pages leave it behind. */
gboolean claim_is_nothing (const json_t *value);

/**
 * claim_content:
 * @document: borrowed, not altered
 *
 * A copy without what is nothing: keys are left out, and so are elements at the end of a list.
 * Other elements of a list become null, so that a place in the form keeps its number; whoever goes
 * through a list passes over them. One pass; a copy of a copy is the same.
 *
 * Returns: a new reference, an empty object for an object without content; %NULL when @document is
 * nothing otherwise.
 */
json_t *claim_content (const json_t *document);
