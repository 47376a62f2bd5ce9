#include "pdf/error.h"

G_DEFINE_QUARK (pdf_error_quark, pdf_error)
