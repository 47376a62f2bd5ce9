/* Attachments as they are stored become stamped PDFs. */
#pragma once

#include "papers/papers.h"
#include "pipeline/run.h"
#include "press/press.h"

/* The stamps of all of a group's attachments. Errors: %PDF_ERROR_LIBRARY. */
GBytes *pressing_stamps (Papers *papers, gint64 submitted_at_ms, GError **error);

/**
 * pressing_press:
 * @stamps: of pressing_stamps()
 * @ret_result: owned; pressed, or refused by somebody who has let it in before; NULL: what is
 *   stored of it cannot be read, and no other look will find it as it came
 *
 * What has only run out of time, or was killed, is looked at once more. Takes up to a minute for a
 * place, and twice the press's own time.
 *
 * Errors: %PRESS_ERROR, database, %SEAL_ERROR_UNKNOWN (a master key that somebody can bring),
 * %G_FILE_ERROR; %PIPELINE_ERROR_SNOOZE while the press is busy.
 */
gboolean pressing_press (Run *run, Press *press, gint64 attachment_id, GBytes *stamps,
                         PressResult **ret_result, GError **error);
