/* Times of US Central by GLib's zones. Source: lib/bgs/README.md, fact 5. */
#include "chicago.h"

#include <string.h>

static GTimeZone *
zone (void)
{
  static gsize once = 0;
  static GTimeZone *chicago = NULL;

  if (g_once_init_enter (&once)) {
    chicago = g_time_zone_new_identifier ("America/Chicago");
    /* A machine without zone files: the rule since 2007 for all years. */
    if (!chicago)
      chicago = g_time_zone_new_identifier ("CST6CDT,M3.2.0,M11.1.0");
    g_assert (chicago);
    g_once_init_leave (&once, 1);
  }
  return chicago;
}

/* Whether @text has the form @pattern, where 0 stands for a digit. */
static gboolean
is_like (const char *text, const char *pattern)
{
  for (; *pattern; text++, pattern++)
    if (*pattern == '0' ? !g_ascii_isdigit (*text) : *text != *pattern)
      return FALSE;
  return *text == '\0';
}

static GDateTime *
read_day (const char *day)
{
  g_autofree char *midnight = NULL;

  if (!day || !is_like (day, "0000-00-00"))
    return NULL;
  midnight = g_strconcat (day, "T00:00:00", NULL);
  return g_date_time_new_from_iso8601 (midnight, zone ());
}

static char *
format (GDateTime *time)
{
  return g_date_time_format (time, g_date_time_get_microsecond (time) ? "%Y-%m-%dT%H:%M:%S.%f%:z"
                                                                      : "%Y-%m-%dT%H:%M:%S%:z");
}

char *
chicago_from_wire (const char *text)
{
  g_autoptr (GDateTime) time = read_day (text);
  g_autoptr (GDateTime) there = NULL;

  if (!time)
    time = g_date_time_new_from_iso8601 (text, zone ());
  if (!time)
    return NULL;
  there = g_date_time_to_timezone (time, zone ());
  return format (there);
}

char *
chicago_now (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now (zone ());

  return g_date_time_format (now, "%Y-%m-%dT%H:%M:%S%:z");
}

char *
chicago_today (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now (zone ());

  return g_date_time_format (now, "%Y-%m-%d");
}

char *
chicago_midnight (const char *day)
{
  g_autoptr (GDateTime) time = read_day (day);

  return time ? format (time) : NULL;
}

char *
us_date (const char *day)
{
  g_autoptr (GDateTime) time = read_day (day);

  return time ? g_date_time_format (time, "%m/%d/%Y") : NULL;
}

char *
day_from_us_date (const char *text)
{
  g_autofree char *day = NULL;
  g_autoptr (GDateTime) time = NULL;

  if (!text || !is_like (text, "00/00/0000"))
    return NULL;
  day = g_strdup_printf ("%.4s-%.2s-%.2s", text + 6, text, text + 3);
  time = read_day (day);
  return time ? g_steal_pointer (&day) : NULL;
}
