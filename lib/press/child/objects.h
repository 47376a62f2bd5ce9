/* libqpdf's C API, a little shorter. A handle lives until it is released or all are
 * (qpdf_oh_release_all()); an object of its own is remembered by its number instead.
 *
 * Errors are kept by qpdf until somebody asks: a step does its work and asks objects_are_well() at
 * its end. */
#pragma once

#include <qpdf/qpdf-c.h>

#include "base/cleanup.h"
#include "press/child/verdict.h"

/* Says nothing to anybody, never rebuilds for the sake of a reader. */
qpdf_data objects_new (void);
/* FALSE: something has failed since; refused as unreadable. */
gboolean objects_are_well (qpdf_data pdf, PressReport *report, guint page);

/* Keys of a dictionary, owned. */
GPtrArray *object_keys (qpdf_data pdf, qpdf_oh dictionary);
/* Of a dictionary; of anything else a null object. */
qpdf_oh object_get (qpdf_data pdf, qpdf_oh dictionary, const char *key);
gboolean object_is_name (qpdf_data pdf, qpdf_oh dictionary, const char *key, const char *name);
/* A finite number; one that is far beyond any page is as large as that. FALSE leaves it. */
gboolean object_number (qpdf_data pdf, qpdf_oh object, double *ret_number);
/* Four numbers as lower left and upper right corner, whichever two were given. */
gboolean object_rectangle (qpdf_data pdf, qpdf_oh object, double ret_corners[4]);
/* A copy whose entries are the same objects; of anything but a dictionary an empty one. */
qpdf_oh object_copy_dictionary (qpdf_data pdf, qpdf_oh dictionary);
/* What a stream holds when its filters are undone; NULL: it cannot be had, or is no stream.
 * Owned. */
GBytes *object_content (qpdf_data pdf, qpdf_oh stream);
/* A stream of these bytes, as they are; @filter: "/FlateDecode", or NULL. */
qpdf_oh object_new_stream (qpdf_data pdf, const void *bytes, gsize length, const char *filter);
