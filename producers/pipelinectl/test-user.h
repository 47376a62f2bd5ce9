/* An invented signed-in user for a sample claim: every copy of it a Veteran of its own. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include <glib.h>

/**
 * test_user_data:
 * @claim: a claim document with veteran_information; borrowed
 * @copy: 0 is the claim's own Veteran; each other number gives another name, SSN, file number and
 *   participant id
 *
 * The same claim and copy give the same user every time. SSNs begin with 666, which belongs to
 * nobody.
 *
 * Returns: the user_data object, owned; NULL when @claim has no veteran_information.
 */
json_t *test_user_data (const json_t *claim, guint copy);
