/* An address of the form made into the address BGS stores: three short lines, and one of three
 * kinds.
 *
 * Source: README.md, facts 10 and 23 to 25. */
#pragma once

#include <glib.h>

/* As on the form; all may be NULL; borrowed. */
typedef struct {
  const char *street, *street2, *street3;
  const char *city, *state, *postal_code;
  const char *country; /* a code or a name, see bgs_country_name() */
} BgsAddressSource;

/* What of an address was not taken as it was typed; a set of bits. What is adapted without loss is
 * none of these. */
typedef enum {
  BGS_ADDRESS_STREET_CUT = 1 << 0,   /* it has more than three lines */
  BGS_ADDRESS_STREET_EMPTY = 1 << 1, /* of one of its parts no character can be written */
  BGS_ADDRESS_CITY_CUT = 1 << 2,
  BGS_ADDRESS_CITY_EMPTY = 1 << 3,    /* none of its characters can be written */
  BGS_ADDRESS_CITY_NOT_SENT = 1 << 4, /* a military address has none */
  BGS_ADDRESS_STATE_UNKNOWN =
      1 << 5, /* of the USA, and none of its states; goes out as province alone */
  BGS_ADDRESS_STATE_CORRECTED =
      1 << 6, /* by a military ZIP, or by a territory that stood as country */
  BGS_ADDRESS_STATE_UNCLEAR = 1 << 7,   /* military, and state and ZIP do not agree on which */
  BGS_ADDRESS_COUNTRY_UNKNOWN = 1 << 8, /* goes out as nil */
  BGS_ADDRESS_COUNTRY_MISSING = 1 << 9, /* and the state does not say which; USA only by its ZIP */
  BGS_ADDRESS_COUNTRY_REPLACED = 1 << 10, /* of military mail: USA */
  BGS_ADDRESS_ZIP_CUT = 1 << 11,          /* five digits, and something that is no ZIP+4 */
  BGS_ADDRESS_ZIP_MALFORMED =
      1 << 12, /* not five digits, or none but zeros; sent only when it fits */
  BGS_ADDRESS_POSTAL_CODE_CUT = 1 << 13, /* a foreign one, also when nothing of it can be written */
  BGS_ADDRESS_PROVINCE_CUT = 1 << 14,
  /* Letters or digits that cannot be written are missing, and others are there */
  BGS_ADDRESS_STREET_LETTERS_LOST = 1 << 15,
  BGS_ADDRESS_CITY_LETTERS_LOST = 1 << 16,
  BGS_ADDRESS_PROVINCE_LETTERS_LOST = 1 << 17,
  BGS_ADDRESS_POSTAL_CODE_LETTERS_LOST = 1 << 18,
  BGS_ADDRESS_STATE_ABROAD = 1 << 19, /* a state of the USA beside another country: not sent */
  BGS_ADDRESS_ZIP_MILITARY = 1 << 20, /* beside a city and state that are not */
} BgsAddressIssue;

typedef enum { BGS_ADDRESS_USA, BGS_ADDRESS_MILITARY, BGS_ADDRESS_FOREIGN } BgsAddressKind;

/* In the order of the wire; NULL is nil; owned. */
typedef struct {
  BgsAddressKind kind;
  char *line_one, *line_two, *line_three; /* at most 19 characters each */
  char *city;                             /* NULL for military */
  char *country;                          /* USA or a BGS name; NULL when it is not known */
  char *state;                            /* USA only: goes out as postalCd */
  char *foreign_postal_code;              /* foreign only */
  char *military_postal_type;             /* AA, AE, AP */
  char *military_post_office_type;        /* APO, DPO, FPO */
  char *zip;                              /* five digits; NULL for foreign */
  char *zip_suffix;                       /* four digits of a ZIP+4, or NULL */
  char *province;                         /* state or province text; NULL for military */
  guint issues;                           /* BgsAddressIssue */
} BgsAddress;

BgsAddress *bgs_address_new (const BgsAddressSource *source);
void bgs_address_free (BgsAddress *address);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BgsAddress, bgs_address_free)
