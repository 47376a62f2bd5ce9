/* The way of a log line to stderr: a bounded queue and one thread that alone writes, so that a pipe
 * which nobody reads holds up neither work nor the end of a process. What does not fit is counted,
 * and told in its place among the lines once there is room again. log.h is what others use. */
#pragma once

#include <glib.h>

/* Levels are numbers from 0 here; what they are called is log.c's. */
#define LOG_WRITER_LEVELS 4

/* Makes the line that tells of dropped ones; owned by the caller. Called with the queue locked: it
 * must not log. */
typedef GString *(*LogWriterNotice) (const guint64 dropped[LOG_WRITER_LEVELS]);
void log_writer_init (LogWriterNotice notice);

/* Takes @line, which ends with a newline. Never waits for stderr. FALSE: no room, it was dropped
 * and counted. @is_last: may also use the room that is kept for what must be said before an end. */
gboolean log_writer_put (int level, GString *line_taken, gboolean is_last);

/* Waits until what was put before has been written, at most @timeout_ms. FALSE: it has not. */
gboolean log_writer_flush (gint64 timeout_ms);
