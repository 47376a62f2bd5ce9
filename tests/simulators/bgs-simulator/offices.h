/* Regional offices: the list of findRegionalOffices and which office a ZIP code belongs to.
 *
 * The trap that this list carries: station numbers and location ids overlap. Station 347 is Boise
 * (location 375), location 347 is St. Petersburg (station 317). Source: lib/bgs/README.md, fact
 * 16. */
#pragma once

#include <glib.h>

typedef struct {
  guint location_id;
  const char *name;
  guint pension_centre; /* station number of its pension management centre; 0: has none */
  guint station;
} Office;

/* All of them, in the order of the reply. */
const Office *offices_all (guint *ret_count);
const Office *office_of_station (guint station);

/* The office of a five-digit ZIP; NULL when there is no such ZIP. 00001 to 00099, which nobody
 * lives in, are the samples' and belong to one office (README.md, "Where nothing is known"). */
const Office *office_of_zip (const char *zip);
