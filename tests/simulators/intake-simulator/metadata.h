/* The metadata part as the server judges it. Pure. Source: README.md, "The metadata". */
#pragma once

#include <glib.h>
#include <jansson.h>

/* @ret_metadata: the object, when it is one; a new reference.
 * Returns: the detail of a DOC102, owned; NULL when nothing is wrong. */
char *metadata_problem (GBytes *text, json_t **ret_metadata);
