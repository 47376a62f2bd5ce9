#pragma once
#include "db/db.h"
#include "program/program.h"
static inline void
program_note_trouble (Program *p, const char *k, const char *w)
{
  (void)p;
  (void)k;
  (void)w;
}
typedef struct {
  gint64 first, next, max;
} Backoff;
static inline void
backoff_init (Backoff *b, gint64 f, gint64 m)
{
  b->first = b->next = f;
  b->max = m;
}
static inline gint64
backoff_next_ms (Backoff *b)
{
  gint64 n = b->next;
  b->next = MIN (b->max, n * 2);
  return n;
}
static inline void
backoff_reset (Backoff *b)
{
  b->next = b->first;
}
