/* Shared by the steps of a judgement: bytes that somebody else holds, and how a step says no. */
#pragma once

#include "press/report.h"

typedef struct {
  const unsigned char *data;
  gsize length;
  gboolean is_mapped; /* from a file: memory that is let go comes back when it is looked at */
} Bytes;

/* Notes why not. Always FALSE, so that a step can end with it. */
static inline gboolean
refuse (PressReport *report, PressRefusal refusal, guint page)
{
  report->refusal = refusal;
  report->page = page;
  return FALSE;
}
