/* Time. Stored times are the database's; a process knows its offset to that clock from its
 * heartbeats. Waits and limits count on the monotonic clock. Source: README.md, rule 2. */
#pragma once

#include <glib.h>

gint64 clock_now_ms (void); /* this machine's UTC, ms since 1970 */
gint64 clock_monotonic_ms (void);
gint64 clock_database_now_ms (void); /* clock_now_ms() + offset */
gint64 clock_database_offset_ms (void);
/* The database's clock may be this much behind clock_database_now_ms(), or before it. What must not
 * come early waits for it too. */
gint64 clock_database_error_ms (void);
/**
 * clock_note_database:
 * @before_ms, @after_ms: clock_now_ms() before the question and after the answer
 * @database_ms: what the database's clock said in between
 *
 * The true offset lies in an interval as wide as the trip was long; those of several trips are
 * intersected, so that one quick answer serves until the clocks may have drifted, and a slow one
 * does no harm. No intersection: a clock was set.
 */
void clock_note_database (gint64 before_ms, gint64 after_ms, gint64 database_ms);
void clock_set_database_offset_ms (gint64 offset_ms); /* exactly; for tests */

/* Tests put the clock (and the monotonic one) under their control; NULL gives it back. */
typedef gint64 (*ClockSource) (void);
void clock_set_source (ClockSource wall_ms, ClockSource monotonic_ms);

char *clock_format_iso (gint64 utc_ms); /* 2026-11-21T19:05:00.123Z */
/* Also with a numeric offset (±hh, ±hhmm, ±hh:mm), with a blank for the T, without a fraction (more
 * digits than ms are cut), or a day alone, which is its midnight in UTC. A time of day without Z or
 * offset is refused: guessing a zone could move a claim to another day. */
gboolean clock_parse_iso (const char *text, gint64 *ret_utc_ms);
/* 2026-11-21, the day in America/Chicago (own rule: US law since 2007) */
char *clock_chicago_day (gint64 utc_ms);
char *clock_chicago_iso (gint64 utc_ms); /* 2026-11-21T13:05:00-06:00 */
