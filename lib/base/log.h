/* Structured log lines: one JSON object a line on stderr, the same field names everywhere.
 *
 * Never hand a name, SSN, file number, date of birth, address, e-mail or request body to these: messages and
 * fields end up in the monitoring stack. Source: style section 6. */
#pragma once

#include <glib.h>

typedef enum { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR } LogLevel;

/* Values are cut at 2048 bytes; at most 48 fields a line. A field that the line has by itself (at, level, program,
 * message) is renamed to field_…. A line never blocks the work by failing: nobody reading is no error. */

/* program is the "program" field of every line; level text is debug, info, warning or error.
 * Messages of GLib and of libraries on it take the same shape from then on. Call it before threads start. */
void log_init (const char *program, const char *level);
gboolean log_is_enabled (LogLevel level);

/* Pairs of const char * name, value, ended by NULL; a pair whose value is NULL is left out.
 * Fields that the thread has set with log_context_set() are added. */
void log_line (LogLevel level, const char *message, ...) G_GNUC_NULL_TERMINATED;
#define log_debug(...)   log_line (LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...)    log_line (LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warning(...) log_line (LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_failure(...) log_line (LOG_LEVEL_ERROR, __VA_ARGS__)

/* For a line that can repeat: at most one of a kind per 10 s; the next one says how many were held back. */
void log_limited (LogLevel level, const char *kind, const char *message,
                  ...) G_GNUC_NULL_TERMINATED;

/* Per-thread fields: consumer topic partition offset claim_group_id claim_id delivery_no step verdict.
 * NULL removes one. Names must be static strings. */
void log_context_set (const char *name, const char *value);
void log_context_clear (void);
