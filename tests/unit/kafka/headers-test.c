/* Headers: ours are replaced, foreign ones pass through byte for byte, texts are bounded. */
#include <string.h>

#include "kafka/headers.h"

static void
ours_are_replaced_not_appended (void)
{
  g_autoptr (KafkaHeaders) headers = kafka_headers_new ();
  g_autoptr (GBytes) once = NULL;
  g_autoptr (GBytes) thrice = NULL;

  kafka_headers_set_int (headers, "dp-hop", 1);
  once = kafka_headers_pack (headers);
  kafka_headers_set_int (headers, "dp-hop", 2);
  kafka_headers_set_int (headers, "dp-hop", 3);
  thrice = kafka_headers_pack (headers);
  g_assert_cmpint (kafka_headers_get_int (headers, "dp-hop", 0, 10, -1), ==, 3);
  g_assert_cmpuint (g_bytes_get_size (once), ==, g_bytes_get_size (thrice));
}

static rd_kafka_headers_t *
foreign (void)
{
  rd_kafka_headers_t *rd = rd_kafka_headers_new (3);

  rd_kafka_header_add (rd, "x-bytes", -1, "\0\xff\n", 3);
  rd_kafka_header_add (rd, "x-null", -1, NULL, 0);
  rd_kafka_header_add (rd, "x-empty", -1, "", 0);
  return rd;
}

static void
foreign_ones_pass_through_pack_and_unpack (void)
{
  g_autoptr (KafkaHeaders) headers = kafka_headers_new ();
  g_autoptr (KafkaHeaders) back = NULL;
  g_autoptr (GBytes) packed = NULL;
  rd_kafka_headers_t *rd = foreign (), *again = NULL;
  const char *name;
  const void *value;
  size_t length;

  /* A message's headers can only be set by the library, so they are packed from a list made of
   * them. */
  for (size_t i = 0; !rd_kafka_header_get_all (rd, i, &name, &value, &length); i++)
    kafka_headers_add_foreign (headers, name, value, length);
  packed = kafka_headers_pack (headers);
  back = kafka_headers_unpack (packed);
  g_assert_nonnull (back);
  again = kafka_headers_to_rd (back);
  g_assert_cmpuint (rd_kafka_header_cnt (again), ==, 3);
  g_assert_cmpint (rd_kafka_header_get_last (again, "x-bytes", &value, &length), ==,
                   RD_KAFKA_RESP_ERR_NO_ERROR);
  g_assert_cmpmem (value, length, "\0\xff\n", 3);
  g_assert_cmpint (rd_kafka_header_get_last (again, "x-null", &value, &length), ==,
                   RD_KAFKA_RESP_ERR_NO_ERROR);
  g_assert_null (value);
  g_assert_cmpint (rd_kafka_header_get_last (again, "x-empty", &value, &length), ==,
                   RD_KAFKA_RESP_ERR_NO_ERROR);
  g_assert_nonnull (value);
  g_assert_cmpuint (length, ==, 0);
  g_assert_null (kafka_headers_get (back, "x-bytes"));
  rd_kafka_headers_destroy (rd);
  rd_kafka_headers_destroy (again);
}

static void
damaged_packs_are_refused (void)
{
  g_autoptr (KafkaHeaders) headers = kafka_headers_new ();
  g_autoptr (GBytes) packed = NULL;
  gsize length;

  kafka_headers_set (headers, "dp-message-id", "one");
  packed = kafka_headers_pack (headers);
  length = g_bytes_get_size (packed);
  for (gsize cut = 1; cut < length; cut++) {
    g_autoptr (GBytes) part = g_bytes_new_from_bytes (packed, 0, cut);
    g_autoptr (KafkaHeaders) none = kafka_headers_unpack (part);
    g_assert_null (none);
  }
}

/* A name is a text: one with a NUL would come back as another. */
static void
a_name_with_a_nul_is_refused (void)
{
  g_autoptr (GBytes) packed = g_bytes_new_static ("\0\0\0\3a\0b\0\0\0\1x", 12);
  g_autoptr (KafkaHeaders) none = kafka_headers_unpack (packed);

  g_assert_null (none);
}

