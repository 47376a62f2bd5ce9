/* See error.h. */
#include "pipeline/error.h"

G_DEFINE_QUARK (pipeline_error_quark, pipeline_error)
