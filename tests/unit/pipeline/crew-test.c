/* The crew: every item once and in order, no more workers than it may have, and no more than it
 * needs. */
#include "pipeline/crew.h"

#define DEADLINE_US (30 * G_USEC_PER_SEC)

typedef struct {
  GMutex lock;
  GCond changed;
  GArray *order;       /* of guint: items as they were begun */
  GHashTable *threads; /* that have worked */
  guint at_work, at_work_max, done;
  guint opens_at; /* whoever is at work stays until so many are; 0: nobody stays */
  gboolean is_shut;
} Shop;

static Shop *
shop_new (void)
{
  Shop *shop = g_new0 (Shop, 1);

  g_mutex_init (&shop->lock);
  g_cond_init (&shop->changed);
  shop->order = g_array_new (FALSE, FALSE, sizeof (guint));
  shop->threads = g_hash_table_new (NULL, NULL);
  return shop;
}

static void
shop_free (Shop *shop)
{
  g_mutex_clear (&shop->lock);
  g_cond_clear (&shop->changed);
  g_array_unref (shop->order);
  g_hash_table_unref (shop->threads);
  g_free (shop);
}

static void
work (gpointer item, gpointer data)
{
  Shop *shop = data;
  guint number = GPOINTER_TO_UINT (item);
  gint64 until_us = g_get_monotonic_time () + DEADLINE_US;

  g_mutex_lock (&shop->lock);
  g_array_append_val (shop->order, number);
  g_hash_table_add (shop->threads, g_thread_self ());
  shop->at_work++;
  shop->at_work_max = MAX (shop->at_work_max, shop->at_work);
  g_cond_broadcast (&shop->changed);
  while (shop->is_shut || shop->at_work_max < shop->opens_at)
    g_assert_true (g_cond_wait_until (&shop->changed, &shop->lock, until_us));
  shop->at_work--;
  shop->done++;
  g_cond_broadcast (&shop->changed);
  g_mutex_unlock (&shop->lock);
}

static void
add (Crew *crew, guint from, guint count)
{
  for (guint i = 0; i < count; i++)
    crew_add (crew, GUINT_TO_POINTER (from + i));
}

/* With the lock held. */
static void
wait_for (Shop *shop, const guint *what, guint count)
{
  gint64 until_us = g_get_monotonic_time () + DEADLINE_US;

  while (*what < count)
    g_assert_true (g_cond_wait_until (&shop->changed, &shop->lock, until_us));
}

static void
wait_until_done (Shop *shop, guint count)
{
  g_mutex_lock (&shop->lock);
  wait_for (shop, &shop->done, count);
  g_mutex_unlock (&shop->lock);
}

static void
shut (Shop *shop)
{
  g_mutex_lock (&shop->lock);
  shop->is_shut = TRUE;
  g_mutex_unlock (&shop->lock);
}

static void
open_shop (Shop *shop)
{
  g_mutex_lock (&shop->lock);
  shop->is_shut = FALSE;
  g_cond_broadcast (&shop->changed);
  g_mutex_unlock (&shop->lock);
}

static void
wait_until_at_work (Shop *shop, guint count)
{
  g_mutex_lock (&shop->lock);
  wait_for (shop, &shop->at_work, count);
  g_mutex_unlock (&shop->lock);
}

static void
one_worker_keeps_the_order (void)
{
  Shop *shop = shop_new ();
  Crew *crew = crew_new (1, work, shop);

  add (crew, 1, 50);
  crew_add (crew, GUINT_TO_POINTER (51));
  add (crew, 52, 49);
  wait_until_done (shop, 100);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (g_array_index (shop->order, guint, i), ==, i + 1);
  g_assert_cmpuint (g_hash_table_size (shop->threads), ==, 1);
  crew_free (crew);
  shop_free (shop);
}

#define ADDERS 4
#define EACH   3000

typedef struct {
  Crew *crew;
  guint from;
} Adder;

static gpointer
add_by_and_by (gpointer data)
{
  const Adder *adder = data;

  for (guint i = 0; i < EACH; i += 3) {
    add (adder->crew, adder->from + i, 2);
    crew_add (adder->crew, GUINT_TO_POINTER (adder->from + i + 2));
  }
  return NULL;
}

