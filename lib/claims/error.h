/* What can go wrong with a claim group and its children in our database. */
#pragma once

#include <glib.h>

#define CLAIMS_ERROR (claims_error_quark ())
GQuark claims_error_quark (void);
typedef enum {
  CLAIMS_ERROR_NOT_FOUND,
  CLAIMS_ERROR_TRANSITION, /* the table of states does not allow this change */
  CLAIMS_ERROR_INVALID,    /* the stored document is not what we stored */
} ClaimsError;
