#include "base/clock.h"

static gint64 wall_ms;
static gint64 monotonic_ms;

static gint64
wall (void)
{
  return wall_ms;
}

static gint64
monotonic (void)
{
  return monotonic_ms;
}

static gint64
ms_of (const char *iso)
{
  gint64 ms = 0;

  if (!clock_parse_iso (iso, &ms))
    g_error ("not a time: %s", iso);
  return ms;
}

static void
assert_chicago (const char *utc, const char *iso, const char *day)
{
  g_autofree char *got_iso = clock_chicago_iso (ms_of (utc));
  g_autofree char *got_day = clock_chicago_day (ms_of (utc));

  g_assert_cmpstr (got_iso, ==, iso);
  g_assert_cmpstr (got_day, ==, day);
}

static void
chicago_springs_forward (void)
{
  assert_chicago ("2026-03-08T07:59:59Z", "2026-03-08T01:59:59-06:00", "2026-03-08");
  assert_chicago ("2026-03-08T08:00:00Z", "2026-03-08T03:00:00-05:00", "2026-03-08");
  /* The first of March was a Sunday itself, and not. */
  assert_chicago ("2015-03-08T08:00:00Z", "2015-03-08T03:00:00-05:00", "2015-03-08");
  assert_chicago ("2027-03-14T07:59:59Z", "2027-03-14T01:59:59-06:00", "2027-03-14");
  assert_chicago ("2027-03-14T08:00:00Z", "2027-03-14T03:00:00-05:00", "2027-03-14");
}

static void
chicago_falls_back (void)
{
  assert_chicago ("2026-11-01T06:59:59Z", "2026-11-01T01:59:59-05:00", "2026-11-01");
  assert_chicago ("2026-11-01T07:00:00Z", "2026-11-01T01:00:00-06:00", "2026-11-01");
  assert_chicago ("2027-11-07T06:59:59Z", "2027-11-07T01:59:59-05:00", "2027-11-07");
  assert_chicago ("2027-11-07T07:00:00Z", "2027-11-07T01:00:00-06:00", "2027-11-07");
}

static void
chicago_day_is_not_the_utc_day (void)
{
  assert_chicago ("2026-11-21T05:59:59.999Z", "2026-11-20T23:59:59-06:00", "2026-11-20");
  assert_chicago ("2026-11-21T06:00:00Z", "2026-11-21T00:00:00-06:00", "2026-11-21");
  assert_chicago ("2026-07-04T04:59:59Z", "2026-07-03T23:59:59-05:00", "2026-07-03");
  assert_chicago ("2027-01-01T05:00:00Z", "2026-12-31T23:00:00-06:00", "2026-12-31");
}

/* The whole rule against the system's zone table, hour by hour around each year's end of winter and
 * summer, where the machine has one. */
static void
chicago_agrees_with_the_zone_table (void)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier ("America/Chicago");

  if (!zone) {
    g_test_skip ("no zone table on this machine");
    return;
  }
  for (gint64 at = ms_of ("2007-01-01"); at < ms_of ("2037-01-01"); at += 3600 * 1000) {
    g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (at / 1000);
    g_autoptr (GDateTime) local = g_date_time_to_timezone (utc, zone);
    g_autofree char *want = g_date_time_format (local, "%Y-%m-%dT%H:%M:%S%:z");
    g_autofree char *got = clock_chicago_iso (at);

    g_assert_cmpstr (got, ==, want);
  }
}

static void
formats_what_it_parses (void)
{
  static const char *const same[] = { "2026-11-21T19:05:00.123Z", "1970-01-01T00:00:00.000Z",
                                      "1969-12-31T23:59:59.999Z", "2000-02-29T12:00:00.000Z",
                                      "1900-03-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z" };

  for (guint i = 0; i < G_N_ELEMENTS (same); i++) {
    g_autofree char *text = clock_format_iso (ms_of (same[i]));

    g_assert_cmpstr (text, ==, same[i]);
  }
  g_assert_cmpint (ms_of ("1969-12-31T23:59:59.999Z"), ==, -1);
}

static void
parses_the_other_shapes (void)
{
  gint64 at = ms_of ("2026-11-21T19:05:00Z");

  g_assert_cmpint (ms_of ("2026-11-21T13:05:00-06:00"), ==, at);
  g_assert_cmpint (ms_of ("2026-11-21T13:05:00-0600"), ==, at);
  g_assert_cmpint (ms_of ("2026-11-21 19:05:00+00"), ==, at);
  g_assert_cmpint (ms_of ("2026-11-22T00:35:00+05:30"), ==, at);
  g_assert_cmpint (ms_of ("2026-11-21T19:05:00.1Z"), ==, at + 100);
  g_assert_cmpint (ms_of ("2026-11-21T19:05:00.123999Z"), ==, at + 123);
  g_assert_cmpint (ms_of ("2026-11-21"), ==, ms_of ("2026-11-21T00:00:00Z"));
}