static void
texts_are_cut_at_a_character (void)
{
  g_autoptr (KafkaHeaders) headers = kafka_headers_new ();
  g_autofree char *text = g_strnfill (2000, 'a');
  const char *kept;

  memcpy (text + 1023, "é", 2);
  kafka_headers_set (headers, "dp-reason", text);
  kept = kafka_headers_get (headers, "dp-reason");
  g_assert_true (g_utf8_validate (kept, -1, NULL));
  g_assert_cmpuint (strlen (kept), ==, 1023);
}

static void
a_number_outside_its_bounds_is_the_fallback (void)
{
  g_autoptr (KafkaHeaders) headers = kafka_headers_new ();

  kafka_headers_set (headers, "dp-attempt", "7x");
  g_assert_cmpint (kafka_headers_get_int (headers, "dp-attempt", 0, 10, 0), ==, 0);
  kafka_headers_set (headers, "dp-attempt", "11");
  g_assert_cmpint (kafka_headers_get_int (headers, "dp-attempt", 0, 10, 0), ==, 0);
  kafka_headers_set (headers, "dp-attempt", "7");
  g_assert_cmpint (kafka_headers_get_int (headers, "dp-attempt", 0, 10, 0), ==, 7);
}

/* The least important is cut first, at a character, and no further than it must. */
static void
texts_give_way_to_a_budget (void)
{
  static const char *const names[] = { "dp-steps", "dp-reason", NULL };
  g_autoptr (KafkaHeaders) headers = kafka_headers_new ();
  g_autofree char *steps = g_strnfill (200, 's');
  g_autoptr (GString) reason = g_string_new (NULL);

  for (guint i = 0; i < 100; i++)
    g_string_append (reason, "é");
  kafka_headers_add_foreign (headers, "x-foreign", steps, 200);
  kafka_headers_set (headers, "dp-hop", "3");            /* 7 bytes */
  kafka_headers_set (headers, "dp-steps", steps);        /* 208 */
  kafka_headers_set (headers, "dp-reason", reason->str); /* 209 */
  kafka_headers_fit (headers, "dp-", 424, names);
  g_assert_cmpuint (strlen (kafka_headers_get (headers, "dp-steps")), ==, 200);
  kafka_headers_fit (headers, "dp-", 374, names);
  g_assert_cmpuint (strlen (kafka_headers_get (headers, "dp-steps")), ==, 150);
  g_assert_cmpuint (strlen (kafka_headers_get (headers, "dp-reason")), ==, 200);
  kafka_headers_fit (headers, "dp-", 115, names);
  g_assert_null (kafka_headers_get (headers, "dp-steps"));
  g_assert_cmpuint (strlen (kafka_headers_get (headers, "dp-reason")), ==,
                    98); /* 99 is no character's end */
  g_assert_true (g_utf8_validate (kafka_headers_get (headers, "dp-reason"), -1, NULL));
  kafka_headers_fit (headers, "dp-", 5, names);
  g_assert_null (kafka_headers_get (headers, "dp-reason"));
  g_assert_cmpstr (kafka_headers_get (headers, "dp-hop"), ==, "3");
  g_assert_cmpuint (strlen (kafka_headers_get (headers, "x-foreign")), ==, 200);
}

/* Any number, names and values of any bytes: through the outbox row and back, byte for byte. */
static void
generated_sets_pass_through (void)
{
  static const guint counts[] = { 0, 1, 30, 10000 };

  for (guint c = 0; c < G_N_ELEMENTS (counts); c++) {
    g_autoptr (KafkaHeaders) headers = kafka_headers_new ();
    g_autoptr (KafkaHeaders) back = NULL;
    g_autoptr (GBytes) packed = NULL;
    g_autoptr (GBytes) again = NULL;
    gsize size = 0;

    for (guint i = 0; i < counts[c]; i++) {
      gsize length = i == 7 ? 1 << 20 : (gsize)g_test_rand_int_range (0, 40);
      g_autofree char *value = g_malloc (length + 1);
      char name[20];
      gsize name_length = (gsize)g_test_rand_int_range (0, sizeof name);

      for (gsize k = 0; k < length; k++)
        value[k] = (char)g_test_rand_int_range (0, 256);
      for (gsize k = 0; k < name_length; k++)
        name[k] = (char)g_test_rand_int_range (1, 256);
      name[name_length] = '\0';
      kafka_headers_add_foreign (headers, name, i % 5 == 4 ? NULL : value, length);
      size += name_length + (i % 5 == 4 ? 0 : length) + 10;
    }
    g_assert_cmpuint (kafka_headers_size (headers), ==, size);
    packed = kafka_headers_pack (headers);
    back = kafka_headers_unpack (packed);
    g_assert_nonnull (back);
    again = kafka_headers_pack (back);
    g_assert_true (g_bytes_equal (packed, again));
  }
}

