/* What is stamped onto papers, and where; see stamps.h. */
#include "papers/stamps.h"

#include "base/clock.h"

#define LINE_HEIGHT 12

static gboolean
read_place (const Settings *settings, const char *name, StampPlace *ret_place)
{
  g_auto (GStrv) numbers = g_strsplit (settings_text (settings, name), ",", 3);
  gint64 x, y;

  if (g_strv_length (numbers) != 2 || !parse_int64 (numbers[0], 0, 10000, &x) ||
      !parse_int64 (numbers[1], 0, 10000, &y))
    return FALSE;
  *ret_place = (StampPlace){ (double)x, (double)y };
  return TRUE;
}

gboolean
stamp_places_read (const Settings *settings, StampPlaces *ret_places, const char **ret_wrong)
{
  const struct {
    const char *name;
    StampPlace *place;
  } rows[] = {
    { "stamp-mark-at", &ret_places->mark },
    { "stamp-review-at", &ret_places->review },
    { "stamp-submitted-at", &ret_places->submitted },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (!read_place (settings, rows[i].name, rows[i].place)) {
      *ret_wrong = rows[i].name;
      return FALSE;
    }
  return TRUE;
}

void
stamps_clear (Stamps *stamps)
{
  g_clear_pointer (&stamps->mark, g_free);
  g_clear_pointer (&stamps->time, g_free);
}

/* "2026-11-21 07:05 PM UTC" */
static char *
time_text (gint64 submitted_at_ms)
{
  g_autoptr (GDateTime) at = g_date_time_new_from_unix_utc (submitted_at_ms / 1000);
  int hour = g_date_time_get_hour (at);
  g_autofree char *utc_day = g_date_time_format (at, "%Y-%m-%d");
  g_autofree char *chicago_day = clock_chicago_day (submitted_at_ms);
  g_autofree char *central =
      g_str_equal (utc_day, chicago_day) ? NULL : g_strdup_printf (" (%s Central)", chicago_day);

  /* %p is empty in many a locale. */
  return g_strdup_printf ("%s %02d:%02d %s UTC%s", utc_day, (hour + 11) % 12 + 1,
                          g_date_time_get_minute (at), hour < 12 ? "AM" : "PM",
                          central ? central : "");
}

void
stamps_make (const StampPlaces *places, gint64 submitted_at_ms, Stamps *ret_stamps)
{
  char *time = time_text (submitted_at_ms);
  char *mark = g_strconcat ("VA.GOV ", time, NULL);
  const StampPlace *submitted = &places->submitted;
  const Stamps made = {
    { { "mark", mark, places->mark.x, places->mark.y, FALSE },
      { "review", "FDC Reviewed - va.gov Submission", places->review.x, places->review.y, FALSE },
      { "submitted", "Application Submitted on va.gov", submitted->x, submitted->y, TRUE },
      { "submitted-time", time, submitted->x, submitted->y - LINE_HEIGHT, TRUE } },
    mark,
    time,
  };

  *ret_stamps = made;
}
