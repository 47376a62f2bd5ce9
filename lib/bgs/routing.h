/* Which regional office is responsible for a ZIP. Source: README.md, fact 16. */
#pragma once

#include "bgs/bgs.h"

/* @zip, @country: of the address reply; NULL goes out as an empty element. TRUE with *ret_number
 * NULL: an answer without an office. A fault is %BGS_ERROR_FAULT. */
gboolean bgs_routing_find (BgsClient *client, const BgsCaller *caller, const char *zip,
                           const char *country, char **ret_number, GError **error);
