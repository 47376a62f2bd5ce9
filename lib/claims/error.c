#include "claims/error.h"

G_DEFINE_QUARK (claims_error_quark, claims_error)
