#include "events/error.h"

G_DEFINE_QUARK (events_error_quark, events_error)
