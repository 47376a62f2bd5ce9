/* Time: this machine's, the database's by a known offset, and the calendar of America/Chicago.
 *
 * Chicago's rule is written out rather than read from the system's time zones, for a slim container
 * may have none, and a missing zone file would silently mean UTC and move the day from which a
 * Veteran is paid. Source of the rule: 15 U.S.C. 260a (Energy Policy Act of 2005, since 2007): from
 * the second Sunday of March to the first Sunday of November, both at 2:00 local time. */
#include "base/clock.h"

#include <time.h>

#define MS_PER_SECOND G_GINT64_CONSTANT (1000)
#define MS_PER_HOUR   (3600 * MS_PER_SECOND)
#define MS_PER_DAY    (24 * MS_PER_HOUR)

static gint64 database_offset_ms, database_error_ms; /* atomic */
static GMutex offset_lock;
static gint64 offset_low_ms, offset_high_ms; /* the true offset lies between them */
static gboolean is_offset_known;
#define DRIFT_MS 1 /* between two heartbeats: 100 ppm of 10 s */
static ClockSource wall_source;
static ClockSource monotonic_source;

static gint64
read_clock_ms (clockid_t id)
{
  struct timespec now;

  clock_gettime (id, &now);
  return (gint64)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000;
}

gint64
clock_now_ms (void)
{
  ClockSource source = __atomic_load_n (&wall_source, __ATOMIC_ACQUIRE);

  return source ? source () : read_clock_ms (CLOCK_REALTIME);
}

gint64
clock_monotonic_ms (void)
{
  ClockSource source = __atomic_load_n (&monotonic_source, __ATOMIC_ACQUIRE);

  return source ? source () : read_clock_ms (CLOCK_MONOTONIC);
}

void
clock_set_source (ClockSource wall_ms, ClockSource monotonic_ms)
{
  __atomic_store_n (&wall_source, wall_ms, __ATOMIC_RELEASE);
  __atomic_store_n (&monotonic_source, monotonic_ms, __ATOMIC_RELEASE);
}

static void
publish_offset (void)
{
  __atomic_store_n (&database_offset_ms, offset_low_ms + (offset_high_ms - offset_low_ms) / 2,
                    __ATOMIC_RELEASE);
  __atomic_store_n (&database_error_ms, (offset_high_ms - offset_low_ms + 1) / 2, __ATOMIC_RELEASE);
}

void
clock_set_database_offset_ms (gint64 offset_ms)
{
  g_mutex_lock (&offset_lock);
  offset_low_ms = offset_high_ms = offset_ms;
  is_offset_known = TRUE;
  publish_offset ();
  g_mutex_unlock (&offset_lock);
}

void
clock_note_database (gint64 before_ms, gint64 after_ms, gint64 database_ms)
{
  gint64 low = database_ms - after_ms - 1,
         high = database_ms - before_ms + 1; /* parts of a ms are cut off */

  g_mutex_lock (&offset_lock);
  if (is_offset_known) {
    gint64 drifted_low = offset_low_ms - DRIFT_MS, drifted_high = offset_high_ms + DRIFT_MS;

    if (drifted_low <= high && low <= drifted_high) {
      low = MAX (low, drifted_low);
      high = MIN (high, drifted_high);
    }
  }
  offset_low_ms = low;
  offset_high_ms = high;
  is_offset_known = TRUE;
  publish_offset ();
  g_mutex_unlock (&offset_lock);
}

gint64
clock_database_error_ms (void)
{
  return __atomic_load_n (&database_error_ms, __ATOMIC_ACQUIRE);
}

gint64
clock_database_offset_ms (void)
{
  return __atomic_load_n (&database_offset_ms, __ATOMIC_ACQUIRE);
}

gint64
clock_database_now_ms (void)
{
  return clock_now_ms () + clock_database_offset_ms ();
}

/* Days since 1970-01-01 of a day of the Gregorian calendar, extended to all years. Counted in years
 * that begin with March, so that the leap day is the last of its year. */
