/* Structured log lines: one JSON object a line. Where lines go is the container's business: stderr,
 * by way of log-writer.c.
 *
 * Written by hand: a line is flat, all values are text, and the order of fields is part of being
 * readable. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/log-writer.h"
#include "base/metrics.h"

/* Bounds: a value is cut, a line holds so many pairs, so many kinds are limited each by themselves.
 */
#define LOG_VALUE_MAX_BYTES 2048
#define LOG_FIELDS_MAX      48
#define LOG_KINDS_MAX       500
#define LOG_LIMIT_MS        60000
#define LAST_WORDS_MS       100
#define FATAL_MS            1000

typedef struct {
  const char *name; /* static */
  char *value;
} ContextField;

typedef struct {
  gint64 last_ms;
  guint64 held_back;
} Kind;

static char *program_name;
static int lowest_level = LOG_LEVEL_INFO;

static GMutex kinds_lock;
static GHashTable *kinds; /* kind → Kind */

static const char *const level_names[] = { "debug", "info", "warning", "error" };

static void
context_field_clear (gpointer data)
{
  ContextField *field = data;

  g_free (field->value);
}

static void
context_free (gpointer data)
{
  g_array_unref (data);
}

static GPrivate context = G_PRIVATE_INIT (context_free);

static GArray *
get_context (void)
{
  GArray *fields = g_private_get (&context);

  if (!fields) {
    fields = g_array_new (FALSE, FALSE, sizeof (ContextField));
    g_array_set_clear_func (fields, context_field_clear);
    g_private_set (&context, fields);
  }
  return fields;
}

void
log_context_set (const char *name, const char *value)
{
  GArray *fields = get_context ();

  for (guint i = 0; i < fields->len; i++) {
    ContextField *field = &g_array_index (fields, ContextField, i);

    if (!g_str_equal (field->name, name))
      continue;
    if (value) {
      char *old = field->value;

      field->value = g_strdup (value);
      g_free (old);
    } else
      g_array_remove_index (fields, i);
    return;
  }
  if (value && fields->len < LOG_FIELDS_MAX) {
    ContextField field = { name, g_strdup (value) };

    g_array_append_val (fields, field);
  }
}

void
log_context_clear (void)
{
  g_array_set_size (get_context (), 0);
}

static void
append_json_text (GString *line, const char *text)
{
  g_autofree char *valid = NULL;
  gsize length = strlen (text);
  gboolean cut = length > LOG_VALUE_MAX_BYTES;

  if (cut)
    length = LOG_VALUE_MAX_BYTES;
  /* A character cut in two becomes U+FFFD here, as do damaged ones. */
  valid = g_utf8_make_valid (text, (gssize)length);

  g_string_append_c (line, '"');
  for (const char *c = valid; *c; c++) {
    switch (*c) {
    case '"':
      g_string_append (line, "\\\"");
      break;
    case '\\':
      g_string_append (line, "\\\\");
      break;
    case '\n':
      g_string_append (line, "\\n");
      break;
    case '\t':
      g_string_append (line, "\\t");
      break;
    case '\r':
      g_string_append (line, "\\r");
      break;
    default:
      if ((guchar)*c < 0x20 || *c == 0x7f)
        g_string_append_printf (line, "\\u%04x", (guint)*c);
      else
        g_string_append_c (line, *c);
    }
  }
  g_string_append (line, cut ? "…\"" : "\"");
}

/* Whoever logs a URL, or a library's text with one in it, does not have to think of its
 * password. */
static void
append_field (GString *line, const char *name, const char *value)
{
  g_autofree char *masked = strstr (value, "://") ? text_mask_userinfo (value) : NULL;

  value = masked ? masked : value;
  g_string_append (line, line->len > 1 ? "," : "");
  append_json_text (line, name);
  g_string_append_c (line, ':');
  append_json_text (line, value);
}

static gboolean
name_is_taken (const char *const *names, guint count, const char *name)
{
  for (guint i = 0; i < count; i++)
    if (g_str_equal (names[i], name))
      return TRUE;
  return FALSE;
}

static GString *
make_line (LogLevel level, const char *message, guint64 held_back, const GArray *fields,
           va_list pairs)
{
  static const char *const own[] = { "at", "level", "program", "message", "held_back" };
  GString *line = g_string_sized_new (512);
  g_autofree char *at = clock_format_iso (clock_now_ms ());
  const char *names[LOG_FIELDS_MAX];
  guint count = 0;
  const char *name;

  g_string_append_c (line, '{');
  append_field (line, "at", at);
  append_field (line, "level", level_names[level]);
  append_field (line, "program", program_name ? program_name : "");
  append_field (line, "message", message);

  while ((name = va_arg (pairs, const char *))) {
    const char *value = va_arg (pairs, const char *);

    if (!value || count == LOG_FIELDS_MAX || name_is_taken (names, count, name))
      continue;
    names[count++] = name;
    if (name_is_taken (own, G_N_ELEMENTS (own), name)) {
      g_autofree char *renamed = g_strconcat ("field_", name, NULL);

      append_field (line, renamed, value);
    } else
      append_field (line, name, value);
  }
  for (guint i = 0; fields && i < fields->len; i++) {
    const ContextField *field = &g_array_index (fields, ContextField, i);

    if (!name_is_taken (names, count, field->name))
      append_field (line, field->name, field->value);
  }
  if (held_back > 0) {
    g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, held_back);

    append_field (line, "held_back", number);
  }
  g_string_append (line, "}\n");
  return line;
}

