/* The ledger: which news change an e-mail's state, in which order whatever they come, and what is
 * written with it. needs: postgres */
#include "notify/ledger.h"

#include "events/monitoring-event.h"
#include "events/notification-requested.h"
#include "program/record.h"
#include "support/database.h"
#include "support/stored-claims.h"

#define ID    "740e5834-3a29-46b4-9a6f-16142fde533a"
#define OTHER "840e5834-3a29-46b4-9a6f-16142fde533a"

typedef struct {
  Db *db;
  Sealer *sealer;
  EventCodec *codec;
  ClaimGroup *group;
  GString *told; /* what was written: kinds of monitoring events, and e-mails asked for */
} World;

static World *
world_new (void)
{
  static int number = 0;
  World *world = g_new0 (World, 1);
  g_autofree char *participant_id = g_strdup_printf ("60700%d", ++number);

  world->db = database_open_migrated ();
  world->sealer = stored_claims_sealer ("h1:" STORED_CLAIMS_KEY_ONE);
  world->codec = event_codec_new (NULL, NULL);
  world->group = stored_claims_group (world->db, world->sealer, participant_id, 1);
  world->told = g_string_new (NULL);
  return world;
}

static void
world_free (World *world)
{
  g_string_free (world->told, TRUE);
  claim_group_free (world->group);
  event_codec_free (world->codec);
  sealer_free (world->sealer);
  db_close (world->db);
  g_free (world);
}

static void
note_rows (World *world, GPtrArray *rows)
{
  for (guint i = 0; i < rows->len; i++) {
    const OutboxRow *row = g_ptr_array_index (rows, i);

    if (g_str_equal (row->topic, "monitoring-events")) {
      g_autoptr (MonitoringEvent) event = monitoring_event_decode (world->codec, row->value, NULL);
      g_string_append_printf (world->told, "%s ", event->kind);
    } else if (g_str_equal (row->topic, "notifications")) {
      g_autoptr (NotificationRequested) event =
          notification_requested_decode (world->codec, row->value, NULL);
      g_string_append_printf (world->told, "%s ", event->kind);
    }
  }
}

static void
ask_for (World *world, const char *kind)
{
  const TransactionWriter writer = { "i", "", world->codec, world->sealer };
  g_autoptr (GError) error = NULL;
  Transaction transaction;

  g_assert_true (db_begin (world->db, &error));
  transaction_init (&transaction, &writer, world->db, "test", NULL, 0);
  g_assert_true (transaction_mail (&transaction, world->group->guid, world->group->parent_claim_id,
                                   kind, &error));
  transaction_clear (&transaction);
  g_assert_true (db_commit (world->db, &error));
}

static LedgerRow *
row_of (World *world, const char *kind)
{
  g_autoptr (GError) error = NULL;
  LedgerRow *row = ledger_find (world->db, world->group->parent_claim_id, kind, &error);

  g_assert_no_error (error);
  return row;
}

static gboolean
move (World *world, const char *kind, const LedgerNews *news)
{
  const TransactionWriter writer = { "i", "", world->codec, world->sealer };
  g_autoptr (GError) error = NULL;
  g_autoptr (LedgerRow) row = row_of (world, kind);
  Transaction transaction;
  gboolean has_moved = FALSE;

  g_assert_true (db_begin (world->db, &error));
  transaction_init (&transaction, &writer, world->db, "test", NULL, 0);
  ledger_move (&transaction, row, news, &has_moved, &error);
  g_assert_no_error (error);
  note_rows (world, transaction.rows);
  transaction_clear (&transaction);
  g_assert_true (db_commit (world->db, &error));
  return has_moved;
}

static gboolean
bounce (World *world, const char *kind)
{
  return move (world, kind,
               &(LedgerNews){ .to = MAIL_BOUNCED,
                              .notification_id = g_str_equal (kind, "error") ? ID : OTHER,
                              .told = "permanent-failure",
                              .why = "permanent-failure",
                              .by_its_address = TRUE });
}

