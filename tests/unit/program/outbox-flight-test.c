/* What is in flight, with a broker inside its own producer (librdkafka's mock cluster) and no
 * database: the test is the outbox's thread. */
#include "program/outbox-flight.h"

#include "base/clock.h"

#define WAIT_MS 30000

typedef struct {
  Settings *settings;
  TopicLimits *limits;
  OutboxFlight *flight;
  GPtrArray *published, *refused; /* what the thread has in hand */
} Fixture;

static Settings *
read_settings (void)
{
  static const Setting *const tables[] = { kafka_settings, NULL };
  const char *given[] = { "outbox-flight-test", "--broker-admin=no",
                          "--kafka.test.mock.num.brokers=1", NULL };
  char **argv = (char **)given;
  int argc = G_N_ELEMENTS (given) - 1;
  g_autoptr (GError) error = NULL;
  Settings *settings = settings_parse ("outbox-flight-test", "", "", tables, &argc, &argv, &error);

  g_assert_no_error (error);
  return settings;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  (void)data;
  fixture->settings = read_settings ();
  fixture->limits = topic_limits_new (FALSE);
  fixture->flight = outbox_flight_new (fixture->settings, fixture->limits, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  (void)data;
  g_clear_pointer (&fixture->published, g_ptr_array_unref);
  g_clear_pointer (&fixture->refused, g_ptr_array_unref);
  outbox_flight_free (fixture->flight);
  topic_limits_free (fixture->limits);
  settings_free (fixture->settings);
}

static OutboxRow *
row_of (const char *instance_id, gint64 id, gint32 partition)
{
  OutboxRow *row = outbox_row_new (g_strdup ("t"), partition, g_bytes_new ("k", 1),
                                   g_bytes_new ("v", 1), kafka_headers_new ());

  row->instance_id = g_strdup (instance_id);
  row->id = id;
  return row;
}

static void
publish (Fixture *fixture, OutboxRow *row)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (outbox_row_free);

  g_ptr_array_add (rows, row);
  outbox_flight_publish (fixture->flight, rows);
  g_assert_cmpuint (rows->len, ==, 0);
}

/* As the outbox's thread does, with nothing in hand. FALSE: stop. */
static gboolean
next_round (Fixture *fixture)
{
  g_clear_pointer (&fixture->published, g_ptr_array_unref);
  g_clear_pointer (&fixture->refused, g_ptr_array_unref);
  return outbox_flight_wait (fixture->flight, clock_monotonic_ms () + WAIT_MS, 0,
                             &fixture->published, &fixture->refused);
}

/* Until one is published. */
static const OutboxRow *
wait_for_one (Fixture *fixture)
{
  g_assert_true (next_round (fixture));
  g_assert_cmpuint (fixture->published->len, ==, 1);
  g_assert_cmpuint (fixture->refused->len, ==, 0);
  return g_ptr_array_index (fixture->published, 0);
}

static gboolean
knows (Fixture *fixture, const char *instance_id, gint64 id)
{
  OutboxRow *row = row_of (instance_id, id, -1);
  gboolean is_known = outbox_flight_knows (fixture->flight, row);

  outbox_row_free (row);
  return is_known;
}

static void
test_published (Fixture *fixture, gconstpointer data)
{
  (void)data;
  g_assert_true (outbox_flight_flush (fixture->flight, 0));
  publish (fixture, row_of (NULL, 7, -1));
  g_assert_true (knows (fixture, NULL, 7));
  g_assert_false (knows (fixture, NULL, 8));
  g_assert_cmpint (wait_for_one (fixture)->place.offset, ==, 0);
  g_assert_cmpuint (outbox_flight_waiting (fixture->flight), ==, 0);
  g_assert_false (outbox_flight_flush (fixture->flight, 0)); /* it is in hand */

  outbox_flight_give_back (fixture->flight, fixture->published, fixture->refused);
  outbox_flight_rest (fixture->flight);
  g_assert_true (knows (fixture, NULL, 7));
  g_assert_false (outbox_flight_flush (fixture->flight, 0));

  g_assert_cmpint (wait_for_one (fixture)->id, ==, 7);
  outbox_flight_forget_all (fixture->flight, fixture->published);
  g_assert_cmpuint (fixture->published->len, ==, 0);
  g_assert_false (outbox_flight_flush (fixture->flight, 0));
  outbox_flight_rest (fixture->flight);
  g_assert_true (outbox_flight_flush (fixture->flight, 0));
}

/* Another process's row with the number of one of ours is another row, and is known wherever it
 * is. */