static gint64
days_from_civil (gint64 year, gint64 month, gint64 day)
{
  gint64 era, year_of_era, day_of_year, day_of_era;

  year -= month <= 2;
  era = (year >= 0 ? year : year - 399) / 400;
  year_of_era = year - era * 400;
  day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

typedef struct {
  gint64 year, month, day, hour, minute, second, ms;
} Civil;

static gint64
floor_divide (gint64 a, gint64 b)
{
  return a / b - (a % b < 0);
}

static Civil
civil_from_ms (gint64 ms)
{
  Civil civil;
  gint64 days = floor_divide (ms, MS_PER_DAY);
  gint64 rest = ms - days * MS_PER_DAY;
  gint64 era, day_of_era, year_of_era, day_of_year, march_month;

  days += 719468;
  era = floor_divide (days, 146097);
  day_of_era = days - era * 146097;
  year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  march_month = (5 * day_of_year + 2) / 153;
  civil.day = day_of_year - (153 * march_month + 2) / 5 + 1;
  civil.month = march_month + (march_month < 10 ? 3 : -9);
  civil.year = year_of_era + era * 400 + (civil.month <= 2);
  civil.hour = rest / MS_PER_HOUR;
  civil.minute = rest / (60 * MS_PER_SECOND) % 60;
  civil.second = rest / MS_PER_SECOND % 60;
  civil.ms = rest % MS_PER_SECOND;
  return civil;
}

char *
clock_format_iso (gint64 utc_ms)
{
  Civil at = civil_from_ms (utc_ms);

  return g_strdup_printf ("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)at.year, (int)at.month,
                          (int)at.day, (int)at.hour, (int)at.minute, (int)at.second, (int)at.ms);
}

/* Exactly @count digits at *@text, which moves behind them. */
static gboolean
take_digits (const char **text, int count, gint64 max, gint64 *ret_value)
{
  gint64 value = 0;

  for (int i = 0; i < count; i++) {
    if (!g_ascii_isdigit (**text))
      return FALSE;
    value = value * 10 + *(*text)++ - '0';
  }
  if (value > max)
    return FALSE;
  *ret_value = value;
  return TRUE;
}

static gboolean
take_char (const char **text, char wanted)
{
  if (**text != wanted)
    return FALSE;
  (*text)++;
  return TRUE;
}

static gint64
days_of_month (gint64 year, gint64 month)
{
  return month == 12 ? 31 : days_from_civil (year, month + 1, 1) - days_from_civil (year, month, 1);
}

/* Fraction of a second, cut (not rounded) to ms. */
static gboolean
take_fraction (const char **text, gint64 *ret_ms)
{
  gint64 ms = 0, weight = 100;

  if (!g_ascii_isdigit (**text))
    return FALSE;
  for (; g_ascii_isdigit (**text); (*text)++, weight /= 10)
    ms += (**text - '0') * weight;
  *ret_ms = ms;
  return TRUE;
}

/* Z, ±hh, ±hhmm or ±hh:mm. */
static gboolean
take_offset (const char **text, gint64 *ret_ms)
{
  gint64 sign, hours, minutes = 0;

  if (take_char (text, 'Z')) {
    *ret_ms = 0;
    return TRUE;
  }
  if (take_char (text, '+'))
    sign = 1;
  else if (take_char (text, '-'))
    sign = -1;
  else
    return FALSE;
  if (!take_digits (text, 2, 23, &hours))
    return FALSE;
  if (**text) {
    (void)take_char (text, ':'); /* may stand there or not */
    if (!take_digits (text, 2, 59, &minutes))
      return FALSE;
  }
  *ret_ms = sign * (hours * MS_PER_HOUR + minutes * 60 * MS_PER_SECOND);
  return TRUE;
}

gboolean
clock_parse_iso (const char *text, gint64 *ret_utc_ms)
{
  Civil at = { 0 };
  gint64 offset_ms = 0;

  if (!text || !take_digits (&text, 4, 9999, &at.year) || !take_char (&text, '-') ||
      !take_digits (&text, 2, 12, &at.month) || !take_char (&text, '-') ||
      !take_digits (&text, 2, 31, &at.day))
    return FALSE;
  if (at.year < 1 || at.month < 1 || at.day < 1 || at.day > days_of_month (at.year, at.month))
    return FALSE;

  if (*text) {
    if (!take_char (&text, 'T') && !take_char (&text, ' '))
      return FALSE;
    if (!take_digits (&text, 2, 23, &at.hour) || !take_char (&text, ':') ||
        !take_digits (&text, 2, 59, &at.minute) || !take_char (&text, ':') ||
        !take_digits (&text, 2, 59, &at.second))
      return FALSE;
    if (take_char (&text, '.') && !take_fraction (&text, &at.ms))
      return FALSE;
    if (!take_offset (&text, &offset_ms) || *text)
      return FALSE;
  }

  *ret_utc_ms = days_from_civil (at.year, at.month, at.day) * MS_PER_DAY + at.hour * MS_PER_HOUR +
                at.minute * 60 * MS_PER_SECOND + at.second * MS_PER_SECOND + at.ms - offset_ms;
  return TRUE;
}

/* The day of the month's nth Sunday, as days since 1970 (day 0 was a Thursday). */
static gint64
sunday_of (gint64 year, gint64 month, gint64 nth)
{
  gint64 first = days_from_civil (year, month, 1);
  gint64 weekday = first + 4 - 7 * floor_divide (first + 4, 7); /* 0 is Sunday */

  return first + (7 - weekday) % 7 + 7 * (nth - 1);
}

static gint64
chicago_offset_ms (gint64 utc_ms)
{
  gint64 year = civil_from_ms (utc_ms).year;
  gint64 begins = sunday_of (year, 3, 2) * MS_PER_DAY + (2 + 6) * MS_PER_HOUR; /* 2:00 at UTC-6 */
  gint64 ends = sunday_of (year, 11, 1) * MS_PER_DAY + (2 + 5) * MS_PER_HOUR;  /* 2:00 at UTC-5 */

  return (utc_ms >= begins && utc_ms < ends ? -5 : -6) * MS_PER_HOUR;
}

char *
clock_chicago_day (gint64 utc_ms)
{
  Civil at = civil_from_ms (utc_ms + chicago_offset_ms (utc_ms));

  return g_strdup_printf ("%04d-%02d-%02d", (int)at.year, (int)at.month, (int)at.day);
}

char *
clock_chicago_iso (gint64 utc_ms)
{
  gint64 offset_ms = chicago_offset_ms (utc_ms);
  Civil at = civil_from_ms (utc_ms + offset_ms);

  return g_strdup_printf ("%04d-%02d-%02dT%02d:%02d:%02d-%02d:00", (int)at.year, (int)at.month,
                          (int)at.day, (int)at.hour, (int)at.minute, (int)at.second,
                          (int)(-offset_ms / MS_PER_HOUR));
}
