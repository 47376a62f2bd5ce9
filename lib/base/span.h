/* Spans: how long a piece of work took, and of which trace it is. Off unless somebody takes them
 * (spans_take()): then one costs a look at a flag.
 *
 * A span that has begun is its thread's current one until it ends, and the parent of those that
 * begin inside it; so a call to somebody is a child of the record that is handled. What has ended
 * waits in a bounded queue; what has no room there is dropped and counted. Names and attributes
 * never hold personal data. */
#pragma once

#include <glib.h>

/* As OTLP numbers them. */
typedef enum { SPAN_SERVER = 2, SPAN_CLIENT = 3, SPAN_CONSUMER = 5 } SpanKind;

#define SPAN_ATTRIBUTES_MAX   10
#define SPAN_TEXT_BYTES       80
#define SPAN_TRACEPARENT_SIZE 56 /* version 00, with the NUL byte */

typedef struct {
  const char *key; /* static */
  char value[SPAN_TEXT_BYTES];
} SpanAttribute;

typedef struct Span {
  gboolean is_on;
  SpanKind kind;
  char trace[33], id[17];
  char parent[17]; /* "" begins the trace */
  char name[SPAN_TEXT_BYTES];
  gint64 began_us, ended_us; /* Unix time */
  gint64 began_monotonic_us;
  SpanAttribute attributes[SPAN_ATTRIBUTES_MAX];
  guint attribute_count;
  char failure[SPAN_TEXT_BYTES]; /* a class, not a text; "" none */
  struct Span *outer;            /* the thread's current one before it; while it is under way */
} Span;

/**
 * span_begin:
 * @span: the caller's, until span_end()
 * @traceparent: what it belongs to, version 00; NULL: the thread's current span, and without one
 *   there is no span
 * @name: copied; cut at SPAN_TEXT_BYTES
 */
void span_begin (Span *span, SpanKind kind, const char *traceparent, const char *name);
/* It turns out to belong to @traceparent; @is_root: as the very span that this names, so that it
 * begins the trace. Those inside it keep what they had. */
void span_join (Span *span, const char *traceparent, gboolean is_root);
/* @key static; @value copied, NULL leaves it out. */
void span_set (Span *span, const char *key, const char *value);
void span_set_int (Span *span, const char *key, gint64 value);
/* On the thread that began it. @failure: its class; NULL: it went well. */
void span_end (Span *span, const char *failure);

/* It is not told. */
void span_drop (Span *span);

/* --- For who takes them --- */

/* From now on up to @max spans wait to be taken. 0: off again, and what waits is gone. */
void spans_take (guint max);
/* Up to @max of those that wait, at most @wait_ms after the first try; of Span *, owned. */
GPtrArray *spans_wait (guint max, gint64 wait_ms);
/* Ends a spans_wait() that is under way, and all later ones at once. */
void spans_wake (void);