static void
every_item_is_done_once_whoever_adds_it (void)
{
  Shop *shop = shop_new ();
  Crew *crew = crew_new (5, work, shop);
  GThread *threads[ADDERS];
  Adder adders[ADDERS];
  g_autofree guint *times = g_new0 (guint, ADDERS * EACH + 1);

  for (guint i = 0; i < ADDERS; i++) {
    adders[i] = (Adder){ crew, i * EACH + 1 };
    threads[i] = g_thread_new ("adder", add_by_and_by, &adders[i]);
  }
  for (guint i = 0; i < ADDERS; i++)
    g_thread_join (threads[i]);
  wait_until_done (shop, ADDERS * EACH);
  crew_free (crew);
  g_assert_cmpuint (shop->order->len, ==, ADDERS * EACH);
  for (guint i = 0; i < shop->order->len; i++)
    times[g_array_index (shop->order, guint, i)]++;
  for (guint i = 1; i <= ADDERS * EACH; i++)
    g_assert_cmpuint (times[i], ==, 1);
  g_assert_cmpuint (shop->at_work_max, <=, 5);
  shop_free (shop);
}

/* Each who arrives calls the next: a batch of calls that wait has all the workers it may have, and
 * not one more. */
static void
blocked_workers_make_others_start_up_to_the_bound (void)
{
  for (guint by_one = 0; by_one < 2; by_one++) {
    Shop *shop = shop_new ();
    Crew *crew = crew_new (8, work, shop);

    shop->opens_at = 8;
    if (by_one)
      for (guint i = 0; i < 30; i++)
        crew_add (crew, GUINT_TO_POINTER (i + 1));
    else
      add (crew, 1, 30);
    wait_until_done (shop, 30);
    crew_free (crew);
    g_assert_cmpuint (shop->at_work_max, ==, 8);
    g_assert_cmpuint (g_hash_table_size (shop->threads), ==, 8);
    shop_free (shop);
  }
}

/* The same when they have been idle before. */
static void
idle_workers_are_called_again (void)
{
  Shop *shop = shop_new ();
  Crew *crew = crew_new (6, work, shop);

  for (guint round = 1; round <= 20; round++) {
    g_mutex_lock (&shop->lock);
    shop->at_work_max = 0;
    shop->opens_at = 6;
    g_mutex_unlock (&shop->lock);
    add (crew, 1, 6);
    wait_until_done (shop, round * 6);
    g_assert_cmpuint (shop->at_work_max, ==, 6);
  }
  crew_free (crew);
  g_assert_cmpuint (g_hash_table_size (shop->threads), ==, 6); /* none was started twice */
  shop_free (shop);
}

static void
nothing (gpointer item G_GNUC_UNUSED, gpointer data)
{
  Shop *shop = data;

  g_mutex_lock (&shop->lock);
  g_hash_table_add (shop->threads, g_thread_self ());
  shop->done++;
  g_cond_broadcast (&shop->changed);
  g_mutex_unlock (&shop->lock);
}

/* A wake-up an item would start a thread an item. */
static void
a_batch_of_small_items_needs_few_workers (void)
{
  Shop *shop = shop_new ();
  Crew *crew = crew_new (100, nothing, shop);

  add (crew, 1, 100);
  wait_until_done (shop, 100);
  crew_free (crew);
  g_test_message ("%u threads", g_hash_table_size (shop->threads));
  g_assert_cmpuint (g_hash_table_size (shop->threads), <, 30);
  shop_free (shop);
}

static gboolean
is_even (gconstpointer item, gpointer data)
{
  g_assert_cmpstr (data, ==, "even");
  return GPOINTER_TO_UINT (item) % 2 == 0;
}

static char *
numbers_of (const GPtrArray *items)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < items->len; i++)
    g_string_append_printf (text, "%u ", GPOINTER_TO_UINT (g_ptr_array_index (items, i)));
  return g_string_free (text, FALSE);
}

