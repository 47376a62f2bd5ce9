/* What BGS can hold, element by element: how many characters, of which kind, and what becomes of a
 * value that does not fit. One table; what is written to the wire has passed it.
 *
 * Source: README.md, facts 9, 10, 12 and 23; lengths of VNP_PERSON and VNP_PTCPNT_ADDRS as the
 * systems that read those tables declare them. */
#pragma once

#include <glib.h>

typedef enum {
  BGS_ELEMENT_FIRST_NAME,
  BGS_ELEMENT_MIDDLE_NAME,
  BGS_ELEMENT_LAST_NAME,
  BGS_ELEMENT_SUFFIX,
  BGS_ELEMENT_CITY, /* of addresses, births, marriages and their ends */
  BGS_ELEMENT_PROVINCE,
  BGS_ELEMENT_FOREIGN_POSTAL_CODE,
  BGS_ELEMENT_ZIP,
  BGS_ELEMENT_EMAIL,
  BGS_ELEMENT_SCHOOL_NAME,
  BGS_ELEMENT_REMARKS,
  BGS_ELEMENT_COUNT
} BgsElement;

typedef enum {
  BGS_FIT_WHOLE,        /* as it was, or adapted without loss */
  BGS_FIT_CUT,          /* the end is missing */
  BGS_FIT_LETTERS_LOST, /* letters or digits that cannot be written are missing */
  BGS_FIT_TOO_LONG,     /* nothing is left: cut it would be something else */
  BGS_FIT_EMPTY,        /* something was there, and nothing of it can be written */
} BgsFit;

/**
 * bgs_element_fit:
 * @utf8: %NULL gives %NULL, blanks an empty text, both %BGS_FIT_WHOLE
 *
 * Returns: the value as it can be held, owned; %NULL when there is none.
 */
char *bgs_element_fit (BgsElement element, const char *utf8, BgsFit *ret_fit);
