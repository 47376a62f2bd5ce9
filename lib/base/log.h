/* Structured log lines: one JSON object a line on stderr, the same field names everywhere.
 *
 * Never hand a name, SSN, file number, date of birth, address, e-mail or request body to these:
 * messages and fields end up in the monitoring stack. */
#pragma once

#include <glib.h>

typedef enum { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR } LogLevel;

/* Values are cut at 2048 bytes; at most 48 fields a line. A field that the line has by itself (at,
 * level, program, message) is renamed to field_…. Nobody reading is no error, and nobody who logs
 * waits for a reader: 1 MiB of lines waits for stderr; what comes beyond that is dropped, counted
 * by level in log_lines_dropped_total, and told in its place once there is room again. An exit()
 * waits up to 1 s for what is there to be written, an _exit() and a signal do not: see
 * log_last_words(). */

/* program is the "program" field of every line; level text is debug, info, warning or error.
 * Messages of GLib and of libraries on it take the same shape from then on. Call it before threads
 * start. */
void log_init (const char *program, const char *level);
gboolean log_is_enabled (LogLevel level);

/* Pairs of const char * name, value, ended by NULL; a pair whose value is NULL is left out.
 * Fields that the thread has set with log_context_set() are added. */
void log_line (LogLevel level, const char *message, ...) G_GNUC_NULL_TERMINATED;
#define log_debug(...)   log_line (LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...)    log_line (LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warning(...) log_line (LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_failure(...) log_line (LOG_LEVEL_ERROR, __VA_ARGS__)

/* An error, said just before an _exit() or abort(): gone out when this returns if anybody reads,
 * and never waited for longer than 100 ms. Also for who ends a process that hangs. */
void log_last_words (const char *message, ...) G_GNUC_NULL_TERMINATED;
/* Waits until the lines so far have been written, at most @timeout_ms; FALSE: they have not. */
gboolean log_flush (gint64 timeout_ms);

/* For a line that can repeat: at most one of a kind a minute; the next one says how many were held
 * back. */
void log_limited (LogLevel level, const char *kind, const char *message,
                  ...) G_GNUC_NULL_TERMINATED;

/* Per-thread fields: consumer topic partition offset claim_group_id claim_id delivery_no step
 * verdict. NULL removes one. Names must be static strings. */
void log_context_set (const char *name, const char *value);
void log_context_clear (void);
