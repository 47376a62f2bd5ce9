/* What waits for this member, told as gauges: lag in messages and in seconds, and what lies in the
 * tiers until when. What is not due yet is no lag. */
#pragma once

#include "pipeline/context.h"
#include "pipeline/window.h"

typedef struct Backlog Backlog;
Backlog *backlog_new (const Context *context, Window *window);
void backlog_free (Backlog *backlog);

/* The poll thread's: partitions come and go; the broker has told how much of one is not handled
 * (full name of its topic); and each second. */
void backlog_assign (Backlog *backlog, const char *topic, int partition);
void backlog_revoke_all (Backlog *backlog);
void backlog_note_lag (Backlog *backlog, const char *topic, int partition, gint64 lag);
void backlog_tell (Backlog *backlog);
