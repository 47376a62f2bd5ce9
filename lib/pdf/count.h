/* How many pages a document of ours has. */
#pragma once

#include <glib.h>

/* Errors: %PDF_ERROR_LIBRARY. */
gboolean pdf_count_pages (GBytes *pdf, guint *ret_count, GError **error);