static void
refuses_what_is_no_time (void)
{
  static const char *const wrong[] = {
    "",
    "2026",
    "2026-13-01",
    "2026-00-01",
    "2026-02-29",
    "2026-04-31",
    "2026-11-21T",
    "2026-11-21T24:00:00Z",
    "2026-11-21T19:60:00Z",
    "2026-11-21T19:05:00",
    "2026-11-21T19:05:00.Z",
    "2026-11-21T19:05:00Zz",
    "2026-11-21T19:05:00+6",
    "2026-11-21T19:05:00+06:",
    "2026-11-21x19:05:00Z",
    " 2026-11-21",
    "2026-11-21 ",
    "0000-01-01",
    "+026-01-01",
    "11/21/2026",
  };
  gint64 untouched = 7;

  g_assert_false (clock_parse_iso (NULL, &untouched));
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    if (clock_parse_iso (wrong[i], &untouched))
      g_error ("taken for a time: “%s”", wrong[i]);
  g_assert_cmpint (untouched, ==, 7);
}

static void
can_be_set (void)
{
  clock_set_source (wall, monotonic);
  wall_ms = 1000;
  monotonic_ms = 50;
  clock_set_database_offset_ms (-30);
  g_assert_cmpint (clock_now_ms (), ==, 1000);
  g_assert_cmpint (clock_monotonic_ms (), ==, 50);
  g_assert_cmpint (clock_database_now_ms (), ==, 970);
  g_assert_cmpint (clock_database_offset_ms (), ==, -30);

  clock_set_source (NULL, NULL);
  clock_set_database_offset_ms (0);
  g_assert_cmpint (ABS (clock_now_ms () - g_get_real_time () / 1000), <=, 1000);
  g_assert_cmpint (ABS (clock_monotonic_ms () - g_get_monotonic_time () / 1000), <=, 1000);
}

/* Two hosts, 200 ms apart: what each trip says of it holds only between its ends. */
static void
offset_is_what_all_trips_agree_on (void)
{
  clock_set_source (wall, monotonic);
  clock_set_database_offset_ms (0);
  wall_ms = 100000;
  clock_note_database (1000, 1100, 1290); /* 190 to 290; not what was known: a clock was set */
  g_assert_cmpint (clock_database_offset_ms (), ==, 240);
  g_assert_cmpint (clock_database_error_ms (), ==, 51);
  g_assert_cmpint (clock_database_now_ms (), ==, 100240);

  clock_note_database (2000, 2002, 2201); /* 199 to 201: quick */
  g_assert_cmpint (clock_database_offset_ms (), ==, 200);
  g_assert_cmpint (clock_database_error_ms (), ==, 2);

  /* −299 to 201: slow on its way back, and no worse for it but for a drift */
  clock_note_database (3000, 3500, 3201);
  g_assert_cmpint (clock_database_error_ms (), <=, 3);
  g_assert_cmpint (ABS (clock_database_offset_ms () - 200), <=, clock_database_error_ms ());

  clock_note_database (4000, 4002, 5001); /* 999 to 1001: one of the clocks was set */
  g_assert_cmpint (clock_database_offset_ms (), ==, 1000);

  for (guint i = 0; i < 20; i++) /* slow answers for long: what is known gets wider */
    clock_note_database (5000, 5500, 6250);
  g_assert_cmpint (clock_database_error_ms (), >=, 20);
  clock_set_source (NULL, NULL);
  clock_set_database_offset_ms (0);
  g_assert_cmpint (clock_database_error_ms (), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/clock/chicago-springs-forward", chicago_springs_forward);
  g_test_add_func ("/base/clock/chicago-falls-back", chicago_falls_back);
  g_test_add_func ("/base/clock/chicago-day-is-not-the-utc-day", chicago_day_is_not_the_utc_day);
  g_test_add_func ("/base/clock/chicago-agrees-with-the-zone-table",
                   chicago_agrees_with_the_zone_table);
  g_test_add_func ("/base/clock/formats-what-it-parses", formats_what_it_parses);
  g_test_add_func ("/base/clock/parses-the-other-shapes", parses_the_other_shapes);
  g_test_add_func ("/base/clock/refuses-what-is-no-time", refuses_what_is_no_time);
  g_test_add_func ("/base/clock/can-be-set", can_be_set);
  g_test_add_func ("/base/clock/offset-is-what-all-trips-agree-on",
                   offset_is_what_all_trips_agree_on);
  return g_test_run ();
}
