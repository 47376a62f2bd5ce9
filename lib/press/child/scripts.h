/* What a document would do by itself is taken out. */
#pragma once

#include "press/child/objects.h"

/* Removes JavaScript and Launch actions wherever they hang, additional actions (AA), the
 * OpenAction, scripts named in the catalog and the XFA copy of a form, which holds scripts of its
 * own. Notes in @report that it did (an OpenAction or XFA without a script is nothing to tell), and
 * that there is a signature. Looks at every object once. FALSE: refused. */
gboolean scripts_remove (qpdf_data pdf, PressReport *report);