static gboolean
become (World *world, const char *kind, const char *to)
{
  return move (world, kind, &(LedgerNews){ .to = to });
}

static void
assert_state (World *world, const char *kind, const char *state)
{
  g_autoptr (LedgerRow) row = row_of (world, kind);

  g_assert_cmpstr (row->state, ==, state);
}

/* Says what was written since it was asked last. */
static void
assert_told (World *world, const char *words)
{
  g_assert_cmpstr (world->told->str, ==, words);
  g_string_truncate (world->told, 0);
}

static gint64
count_holds (World *world, const char *reason)
{
  g_autofree char *sql =
      g_strdup_printf ("select count (*) as n from holds where claim_id = %" G_GINT64_FORMAT
                       " and reason = '%s' and resolved_at is null",
                       world->group->parent_claim_id, reason);

  return database_number (world->db, sql);
}

/* From each state to each: exactly what the table allows. */
static void
test_table (void)
{
  static const char *const states[] = { MAIL_REQUESTED, MAIL_SENT,   MAIL_DEFERRED, MAIL_DELIVERED,
                                        MAIL_BOUNCED,   MAIL_FAILED, MAIL_UNKNOWN,  MAIL_OFF };
  /* Rows: from, in the order of states; columns: to. */
  static const char *const table[] = {
    ".+++++++", /* requested */
    "..+++...", /* sent */
    "...++...", /* deferred */
    "....+...", /* delivered */
    "........", /* bounced */
    ".+++....", /* failed */
    ".++++...", /* unknown */
    "........", /* off */
  };
  World *world = world_new ();

  ask_for (world, "SUBMITTED");
  for (gsize from = 0; from < G_N_ELEMENTS (states); from++)
    for (gsize to = 0; to < G_N_ELEMENTS (states); to++) {
      g_autofree char *set = g_strdup_printf (
          "update claim_notifications set state = '%s' where saved_claim_id = %" G_GINT64_FORMAT,
          states[from], world->group->parent_claim_id);

      g_test_message ("%s to %s", states[from], states[to]);
      database_run (world->db, set);
      g_assert_cmpint (become (world, "submitted", states[to]), ==, table[from][to] == '+');
      assert_state (world, "submitted", table[from][to] == '+' ? states[to] : states[from]);
    }
  world_free (world);
}

static void
test_found (void)
{
  World *world = world_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (LedgerRow) row = NULL, by_reference = NULL, by_id = NULL, none = NULL, nonsense = NULL;

  ask_for (world, "SUBMITTED");
  g_assert_true (
      move (world, "submitted", &(LedgerNews){ .to = MAIL_SENT, .notification_id = ID }));
  row = row_of (world, "submitted");
  by_reference = ledger_find_told (world->db, row->reference, OTHER, &error);
  by_id = ledger_find_told (world->db, NULL, ID, &error);
  none = ledger_find_told (world->db, OTHER, OTHER, &error);
  nonsense = ledger_find_told (world->db, "no uuid", OTHER, &error);
  g_assert_no_error (error);
  g_assert_cmpint (by_reference->id, ==, row->id);
  g_assert_cmpint (by_id->id, ==, row->id);
  g_assert_cmpstr (by_id->guid, ==, world->group->guid);
  g_assert_null (none);
  g_assert_null (nonsense);
  /* Another id does not replace the first. */
  g_assert_false (become (world, "submitted", MAIL_SENT));
  database_run (world->db, "delete from claim_notifications");
  world_free (world);
}

/* Avoided is told once, when the first is known to be on its way. */
static void
test_avoided (void)
{
  World *world = world_new ();

  ask_for (world, "ERROR");
  g_assert_true (become (world, "error", MAIL_SENT));
  assert_told (world, "silent-failure-avoided ");
  g_assert_true (become (world, "error", MAIL_DELIVERED));
  g_assert_false (become (world, "error", MAIL_DELIVERED));
  assert_told (world, "");
  g_assert_cmpint (count_holds (world, SILENT_FAILURE), ==, 0);
  world_free (world);
}

