/* Spans of this process, see span.h. */
#include "base/span.h"

#include <string.h>

#include "base/metrics.h"

static GPrivate current; /* of Span *, borrowed */

#define TRACE_AT  3  /* in a traceparent: 32 hex digits */
#define PARENT_AT 36 /* 16 hex digits */

static gint room;    /* atomic: how many may wait; 0: off */
static gint waiting; /* atomic: how many do */
static GMutex lock;
static GCond changed;
static GQueue ended = G_QUEUE_INIT; /* of Span * */
static gboolean is_woken;

/* Not zero, for that is none. */
static void
make_id (char *id)
{
  const guint32 high = g_random_int (), low = g_random_int ();

  g_snprintf (id, 17, "%08x%08x", high, low ? low : 1);
}

void
span_begin (Span *span, SpanKind kind, const char *traceparent, const char *name)
{
  const Span *outer = g_private_get (&current);

  memset (span, 0, sizeof *span);
  if (g_atomic_int_get (&room) == 0 || (!traceparent && !outer))
    return;
  if (traceparent && strlen (traceparent) + 1 != SPAN_TRACEPARENT_SIZE)
    return;
  if (!outer && g_atomic_int_get (&waiting) >= g_atomic_int_get (&room)) {
    metrics_count (METRIC_SPANS_DROPPED, 1, NULL); /* with all that would be inside it */
    return;
  }
  span->is_on = TRUE;
  span->kind = kind;
  g_strlcpy (span->trace, traceparent ? traceparent + TRACE_AT : outer->trace, sizeof span->trace);
  g_strlcpy (span->parent, traceparent ? traceparent + PARENT_AT : outer->id, sizeof span->parent);
  make_id (span->id);
  g_strlcpy (span->name, name, sizeof span->name);
  span->began_us = g_get_real_time ();
  span->began_monotonic_us = g_get_monotonic_time ();
  span->outer = g_private_get (&current);
  g_private_set (&current, span);
}

void
span_join (Span *span, const char *traceparent, gboolean is_root)
{
  if (!span->is_on || strlen (traceparent) + 1 != SPAN_TRACEPARENT_SIZE)
    return;
  g_strlcpy (span->trace, traceparent + TRACE_AT, sizeof span->trace);
  g_strlcpy (is_root ? span->id : span->parent, traceparent + PARENT_AT, sizeof span->id);
  if (is_root)
    span->parent[0] = '\0';
}

void
span_set (Span *span, const char *key, const char *value)
{
  SpanAttribute *attribute;

  if (!span->is_on || !value || span->attribute_count == SPAN_ATTRIBUTES_MAX)
    return;
  attribute = &span->attributes[span->attribute_count++];
  attribute->key = key;
  g_strlcpy (attribute->value, value, sizeof attribute->value);
}

void
span_set_int (Span *span, const char *key, gint64 value)
{
  char text[24];

  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, value);
  span_set (span, key, text);
}

/* FALSE: there is no room. */
static gboolean
hand_over (const Span *span)
{
  gboolean has_room;

  g_mutex_lock (&lock);
  has_room = ended.length < (guint)g_atomic_int_get (&room);
  if (has_room) {
    g_queue_push_tail (&ended, g_memdup2 (span, sizeof *span));
    g_atomic_int_set (&waiting, (gint)ended.length);
    if (ended.length == 1)
      g_cond_signal (&changed);
  }
  g_mutex_unlock (&lock);
  return has_room;
}

void
span_end (Span *span, const char *failure)
{
  if (!span->is_on)
    return;
  g_private_set (&current, span->outer);
  span->outer = NULL;
  span->ended_us = span->began_us + g_get_monotonic_time () - span->began_monotonic_us;
  if (failure)
    g_strlcpy (span->failure, failure, sizeof span->failure);
  if (!hand_over (span))
    metrics_count (METRIC_SPANS_DROPPED, 1, NULL);
  span->is_on = FALSE;
}

void
span_drop (Span *span)
{
  if (span->is_on)
    g_private_set (&current, span->outer);
  span->is_on = FALSE;
}

void
spans_take (guint max)
{
  g_mutex_lock (&lock);
  g_atomic_int_set (&room, (gint)max);
  is_woken = FALSE;
  if (max == 0)
    g_queue_clear_full (&ended, g_free);
  g_atomic_int_set (&waiting, (gint)ended.length);
  g_mutex_unlock (&lock);
}

GPtrArray *
spans_wait (guint max, gint64 wait_ms)
{
  GPtrArray *spans = g_ptr_array_new_with_free_func (g_free);
  const gint64 until_us = g_get_monotonic_time () + wait_ms * 1000;

  g_mutex_lock (&lock);
  while (!is_woken && ended.length < max && g_cond_wait_until (&changed, &lock, until_us))
    ;
  while (ended.length > 0 && spans->len < max)
    g_ptr_array_add (spans, g_queue_pop_head (&ended));
  g_atomic_int_set (&waiting, (gint)ended.length);
  g_mutex_unlock (&lock);
  return spans;
}

void
spans_wake (void)
{
  g_mutex_lock (&lock);
  is_woken = TRUE;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}
