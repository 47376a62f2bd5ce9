/* A replay's plan as a file: a line of JSON each, the first says what was asked, the last has totals
 * and a seal over all before it. The seal is an HMAC by the pipeline's key, so that a plan which was
 * edited, or made for another database, is none. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "base/seal.h"
#include "operator/replay.h"

#define REPLAY_FILE_ERROR (replay_file_error_quark ())
GQuark replay_file_error_quark (void);
typedef enum {
  REPLAY_FILE_ERROR_FILE,  /* cannot be read or written */
  REPLAY_FILE_ERROR_FALSE, /* is no plan, is cut off, or is not as it was made */
} ReplayFileError;

/* --- Writing: into a new file beside it, which takes its name when it is whole --- */

typedef struct ReplayWriter ReplayWriter;
ReplayWriter *replay_writer_new (const char *path, GError **error);
void replay_writer_free (ReplayWriter *writer); /* what is not finished is removed; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReplayWriter, replay_writer_free)
gboolean replay_writer_add (ReplayWriter *writer, const json_t *line, GError **error);
/* The same of a line that is JSON already, without its end. */
gboolean replay_writer_add_text (ReplayWriter *writer, const char *text, gsize length,
                                 GError **error);
/* @totals: gets "seal". */
gboolean replay_writer_finish (ReplayWriter *writer, const Sealer *sealer, json_t *totals,
                               GError **error);

/* --- Reading --- */

typedef struct ReplayReader ReplayReader;
/* The whole file has been held against its seal. @ret_totals: its last line, owned. */
ReplayReader *replay_reader_new (const char *path, const Sealer *sealer, json_t **ret_totals,
                                 GError **error);
void replay_reader_free (ReplayReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReplayReader, replay_reader_free)
/* Its first record comes next, again. */
gboolean replay_reader_rewind (ReplayReader *reader, GError **error);
/* The next record's line, owned; NULL without @error: there are no more. */
json_t *replay_reader_next (ReplayReader *reader, GError **error);
/* A record's line that sends its group; owned. NULL: it sends none. */
ReplayRecord *replay_line_record (const json_t *line);