static void
emit (LogLevel level, const char *message, guint64 held_back, gboolean is_last, va_list pairs)
{
  int saved_errno = errno; /* logging in the middle of handling a failure must not change it */

  if (!log_writer_put ((int)level, make_line (level, message, held_back, get_context (), pairs),
                       is_last))
    metrics_count (METRIC_LOG_LINES_DROPPED, 1, level_names[level], NULL);
  errno = saved_errno;
}

/* Without the thread's context. */
static GString *
make_line_of (LogLevel level, const char *message, ...)
{
  va_list pairs;
  GString *line;

  va_start (pairs, message);
  line = make_line (level, message, 0, NULL, pairs);
  va_end (pairs);
  return line;
}

static GString *
tell_of_dropped (const guint64 dropped[LOG_WRITER_LEVELS])
{
  g_autofree char *message = NULL;
  char *by_level[G_N_ELEMENTS (level_names)];
  guint64 sum = 0;
  GString *line;

  for (guint i = 0; i < G_N_ELEMENTS (level_names); i++) {
    sum += dropped[i];
    by_level[i] = g_strdup_printf ("%" G_GUINT64_FORMAT, dropped[i]);
  }
  message = g_strdup_printf (
      "%" G_GUINT64_FORMAT " lines were dropped here: nobody reads stderr fast enough", sum);
  line = make_line_of (LOG_LEVEL_WARNING, message, level_names[0], by_level[0], level_names[1],
                       by_level[1], level_names[2], by_level[2], level_names[3], by_level[3], NULL);
  for (guint i = 0; i < G_N_ELEMENTS (level_names); i++)
    g_free (by_level[i]);
  return line;
}

static void
emit_pairs (LogLevel level, const char *message, ...)
{
  va_list pairs;

  va_start (pairs, message);
  emit (level, message, 0, FALSE, pairs);
  va_end (pairs);
}

/* What GLib and libraries on it complain about becomes lines of the same shape. */
static GLogWriterOutput
write_glib_message (GLogLevelFlags flags, const GLogField *fields, gsize n_fields, gpointer data)
{
  const char *message = NULL, *domain = NULL;
  LogLevel level = LOG_LEVEL_DEBUG;

  (void)data;
  for (gsize i = 0; i < n_fields; i++) {
    if (fields[i].length >= 0)
      continue; /* not text */
    if (g_str_equal (fields[i].key, "MESSAGE"))
      message = fields[i].value;
    else if (g_str_equal (fields[i].key, "GLIB_DOMAIN"))
      domain = fields[i].value;
  }
  if (flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
    level = LOG_LEVEL_ERROR;
  else if (flags & G_LOG_LEVEL_WARNING)
    level = LOG_LEVEL_WARNING;
  else if (flags & (G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO))
    level = LOG_LEVEL_INFO;
  if (log_is_enabled (level))
    emit_pairs (level, message ? message : "", "domain", domain, NULL);
  if (flags & (G_LOG_FLAG_FATAL | G_LOG_LEVEL_ERROR))
    (void)log_flush (FATAL_MS); /* GLib ends the process next */
  return G_LOG_WRITER_HANDLED;
}

void
log_init (const char *program, const char *level)
{
  static gboolean has_writer;

  g_free (program_name);
  program_name = g_strdup (program);
  log_writer_init (tell_of_dropped);
  for (int i = 0; i < (int)G_N_ELEMENTS (level_names); i++)
    if (g_strcmp0 (level, level_names[i]) == 0)
      g_atomic_int_set (&lowest_level, i);
  /* GLib takes a writer once in a process. */
  if (!has_writer)
    g_log_set_writer_func (write_glib_message, NULL, NULL);
  has_writer = TRUE;
}

gboolean
log_is_enabled (LogLevel level)
{
  return (int)level >= g_atomic_int_get (&lowest_level);
}

void
log_line (LogLevel level, const char *message, ...)
{
  va_list pairs;

  if (!log_is_enabled (level))
    return;
  va_start (pairs, message);
  emit (level, message, 0, FALSE, pairs);
  va_end (pairs);
}

void
log_last_words (const char *message, ...)
{
  va_list pairs;

  va_start (pairs, message);
  emit (LOG_LEVEL_ERROR, message, 0, TRUE, pairs);
  va_end (pairs);
  (void)log_flush (LAST_WORDS_MS); /* nobody reads: the end does not wait for that */
}

gboolean
log_flush (gint64 timeout_ms)
{
  return log_writer_flush (timeout_ms);
}

/* Whether a line of this kind may go out now, and how many were held back since the last. */
static gboolean
kind_may_speak (const char *name, guint64 *ret_held_back)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&kinds_lock);
  gint64 now_ms = clock_monotonic_ms ();
  Kind *kind;

  if (!kinds)
    kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  kind = g_hash_table_lookup (kinds, name);
  if (!kind && g_hash_table_size (kinds) >= LOG_KINDS_MAX) {
    name = "(any other)";
    kind = g_hash_table_lookup (kinds, name);
  }
  if (!kind) {
    kind = g_new0 (Kind, 1);
    kind->last_ms = now_ms - LOG_LIMIT_MS;
    g_hash_table_insert (kinds, g_strdup (name), kind);
  }

  if (now_ms - kind->last_ms < LOG_LIMIT_MS) {
    kind->held_back++;
    return FALSE;
  }
  *ret_held_back = kind->held_back;
  kind->held_back = 0;
  kind->last_ms = now_ms;
  return TRUE;
}

void
log_limited (LogLevel level, const char *kind, const char *message, ...)
{
  guint64 held_back = 0;
  va_list pairs;

  if (!log_is_enabled (level) || !kind_may_speak (kind, &held_back))
    return;
  va_start (pairs, message);
  emit (level, message, held_back, FALSE, pairs);
  va_end (pairs);
}