static void
test_first_bounces_second_delivers (void)
{
  World *world = world_new ();

  ask_for (world, "ERROR");
  g_assert_true (become (world, "error", MAIL_SENT));
  g_assert_true (bounce (world, "error"));
  g_assert_false (bounce (world, "error"));
  assert_told (world, "silent-failure-avoided email-bounced ERROR_AGAIN ");
  g_assert_true (become (world, "error_again", MAIL_SENT));
  g_assert_true (become (world, "error_again", MAIL_DELIVERED));
  assert_told (world, "");
  assert_state (world, "error", MAIL_BOUNCED);
  assert_state (world, "error_again", MAIL_DELIVERED);
  g_assert_cmpint (count_holds (world, SILENT_FAILURE), ==, 0);
  world_free (world);
}

/* The bounce wins in both orders, and counts once. */
static void
test_orders (void)
{
  for (int delivered_first = 0; delivered_first < 2; delivered_first++) {
    World *world = world_new ();

    ask_for (world, "ERROR");
    if (delivered_first)
      g_assert_true (become (world, "error", MAIL_DELIVERED));
    g_assert_true (bounce (world, "error"));
    g_assert_false (become (world, "error", MAIL_DELIVERED));
    assert_state (world, "error", MAIL_BOUNCED);
    assert_told (world, delivered_first ? "silent-failure-avoided email-bounced ERROR_AGAIN "
                                        : "email-bounced ERROR_AGAIN ");
    g_assert_true (
        move (world, "error_again", &(LedgerNews){ .to = MAIL_FAILED, .why = "no-other-address" }));
    g_assert_false (move (world, "error_again", &(LedgerNews){ .to = MAIL_FAILED }));
    assert_told (world, "email-failed silent-failure needs-person ");
    g_assert_cmpint (count_holds (world, SILENT_FAILURE), ==, 1);
    world_free (world);
  }
}

/* One that comes back before it is known to be accepted has avoided nothing; the second has. */
static void
test_bounces_at_once (void)
{
  World *world = world_new ();

  ask_for (world, "ERROR");
  g_assert_true (bounce (world, "error"));
  assert_told (world, "email-bounced ERROR_AGAIN ");
  g_assert_true (become (world, "error_again", MAIL_DELIVERED));
  assert_told (world, "silent-failure-avoided ");
  world_free (world);
}

static gboolean
give_up (World *world, const char *kind)
{
  g_assert_true (
      move (world, kind, &(LedgerNews){ .to = MAIL_DEFERRED, .told = "temporary-failure" }));
  return move (
      world, kind,
      &(LedgerNews){ .to = MAIL_BOUNCED, .why = "not delivered in time", .by_its_address = TRUE });
}

/* We have only stopped waiting: that it has arrived all the same counts, and a bounce that is told ends it. */
static void
test_given_up (void)
{
  World *world = world_new ();

  ask_for (world, "ERROR");
  g_assert_true (give_up (world, "error"));
  g_assert_true (
      move (world, "error_again", &(LedgerNews){ .to = MAIL_FAILED, .why = "no-other-address" }));
  assert_told (
      world,
      "silent-failure-avoided email-bounced ERROR_AGAIN email-failed silent-failure needs-person ");
  g_assert_false (become (world, "error", MAIL_DEFERRED));
  g_assert_cmpint (count_holds (world, SILENT_FAILURE), ==, 1);
  g_assert_true (move (world, "error", &(LedgerNews){ .to = MAIL_DELIVERED, .told = "delivered" }));
  assert_told (world, "");
  g_assert_cmpint (count_holds (world, SILENT_FAILURE), ==, 0);
  g_assert_true (bounce (world, "error"));
  g_assert_false (become (world, "error", MAIL_DELIVERED));
  assert_told (world, "email-bounced silent-failure needs-person ");
  g_assert_cmpint (count_holds (world, SILENT_FAILURE), ==, 1);
  world_free (world);

  world = world_new ();
  ask_for (world, "ERROR");
  g_assert_true (give_up (world, "error"));
  g_assert_false (bounce (world, "error")); /* noted: it is told now */
  g_assert_false (become (world, "error", MAIL_DELIVERED));
  world_free (world);
}