static void
what_nobody_has_begun_can_be_withdrawn (void)
{
  Shop *shop = shop_new ();
  Crew *crew = crew_new (1, work, shop);
  g_autoptr (GPtrArray) even = NULL;
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GPtrArray) none = NULL;
  g_autofree char *even_numbers = NULL;
  g_autofree char *numbers = NULL;

  shut (shop);
  add (crew, 100, 1);
  wait_until_at_work (shop, 1);
  add (crew, 1, 8);
  even = crew_withdraw (crew, is_even, (gpointer) "even");
  even_numbers = numbers_of (even);
  g_assert_cmpstr (even_numbers, ==, "2 4 6 8 ");
  add (crew, 9, 1);
  all = crew_withdraw (crew, NULL, NULL);
  numbers = numbers_of (all);
  g_assert_cmpstr (numbers, ==, "1 3 5 7 9 ");
  none = crew_withdraw (crew, NULL, NULL);
  g_assert_cmpuint (none->len, ==, 0);
  add (crew, 20, 2);
  open_shop (shop);
  wait_until_done (shop, 3);
  crew_free (crew);
  g_assert_cmpuint (shop->order->len, ==, 3);
  g_assert_cmpuint (g_array_index (shop->order, guint, 1), ==, 20);
  g_assert_cmpuint (g_array_index (shop->order, guint, 2), ==, 21);
  shop_free (shop);
}

/* What was withdrawn leaves nobody called for nothing, and nobody asleep who is needed. */
static void
a_crew_goes_on_after_a_withdrawal (void)
{
  Shop *shop = shop_new ();
  Crew *crew = crew_new (4, work, shop);
  guint expected = 0;

  for (guint round = 0; round < 500; round++) {
    g_autoptr (GPtrArray) withdrawn = NULL;

    add (crew, 1, 5);
    withdrawn = crew_withdraw (crew, NULL, NULL);
    expected += 5 - withdrawn->len;
    crew_add (crew, GUINT_TO_POINTER (1));
    expected++;
    if (round % 7 == 0)
      wait_until_done (shop, expected);
  }
  wait_until_done (shop, expected);
  crew_free (crew);
  g_assert_cmpuint (shop->done, ==, expected);
  shop_free (shop);
}

static void
linger (gpointer item G_GNUC_UNUSED, gpointer data)
{
  Shop *shop = data;

  g_mutex_lock (&shop->lock);
  shop->at_work++;
  g_cond_broadcast (&shop->changed);
  g_mutex_unlock (&shop->lock);
  for (guint i = 0; i < 1000; i++)
    g_thread_yield ();
  g_mutex_lock (&shop->lock);
  shop->done++;
  g_mutex_unlock (&shop->lock);
}

static void
freeing_waits_for_who_is_at_work (void)
{
  for (guint round = 0; round < 20; round++) {
    Shop *shop = shop_new ();
    Crew *crew = crew_new (3, linger, shop);

    add (crew, 1, 3);
    wait_until_at_work (shop, 3);
    crew_free (crew);
    g_assert_cmpuint (shop->done, ==, 3);
    shop_free (shop);
  }
}

static void
nobody_starts_without_work (void)
{
  Shop *shop = shop_new ();
  Crew *crew = crew_new (3, work, shop);

  add (crew, 0, 0);
  crew_free (crew);
  crew_free (NULL);
  g_assert_cmpuint (shop->order->len, ==, 0);
  shop_free (shop);
}

#define ADD(name, function) g_test_add_func ("/pipeline/crew/" name, function)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("one-worker-keeps-the-order", one_worker_keeps_the_order);
  ADD ("every-item-is-done-once-whoever-adds-it", every_item_is_done_once_whoever_adds_it);
  ADD ("blocked-workers-make-others-start-up-to-the-bound",
       blocked_workers_make_others_start_up_to_the_bound);
  ADD ("idle-workers-are-called-again", idle_workers_are_called_again);
  ADD ("a-batch-of-small-items-needs-few-workers", a_batch_of_small_items_needs_few_workers);
  ADD ("what-nobody-has-begun-can-be-withdrawn", what_nobody_has_begun_can_be_withdrawn);
  ADD ("a-crew-goes-on-after-a-withdrawal", a_crew_goes_on_after_a_withdrawal);
  ADD ("freeing-waits-for-who-is-at-work", freeing_waits_for_who_is_at_work);
  ADD ("nobody-starts-without-work", nobody_starts_without_work);
  return g_test_run ();
}