/* Thousands of doubles of one of ours are replaced in one pass. */
static void
thousands_of_doubles_are_one (void)
{
  g_autoptr (KafkaHeaders) headers = kafka_headers_new ();

  for (guint i = 0; i < 10000; i++)
    kafka_headers_add_foreign (headers, i % 2 ? "dp-hop" : "x", "9", 1);
  kafka_headers_set_int (headers, "dp-hop", 4);
  g_assert_cmpint (kafka_headers_get_int (headers, "dp-hop", 0, 10, -1), ==, 4);
  g_assert_cmpuint (kafka_headers_size (headers), ==, 5000 * (10 + 1 + 1) + 10 + 6 + 1);
}

static void
foreign_ones_are_dropped_largest_first (void)
{
  g_autoptr (KafkaHeaders) headers = kafka_headers_new ();
  gsize ours;

  kafka_headers_set (headers, "dp-reason", "because it is so");
  ours = kafka_headers_size (headers);
  kafka_headers_add_foreign (headers, "a", "11", 2);   /* 13 bytes */
  kafka_headers_add_foreign (headers, "b", "2222", 4); /* 15 */
  kafka_headers_add_foreign (headers, "c", NULL, 0);   /* 11 */
  g_assert_cmpuint (kafka_headers_drop_foreign (headers, "dp-", ours + 39), ==, 0);
  g_assert_cmpuint (kafka_headers_drop_foreign (headers, "dp-", ours + 38), ==, 1);
  g_assert_null (kafka_headers_get (headers, "b"));
  g_assert_cmpstr (kafka_headers_get (headers, "a"), ==, "11");
  g_assert_cmpuint (kafka_headers_drop_foreign (headers, "dp-", 0), ==, 2);
  g_assert_cmpuint (kafka_headers_size (headers), ==, ours);
}

static void
all_of_a_prefix_are_taken_out (void)
{
  g_autoptr (KafkaHeaders) headers = kafka_headers_new ();

  kafka_headers_add_foreign (headers, "dp-junk", NULL, 0);
  kafka_headers_add_foreign (headers, "x-dp-", "stays", 5);
  kafka_headers_set (headers, "dp-hop", "3");
  kafka_headers_add_foreign (headers, "dp-", "\xff", 1);
  kafka_headers_add_foreign (headers, "", "stays", 5);
  kafka_headers_drop (headers, "dp-");
  g_assert_null (kafka_headers_get (headers, "dp-hop"));
  g_assert_cmpstr (kafka_headers_get (headers, "x-dp-"), ==, "stays");
  g_assert_cmpstr (kafka_headers_get (headers, ""), ==, "stays");
  g_assert_cmpuint (kafka_headers_size (headers), ==, 10 + 5 + 5 + 10 + 5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kafka/headers/ours-are-replaced-not-appended", ours_are_replaced_not_appended);
  g_test_add_func ("/kafka/headers/foreign-ones-pass-through-pack-and-unpack",
                   foreign_ones_pass_through_pack_and_unpack);
  g_test_add_func ("/kafka/headers/damaged-packs-are-refused", damaged_packs_are_refused);
  g_test_add_func ("/kafka/headers/a-name-with-a-nul-is-refused", a_name_with_a_nul_is_refused);
  g_test_add_func ("/kafka/headers/texts-are-cut-at-a-character", texts_are_cut_at_a_character);
  g_test_add_func ("/kafka/headers/a-number-outside-its-bounds-is-the-fallback",
                   a_number_outside_its_bounds_is_the_fallback);
  g_test_add_func ("/kafka/headers/texts-give-way-to-a-budget", texts_give_way_to_a_budget);
  g_test_add_func ("/kafka/headers/generated-sets-pass-through", generated_sets_pass_through);
  g_test_add_func ("/kafka/headers/thousands-of-doubles-are-one", thousands_of_doubles_are_one);
  g_test_add_func ("/kafka/headers/foreign-ones-are-dropped-largest-first",
                   foreign_ones_are_dropped_largest_first);
  g_test_add_func ("/kafka/headers/all-of-a-prefix-are-taken-out", all_of_a_prefix_are_taken_out);
  return g_test_run ();
}