/* Words that are told late, or again, are not the last ones. */
static void
test_disorder_after_bounced (void)
{
  static const char *const late[][2] = { { MAIL_SENT, "sending" },
                                         { MAIL_DEFERRED, "temporary-failure" } };

  for (gsize i = 0; i < G_N_ELEMENTS (late); i++) {
    const LedgerNews news = { .to = late[i][0], .told = late[i][1] };
    World *world = world_new ();

    ask_for (world, "ERROR");
    g_assert_true (give_up (world, "error"));
    g_assert_false (move (world, "error", &news));
    g_assert_true (become (world, "error", MAIL_DELIVERED)); /* given up, all the same */
    g_assert_true (bounce (world, "error"));
    g_assert_false (move (world, "error", &news));
    g_assert_false (become (world, "error", MAIL_DELIVERED)); /* told, all the same */
    world_free (world);
  }
}

/* While another one may still tell the Veteran, nothing is silent; whoever ends last says so. */
static void
test_other_is_open (void)
{
  static const struct {
    const char *other; /* state of the second */
    gboolean is_silent;
  } cases[] = {
    { MAIL_REQUESTED, FALSE }, { MAIL_SENT, FALSE },    { MAIL_DEFERRED, FALSE },
    { MAIL_DELIVERED, FALSE }, { MAIL_UNKNOWN, FALSE }, { MAIL_BOUNCED, TRUE },
    { MAIL_FAILED, TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    World *world = world_new ();
    g_autofree char *set = NULL;

    g_test_message ("%s", cases[i].other);
    ask_for (world, "ERROR");
    g_assert_true (
        move (world, "error",
              &(LedgerNews){ .to = MAIL_FAILED, .why = "notify-refused", .by_its_address = TRUE }));
    assert_told (world, "email-failed ERROR_AGAIN ");
    set = g_strdup_printf ("update claim_notifications set state = '%s' where saved_claim_id = "
                           "%" G_GINT64_FORMAT " and kind = 'error_again'",
                           cases[i].other, world->group->parent_claim_id);
    database_run (world->db, set);
    /* A callback says that it was sent after all, and then that it came back. */
    g_assert_true (become (world, "error", MAIL_SENT));
    g_string_truncate (world->told, 0);
    g_assert_true (bounce (world, "error"));
    assert_told (world, cases[i].is_silent ? "email-bounced silent-failure needs-person "
                                           : "email-bounced ");
    world_free (world);
  }
}

/* It was thought not to be sent, and a callback says that it was. */
static void
test_failed_and_delivered (void)
{
  World *world = world_new ();

  ask_for (world, "ERROR");
  g_assert_true (
      move (world, "error", &(LedgerNews){ .to = MAIL_FAILED, .why = "outage-max-wait" }));
  g_assert_cmpint (count_holds (world, SILENT_FAILURE), ==, 1);
  g_string_truncate (world->told, 0);
  g_assert_true (become (world, "error", MAIL_DELIVERED));
  assert_told (world, "silent-failure-avoided ");
  g_assert_cmpint (count_holds (world, SILENT_FAILURE), ==, 0);
  world_free (world);
}

/* What is not the address's fault is not tried at another one. */
static void
test_failed (void)
{
  World *world = world_new ();

  ask_for (world, "ERROR");
  g_assert_true (
      move (world, "error", &(LedgerNews){ .to = MAIL_FAILED, .why = "outage-max-wait" }));
  assert_told (world, "email-failed silent-failure needs-person ");
  g_assert_null (row_of (world, "error_again"));
  world_free (world);
}

static void
test_unknown (void)
{
  World *world = world_new ();

  ask_for (world, "ERROR");
  g_assert_true (become (world, "error", MAIL_UNKNOWN));
  assert_told (world, "email-unknown needs-person ");
  g_assert_cmpint (count_holds (world, ERROR_MAIL_UNKNOWN), ==, 1);
  g_assert_true (become (world, "error", MAIL_DELIVERED));
  assert_told (world, "silent-failure-avoided ");
  g_assert_cmpint (count_holds (world, ERROR_MAIL_UNKNOWN), ==, 0);
  world_free (world);
}

/* Nobody is paged for the other kinds. */
static void
test_other_kinds (void)
{
  World *world = world_new ();

  ask_for (world, "RECEIVED");
  g_assert_true (become (world, "received", MAIL_SENT));
  g_assert_true (bounce (world, "received"));
  assert_told (world, "email-bounced ");
  ask_for (world, "IN_PROGRESS");
  g_assert_true (become (world, "in_progress", MAIL_OFF));
  assert_told (world, "");
  g_assert_cmpint (count_holds (world, SILENT_FAILURE), ==, 0);
  world_free (world);
}

/* All that an e-mail's bounce writes: its trace. */
static void
assert_traces (World *world, const char *given, const char *wanted)
{
  const TransactionWriter writer = { "i", "", world->codec, world->sealer };
  const LedgerNews news = { .to = MAIL_BOUNCED, .why = "comes back", .by_its_address = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (LedgerRow) row = row_of (world, "error");
  Transaction transaction;

  g_assert_true (db_begin (world->db, &error));
  transaction_init (&transaction, &writer, world->db, "test", given, 0);
  g_assert_true (ledger_move (&transaction, row, &news, NULL, &error));
  g_assert_cmpuint (transaction.rows->len, ==, 3); /* two events and the request for another */
  for (guint i = 0; i < transaction.rows->len; i++) {
    const OutboxRow *written = g_ptr_array_index (transaction.rows, i);

    g_assert_cmpstr (kafka_headers_get (written->headers, "traceparent"), ==, wanted);
  }
  transaction_clear (&transaction);
  db_rollback (world->db);
}

/* A callback comes without a record of the claim. */
static void
test_trace (void)
{
  static const char brought[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  static const char of_message[] = "00-1bf7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01";
  World *world = world_new ();
  g_autofree char *own = record_trace_of_group (world->group->guid);
  g_autofree char *bring = g_strdup_printf ("update saved_claim_groups set traceparent = '%s' "
                                            "where saved_claim_id = %" G_GINT64_FORMAT,
                                            brought, world->group->parent_claim_id);

  ask_for (world, "ERROR");
  assert_traces (world, NULL, own);
  database_run (world->db, bring);
  assert_traces (world, NULL, brought);
  assert_traces (world, of_message, of_message);
  world_free (world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notify/ledger/states-as-the-table-says", test_table);
  g_test_add_func ("/notify/ledger/is-found-by-reference-and-by-id", test_found);
  g_test_add_func ("/notify/ledger/silence-is-avoided-once-it-is-on-its-way", test_avoided);
  g_test_add_func ("/notify/ledger/first-bounces-second-delivers",
                   test_first_bounces_second_delivers);
  g_test_add_func ("/notify/ledger/a-bounce-wins-in-both-orders", test_orders);
  g_test_add_func ("/notify/ledger/what-comes-back-at-once-has-avoided-nothing",
                   test_bounces_at_once);
  g_test_add_func ("/notify/ledger/what-is-not-the-address-is-not-tried-elsewhere", test_failed);
  g_test_add_func ("/notify/ledger/what-was-given-up-may-arrive", test_given_up);
  g_test_add_func ("/notify/ledger/disorder-after-bounced", test_disorder_after_bounced);
  g_test_add_func ("/notify/ledger/silent-is-what-no-other-may-tell", test_other_is_open);
  g_test_add_func ("/notify/ledger/failed-and-delivered-after-all", test_failed_and_delivered);
  g_test_add_func ("/notify/ledger/unknown-is-a-persons-until-a-callback-comes", test_unknown);
  g_test_add_func ("/notify/ledger/other-kinds-page-nobody", test_other_kinds);
  g_test_add_func ("/notify/ledger/what-it-tells-is-in-the-groups-trace", test_trace);
  return g_test_run ();
}
