/* Whether what was entered into a form shows: a value that only a program would draw, or draws
 * otherwise, does not reach who reads the pages. */
#pragma once

#include "press/child/objects.h"

/* Looks at the widgets of all pages (@report->pages of them). A hidden one shows nothing and need
 * not. FALSE: refused, with the page. */
gboolean fields_are_drawn (qpdf_data pdf, PressReport *report);
