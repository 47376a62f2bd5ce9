/* Standard data: the next free end-product modifier of a Veteran, and the list of regional offices.
 * Source: README.md, facts 15 and 16. */
#pragma once

#include "bgs/bgs.h"

/**
 * bgs_increment_find:
 * @base_type: 130DPNEBNADJ for a 686c, 130SCHATTEBN for a 674, whatever code is finally used
 *
 * The call neither reserves nor locks: ask under the Veteran's lock, and insert next.
 * Returns: the modifier, for instance "134".
 */
char *bgs_increment_find (BgsClient *client, const BgsCaller *caller,
                          const char *corporate_participant_id, const char *base_type,
                          GError **error);

typedef struct {
  char *location_id;
  char *station_number;
  char *name;
} BgsRegionalOffice;
/* Array of BgsRegionalOffice, owned. */
GPtrArray *bgs_regional_offices_find (BgsClient *client, const BgsCaller *caller, GError **error);
/* The location of a station; borrowed; NULL when the list has not got it. */
const char *bgs_regional_offices_location (const GPtrArray *offices, const char *station_number);