static void
test_of_others (Fixture *fixture, gconstpointer data)
{
  (void)data;
  publish (fixture, row_of ("other", 7, -1));
  g_assert_true (knows (fixture, "other", 7));
  g_assert_false (knows (fixture, "another", 7));
  g_assert_false (knows (fixture, NULL, 7));
  g_assert_cmpstr (wait_for_one (fixture)->instance_id, ==, "other");
  publish (fixture, row_of ("other", 7, -1)); /* dropped */
  g_assert_true (knows (fixture, "other", 7));
  g_assert_cmpuint (outbox_flight_waiting (fixture->flight), ==, 0);
  g_assert_cmpuint (outbox_flight_of_others (fixture->flight), ==, 1);
  outbox_flight_forget_all (fixture->flight, fixture->published);
  outbox_flight_rest (fixture->flight);
  g_assert_false (knows (fixture, "other", 7));
  g_assert_cmpuint (outbox_flight_of_others (fixture->flight), ==, 0);
}

/* A partition that is not there. */
static void
refuse (Fixture *fixture, const char *instance_id)
{
  publish (fixture, row_of (NULL, 1, -1)); /* the topic is known after that */
  (void)wait_for_one (fixture);
  outbox_flight_forget_all (fixture->flight, fixture->published);
  outbox_flight_rest (fixture->flight);
  publish (fixture, row_of (instance_id, 7, 99));
  g_assert_true (next_round (fixture)); /* its turn to go alone */
  g_assert_cmpuint (fixture->refused->len, ==, 0);
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  const OutboxRefusal *refusal;

  (void)data;
  refuse (fixture, NULL);
  outbox_flight_publish_due (fixture->flight, FALSE);
  g_assert_true (next_round (fixture));
  g_assert_cmpuint (fixture->published->len, ==, 0);
  g_assert_cmpuint (fixture->refused->len, ==, 1);
  refusal = g_ptr_array_index (fixture->refused, 0);
  g_assert_cmpint (refusal->row->id, ==, 7);
  g_assert_nonnull (refusal->text);
  g_assert_cmpuint (outbox_flight_waiting (fixture->flight), ==, 0);
  outbox_flight_give_back (fixture->flight, fixture->published, fixture->refused);
  outbox_flight_rest (fixture->flight);
  g_assert_true (knows (fixture, NULL, 7));
  g_assert_false (outbox_flight_flush (fixture->flight, 0));
}

/* Who is no longer the relay leaves another process's row to who is. */
static void
test_relay_no_more (Fixture *fixture, gconstpointer data)
{
  (void)data;
  refuse (fixture, "other");
  g_assert_cmpuint (outbox_flight_waiting (fixture->flight), ==, 1);
  outbox_flight_publish_due (fixture->flight, FALSE);
  g_assert_cmpuint (outbox_flight_waiting (fixture->flight), ==, 0);
  g_assert_cmpuint (outbox_flight_of_others (fixture->flight), ==, 0);
}

static void
test_errands (Fixture *fixture, gconstpointer data)
{
  (void)data;
  outbox_flight_ask (fixture->flight, OUTBOX_SWEEP);
  outbox_flight_ask (fixture->flight, OUTBOX_FOLLOW_LEASE);
  g_assert_true (next_round (fixture));
  g_assert_true (outbox_flight_flush (fixture->flight, 0)); /* nobody waits for an errand */
  g_assert_true (outbox_flight_take_errand (fixture->flight, OUTBOX_SWEEP));
  g_assert_false (outbox_flight_take_errand (fixture->flight, OUTBOX_SWEEP));
  g_assert_true (next_round (fixture)); /* for the other one */
  g_assert_true (outbox_flight_take_errand (fixture->flight, OUTBOX_FOLLOW_LEASE));
}

/* What is published already is given before the end. */
static void
test_stop (Fixture *fixture, gconstpointer data)
{
  (void)data;
  publish (fixture, row_of (NULL, 7, -1));
  (void)wait_for_one (fixture);
  outbox_flight_give_back (fixture->flight, fixture->published, fixture->refused);
  outbox_flight_stop (fixture->flight);
  g_assert_false (outbox_flight_pause (fixture->flight, WAIT_MS));
  (void)wait_for_one (fixture);
  outbox_flight_forget_all (fixture->flight, fixture->published);
  g_assert_false (next_round (fixture));
}

#define ADD(name, function)                                                                        \
  g_test_add ("/program/outbox-flight/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a-published-row-is-in-hand-until-it-is-forgotten", test_published);
  ADD ("others'-rows-are-known-until-they-are-forgotten", test_of_others);
  ADD ("a-refused-row-goes-alone-first", test_refused);
  ADD ("others'-rows-are-left-to-the-relay", test_relay_no_more);
  ADD ("an-errand-is-taken-once", test_errands);
  ADD ("what-is-published-is-given-before-the-stop", test_stop);
  return g_test_run ();
}
