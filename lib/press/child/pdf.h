/* From a PDF to the same one stamped, without what it would do by itself; or to a refusal. */
#pragma once

#include "press/child/stamp.h"

/* Writes to stdout, which must be an empty file. FALSE: refused, @report says why. */
gboolean pdf_press (const Bytes *document, const Stamps *stamps, PressReport *report);
