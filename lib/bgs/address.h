/* An address of the form made into the address BGS stores: three short lines, and one of three
 * kinds.
 *
 * Sources: BGS reference 7.1; decisions 4, 7, 8, 16, 19 to 22. */
#pragma once

#include <glib.h>

/* As on the form; all may be NULL; borrowed. */
typedef struct {
  const char *street, *street2, *street3;
  const char *city, *state, *postal_code;
  const char *country; /* alpha-3, or US; NULL: USA */
} BgsAddressSource;

typedef enum { BGS_ADDRESS_USA, BGS_ADDRESS_MILITARY, BGS_ADDRESS_FOREIGN } BgsAddressKind;

/* In the order of the wire; NULL is nil; owned. */
typedef struct {
  BgsAddressKind kind;
  char *line_one, *line_two, *line_three; /* at most 19 characters each */
  char *city;                             /* NULL for military */
  char *country;                          /* USA or a BGS name */
  char *state;                            /* USA only: goes out as postalCd */
  char *foreign_postal_code;              /* foreign only */
  char *military_postal_type;             /* AA, AE, AP */
  char *military_post_office_type;        /* APO, DPO, FPO */
  char *zip;                              /* five digits; NULL for foreign */
  char *zip_suffix;                       /* four digits of a ZIP+4, or NULL */
  char *province;                         /* state or province text; NULL for military */
  gboolean is_cut;                        /* something of the street did not fit into three lines */
} BgsAddress;

BgsAddress *bgs_address_new (const BgsAddressSource *source);
void bgs_address_free (BgsAddress *address);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BgsAddress, bgs_address_free)
