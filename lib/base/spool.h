/* Where large foreign bytes stand while they pass through: memory without a name (a memfd), or an
 * unnamed file of spool-directory. Neither has a name in a file system, so both are gone with the
 * process, however it ends. */
#pragma once

#include "base/settings.h"

extern const Setting spool_settings[]; /* spool-directory */

/**
 * spool_file_new:
 * @directory: NULL or "": in memory, which counts as the process's in its control group
 *
 * Errors: %G_FILE_ERROR.
 * Returns: a descriptor, empty, for reading and writing; the caller closes it. -1 on failure.
 */
int spool_file_new (const char *directory, GError **error);
/* A folder that takes no unnamed file is told at a program's start, not to the first document.
 * Errors: %SETTINGS_ERROR_INVALID. */
gboolean spool_is_usable (const char *directory, GError **error);
/* All of it, behind what is there. Errors: %G_FILE_ERROR, also that there is no more room. */
gboolean spool_file_append (int fd, gconstpointer bytes, gsize length, GError **error);
/* Exactly @length bytes from @offset; the descriptor's own place stays. Errors: %G_FILE_ERROR, also
 * that the file is shorter. */
gboolean spool_file_read (int fd, gint64 offset, void *to, gsize length, GError **error);
