/* vnp participant address. The flow goes on with the values of the reply. Source: README.md, fact
 * 10. */
#pragma once

#include "bgs/address.h"
#include "bgs/bgs.h"

typedef struct {
  const char *proc_id, *participant_id;
  const BgsAddress *address;
  const char *email; /* the Veteran's; NULL for everybody else */
} BgsAddressRow;

/* Kept, as echoed: vnpPtcpntAddrsId addrsOneTxt addrsTwoTxt addrsThreeTxt cityNm cntryNm
 * postalCd frgnPostalCd mltyPostalTypeCd mltyPostOfficeTypeCd zipPrefixNbr zipFirstSuffixNbr
 * prvncNm; what is nil is not there. */
char *bgs_address_create (BgsClient *client, const BgsCaller *caller, const BgsAddressRow *row,
                          GError **error);
char *bgs_address_digest_text (const BgsAddressRow *row);
