#include "base/seal.h"

#include <stdio.h>
#include <string.h>

/* 32 bytes of A, B, C and D. */
#define KEY_A "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
#define KEY_B "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="
#define KEY_C "Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0M="
#define KEY_D "REREREREREREREREREREREREREREREREREREREREREQ="

static Sealer *
sealer_of (const char *master_keys, const char *hmac_keys)
{
  g_autoptr (GError) error = NULL;
  Sealer *sealer = sealer_new (master_keys, hmac_keys, &error);

  g_assert_no_error (error);
  return sealer;
}

static void
opens_what_it_sealed (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Sealer) sealer = sealer_of ("m1:" KEY_A, "h1:" KEY_B);
  g_autoptr (RowKey) key = row_key_new (sealer);
  g_autoptr (GBytes) sealed = row_key_seal (key, "veterans", "7", "name", "Ana Núñez");
  g_autoptr (GBytes) again = row_key_seal (key, "veterans", "7", "name", "Ana Núñez");
  g_autoptr (GBytes) empty = row_key_seal (key, "veterans", "7", "name", "");
  g_autoptr (RowKey) reopened = row_key_open (sealer, row_key_wrapped (key), &error);
  g_autofree char *plain = NULL;
  g_autofree char *nothing = NULL;

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (row_key_wrapped (key), "m1:"));
  g_assert_cmpstr (row_key_wrapped (reopened), ==, row_key_wrapped (key));
  plain = row_key_unseal (reopened, "veterans", "7", "name", sealed, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (plain, ==, "Ana Núñez");
  nothing = row_key_unseal (reopened, "veterans", "7", "name", empty, &error);
  g_assert_cmpstr (nothing, ==, "");

  /* Nonce, ciphertext, tag; never the same twice, and the text is not in it. */
  g_assert_cmpuint (g_bytes_get_size (sealed), ==, 1 + 12 + strlen ("Ana Núñez") + 16);
  g_assert_false (g_bytes_equal (sealed, again));
  g_assert_null (memmem (g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed), "Ana", 3));
}

static void
assert_does_not_open (const RowKey *key, const char *table, const char *row, const char *column,
                      GBytes *sealed)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (row_key_unseal (key, table, row, column, sealed, &error));
  g_assert_error (error, SEAL_ERROR, SEAL_ERROR_DAMAGED);
}

static void
does_not_open_elsewhere (void)
{
  g_autoptr (Sealer) sealer = sealer_of ("m1:" KEY_A, "h1:" KEY_B);
  g_autoptr (RowKey) key = row_key_new (sealer);
  g_autoptr (RowKey) other = row_key_new (sealer);
  g_autoptr (GBytes) sealed = row_key_seal (key, "claims", "12", "form", "text");

  assert_does_not_open (key, "claim", "12", "form", sealed);
  assert_does_not_open (key, "claims", "13", "form", sealed);
  assert_does_not_open (key, "claims", "12", "user", sealed);
  /* The same bytes in a row, cut at other places. */
  assert_does_not_open (key, "claims1", "2", "form", sealed);
  assert_does_not_open (other, "claims", "12", "form", sealed);
}

static void
does_not_open_when_changed (void)
{
  g_autoptr (Sealer) sealer = sealer_of ("m1:" KEY_A, "h1:" KEY_B);
  g_autoptr (RowKey) key = row_key_new (sealer);
  g_autoptr (GBytes) sealed = row_key_seal (key, "claims", "12", "form", "text");
  gsize length = 0;
  const guint8 *bytes = g_bytes_get_data (sealed, &length);

  for (gsize i = 0; i < length; i++) {
    g_autofree guint8 *copy = g_memdup2 (bytes, length);
    g_autoptr (GBytes) changed = NULL;
    g_autoptr (GBytes) shorter = g_bytes_new (bytes, i);

    copy[i] ^= 1;
    changed = g_bytes_new (copy, length);
    assert_does_not_open (key, "claims", "12", "form", changed);
    assert_does_not_open (key, "claims", "12", "form", shorter);
  }
}

static void
master_keys_rotate (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Sealer) before = sealer_of ("m1:" KEY_A, "h1:" KEY_B);
  g_autoptr (Sealer) after = sealer_of ("m2:" KEY_C "\n m1:" KEY_A "\n", "h1:" KEY_B);
  g_autoptr (Sealer) without = sealer_of ("m2:" KEY_C, "h1:" KEY_B);
  g_autoptr (Sealer) liar = sealer_of ("m1:" KEY_D, "h1:" KEY_B);
  g_autoptr (RowKey) old_key = row_key_new (before);
  g_autoptr (RowKey) new_key = row_key_new (after);
  g_autoptr (RowKey) opened = row_key_open (after, row_key_wrapped (old_key), &error);

  g_assert_no_error (error);
  g_assert_nonnull (opened);
  g_assert_true (g_str_has_prefix (row_key_wrapped (new_key), "m2:"));

  g_assert_null (row_key_open (without, row_key_wrapped (old_key), &error));
  g_assert_error (error, SEAL_ERROR, SEAL_ERROR_UNKNOWN);
  g_clear_error (&error);
  g_assert_null (row_key_open (liar, row_key_wrapped (old_key), &error));
  g_assert_error (error, SEAL_ERROR, SEAL_ERROR_DAMAGED);
}

static void
damaged_row_keys_do_not_open (void)
{
  static const char *const wrong[] = { "", "m1", "m1:", "m1:AAAA", "m1:not base64", ":AAAA" };
  g_autoptr (Sealer) sealer = sealer_of ("m1:" KEY_A, "h1:" KEY_B);

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (row_key_open (sealer, wrong[i], &error));
    g_assert_error (error, SEAL_ERROR, SEAL_ERROR_DAMAGED);
  }
}

static void
refuses_malformed_keys (void)
{
  static const char *const wrong[] = {
    "",
    " ,\n",
    KEY_A,
    ":" KEY_A,
    "m 1:" KEY_A,
    "m1:QUFB",
    "m1:" KEY_A "QUFB",
    "m1:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE",
    "m1:QUFB*QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
    "m1:" KEY_A ",m1:" KEY_B,
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GError) hmac_error = NULL;

    g_assert_null (sealer_new (wrong[i], "h1:" KEY_B, &error));
    g_assert_error (error, SEAL_ERROR, SEAL_ERROR_KEYS);
    g_assert_true (g_str_has_prefix (error->message, "master-keys:"));
    g_assert_null (strstr (error->message, "QUFB"));
    g_assert_null (sealer_new ("m1:" KEY_A, wrong[i], &hmac_error));
    g_assert_true (g_str_has_prefix (hmac_error->message, "hmac-keys:"));
  }
}

static void
hmac_is_the_known_one (void)
{
  g_autoptr (Sealer) sealer = sealer_of ("m1:" KEY_A, "h2:" KEY_C ",h1:" KEY_B);
  g_autofree char *one = sealer_hmac (sealer, "veteran", "600000001");
  g_autofree char *other_use = sealer_hmac (sealer, "digest", "600000001");
  g_autofree char *shifted = sealer_hmac (sealer, "veteran6", "00000001");
  g_auto (GStrv) all = sealer_hmac_all (sealer, "veteran", "600000001");

  /* From Python: hmac.new (b"C" * 32, b"veteran\0" + b"600000001", "sha256"), and with B. */
  g_assert_cmpstr (one, ==, "h2:50018e74f699718acc273f598b34b480e0b0f8e9e69dc7409820905ce7b72733");
  g_assert_cmpstr (all[0], ==, one);
  g_assert_cmpstr (all[1], ==,
                   "h1:a5cc0318ea468584a08ee5bf0d7a705bd65efdb1b20d77186525449812410726");
  g_assert_null (all[2]);
  g_assert_cmpstr (one, !=, other_use);
  g_assert_cmpstr (one, !=, shifted);
}

static void
fingerprints_are_of_each_key (void)
{
  g_autoptr (Sealer) one = sealer_of ("m1:" KEY_A ",m2:" KEY_B, "h1:" KEY_C);
  g_autoptr (Sealer) other = sealer_of ("m1:" KEY_B, "m1:" KEY_A);
  g_auto (GStrv) all = sealer_fingerprints (one, SEALER_ALL_KEYS);
  g_auto (GStrv) current = sealer_fingerprints (one, SEALER_CURRENT_KEYS);
  g_auto (GStrv) others = sealer_fingerprints (other, SEALER_ALL_KEYS);

  g_assert_cmpuint (g_strv_length (all), ==, 6);
  g_assert_cmpstr (all[0], ==, "master-key:m1");
  g_assert_cmpstr (all[2], ==, "master-key:m2");
  g_assert_cmpstr (all[4], ==, "hmac-key:h1");
  g_assert_cmpuint (strlen (all[1]), ==, 64);
  g_assert_cmpuint (g_strv_length (current), ==, 4);
  g_assert_cmpstr (current[1], ==, all[1]);
  g_assert_cmpstr (current[2], ==, "hmac-key:h1");
  /* Another key of the same name, the same key under another name, and of another kind. */
  g_assert_cmpstr (others[1], !=, all[1]);
  g_assert_cmpstr (others[1], !=, all[3]);
  g_assert_cmpstr (others[3], !=, all[1]);
}

/* The value without its version byte: as it was sealed before there was one. */
static GBytes *
without_version (GBytes *sealed)
{
  return g_bytes_new_from_bytes (sealed, 1, g_bytes_get_size (sealed) - 1);
}

static void
values_of_before_the_version_open (void)
{
  g_autoptr (Sealer) sealer = sealer_of ("m1:" KEY_A, "h1:" KEY_B);
  g_autoptr (RowKey) key = row_key_new (sealer);
  g_autoptr (GHashTable) first_bytes = g_hash_table_new (NULL, NULL);
  g_autoptr (GError) error = NULL;

  /* Often enough that a nonce begins with the byte of the version. */
  for (guint i = 0; i < 2000; i++) {
    g_autoptr (GBytes) sealed = row_key_seal (key, "t", "1", "c", "plain");
    g_autoptr (GBytes) old = without_version (sealed);
    g_autofree char *now = row_key_unseal (key, "t", "1", "c", sealed, &error);
    g_autofree char *then = row_key_unseal (key, "t", "1", "c", old, &error);

    g_assert_no_error (error);
    g_assert_cmpint (((const guint8 *)g_bytes_get_data (sealed, NULL))[0], ==, 1);
    g_assert_cmpstr (now, ==, "plain");
    g_assert_cmpstr (then, ==, "plain");
    g_hash_table_add (first_bytes,
                      GINT_TO_POINTER (((const guint8 *)g_bytes_get_data (old, NULL))[0]));
  }
  g_assert_true (g_hash_table_contains (first_bytes, GINT_TO_POINTER (1)));
}

static gboolean
chunk_opens (const RowKey *key, const char *row, SealChunk at, GBytes *sealed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) plain = row_key_unseal_chunk (key, "t", row, "c", at, sealed, &error);

  if (!plain)
    g_assert_error (error, SEAL_ERROR, SEAL_ERROR_DAMAGED);
  return plain != NULL;
}

static void
chunks_open_at_their_place_alone (void)
{
  g_autoptr (Sealer) sealer = sealer_of ("m1:" KEY_A, "h1:" KEY_B);
  g_autoptr (RowKey) key = row_key_new (sealer);
  g_autoptr (RowKey) other = row_key_new (sealer);
  g_autofree char *large = g_strnfill (SEAL_CHUNK_BYTES, 'x');
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) first =
      row_key_seal_chunk (key, "t", "1", "c", (SealChunk){ 0, 3 }, large, SEAL_CHUNK_BYTES);
  g_autoptr (GBytes) nul = row_key_seal_chunk (key, "t", "1", "c", (SealChunk){ 2, 3 }, "a\0b", 3);
  g_autoptr (GBytes) column = row_key_seal (key, "t", "1", "c", "text");
  g_autoptr (GBytes) plain =
      row_key_unseal_chunk (key, "t", "1", "c", (SealChunk){ 2, 3 }, nul, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), "a\0b", 3);
  g_assert_true (chunk_opens (key, "1", (SealChunk){ 0, 3 }, first));

  g_assert_false (chunk_opens (key, "1", (SealChunk){ 1, 3 }, first)); /* moved, or doubled */
  g_assert_false (chunk_opens (key, "1", (SealChunk){ 0, 2 }, first)); /* another was dropped */
  g_assert_false (chunk_opens (key, "1", (SealChunk){ 0, 4 }, first)); /* one was added */
  g_assert_false (chunk_opens (key, "2", (SealChunk){ 0, 3 }, first)); /* of another row */
  g_assert_false (chunk_opens (other, "1", (SealChunk){ 0, 3 }, first));
  g_assert_false (chunk_opens (key, "1", (SealChunk){ 0, 1 }, column)); /* no chunk at all */
  assert_does_not_open (key, "t", "1", "c", first);
}

static void
rewrapped_keys_open_the_same (void)
{
  g_autoptr (Sealer) before = sealer_of ("m1:" KEY_A, "h1:" KEY_C);
  g_autoptr (Sealer) between = sealer_of ("m2:" KEY_B ",m1:" KEY_A, "h1:" KEY_C);
  g_autoptr (Sealer) after = sealer_of ("m2:" KEY_B, "h1:" KEY_C);
  g_autoptr (RowKey) key = row_key_new (before);
  g_autoptr (GBytes) sealed = row_key_seal (key, "t", "1", "c", "plain");
  g_autoptr (GError) error = NULL;
  g_autofree char *wrapped = sealer_rewrap (between, row_key_wrapped (key), &error);
  g_autoptr (RowKey) again = NULL;
  g_autofree char *plain = NULL;

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (wrapped, "m2:"));
  again = row_key_open (after, wrapped, &error);
  g_assert_no_error (error);
  plain = row_key_unseal (again, "t", "1", "c", sealed, &error);
  g_assert_cmpstr (plain, ==, "plain");
  g_assert_null (sealer_rewrap (after, row_key_wrapped (key), &error));
  g_assert_error (error, SEAL_ERROR, SEAL_ERROR_UNKNOWN);
}

static void
comes_from_the_settings (void)
{
  static const Setting *const tables[] = { seal_settings, NULL };
  char *words[] = { "tester", "--master-keys=m1:" KEY_A, "--hmac-keys=h1:" KEY_B, NULL };
  char **argv = words;
  int argc = 3;
  g_autoptr (GError) error = NULL;
  g_autoptr (Settings) settings =
      settings_parse ("tester", "", "Tests.", tables, &argc, &argv, &error);
  g_autoptr (Sealer) sealer = NULL;

  g_assert_no_error (error);
  sealer = sealer_from_settings (settings, &error);
  g_assert_no_error (error);
  g_assert_nonnull (sealer);
}

/* Threads that have sealed something, and live on: as many as claim-api has connections. */
enum { THREADS = 256 };
typedef struct {
  Sealer *sealer;
  GMutex lock;
  GCond changed;
  guint sealed;
} Crowd;

static gpointer
seal_and_stay (gpointer data)
{
  Crowd *crowd = data;
  g_autoptr (RowKey) key = row_key_new (crowd->sealer);

  g_mutex_lock (&crowd->lock);
  crowd->sealed++;
  g_cond_broadcast (&crowd->changed);
  while (crowd->sealed < THREADS)
    g_cond_wait (&crowd->changed, &crowd->lock);
  g_mutex_unlock (&crowd->lock);
  return NULL;
}

static void
many_threads_seal (void)
{
  g_autoptr (Sealer) sealer = sealer_of ("m1:" KEY_A, "h1:" KEY_B);
  Crowd crowd = { .sealer = sealer };
  GThread *threads[THREADS];

  g_mutex_init (&crowd.lock);
  g_cond_init (&crowd.changed);
  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("sealer", seal_and_stay, &crowd);
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  g_mutex_clear (&crowd.lock);
  g_cond_clear (&crowd.changed);
}

/* --- Where keys lie. --- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static void
keys_lie_where_nothing_is_dumped (void)
{
  g_test_skip ("a sanitizer's memory has no end");
}
#else
typedef struct {
  const guint8 *from, *to;
  gboolean is_dumped;
} Region;

/* What of this process's memory can be read: smaps, a line of "from-to rw-p …" for each region and
 * one of its flags below it, of which dd is "not in dumps". */
static GArray *
readable_memory (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  GArray *regions = g_array_new (FALSE, FALSE, sizeof (Region));
  gboolean is_readable = FALSE;

  g_assert_true (g_file_get_contents ("/proc/self/smaps", &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    gsize from = 0, to = 0;
    char may_read = '-';

    if (sscanf (lines[i], "%zx-%zx %c", &from, &to, &may_read) == 3) {
      Region region = { (const guint8 *)from, (const guint8 *)to, TRUE };

      is_readable = may_read == 'r' && !strstr (lines[i], "[v"); /* the kernel's own pages */
      if (is_readable)
        g_array_append_val (regions, region);
    } else if (is_readable && g_str_has_prefix (lines[i], "VmFlags:") && strstr (lines[i], " dd"))
      g_array_index (regions, Region, regions->len - 1).is_dumped = FALSE;
  }
  return regions;
}

/* @inverse: the key's complements, so that looking for it leaves no copy. */
static gboolean
holds (const Region *region, const guint8 *inverse)
{
  for (const guint8 *at = region->from; at + 32 <= region->to; at++) {
    guint same = 0;

    while (same < 32 && (at[same] ^ inverse[same]) == 0xFF)
      same++;
    if (same == 32)
      return TRUE;
  }
  return FALSE;
}

/* "id:base64" of a key of random bytes that nobody else knows. */
static char *
random_key (const char *id, guint8 *ret_inverse)
{
  guint8 bytes[32];
  g_autofree char *base64 = NULL;

  for (guint i = 0; i < sizeof bytes; i++) {
    bytes[i] = (guint8)g_random_int ();
    ret_inverse[i] = (guint8)~bytes[i];
  }
  base64 = g_base64_encode (bytes, sizeof bytes);
  explicit_bzero (bytes, sizeof bytes);
  return g_strconcat (id, ":", base64, NULL);
}

/* While they are used, and afterwards. */
static void
keys_lie_where_nothing_is_dumped (void)
{
  guint8 inverse[2][32];
  g_autofree char *master = random_key ("m1", inverse[0]);
  g_autofree char *hmac = random_key ("h1", inverse[1]);
  g_autoptr (Sealer) sealer = sealer_of (master, hmac);
  g_autoptr (RowKey) key = row_key_new (sealer);
  g_autoptr (RowKey) again = row_key_open (sealer, row_key_wrapped (key), NULL);
  g_autoptr (GBytes) sealed = row_key_seal (again, "veterans", "7", "name", "Ana");
  g_autofree char *digest = sealer_hmac (sealer, "name", "Ana");
  g_autoptr (GArray) regions = readable_memory ();

  for (guint k = 0; k < G_N_ELEMENTS (inverse); k++) {
    guint kept = 0;

    for (guint i = 0; i < regions->len; i++) {
      const Region *region = &g_array_index (regions, Region, i);
      gboolean is_there = holds (region, inverse[k]);

      g_assert_false (is_there && region->is_dumped);
      kept += is_there;
    }
    g_assert_cmpuint (kept, ==, 1);
  }
}
#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/seal/opens-what-it-sealed", opens_what_it_sealed);
  g_test_add_func ("/base/seal/does-not-open-elsewhere", does_not_open_elsewhere);
  g_test_add_func ("/base/seal/does-not-open-when-changed", does_not_open_when_changed);
  g_test_add_func ("/base/seal/master-keys-rotate", master_keys_rotate);
  g_test_add_func ("/base/seal/damaged-row-keys-do-not-open", damaged_row_keys_do_not_open);
  g_test_add_func ("/base/seal/refuses-malformed-keys", refuses_malformed_keys);
  g_test_add_func ("/base/seal/hmac-is-the-known-one", hmac_is_the_known_one);
  g_test_add_func ("/base/seal/fingerprints-are-of-each-key", fingerprints_are_of_each_key);
  g_test_add_func ("/base/seal/values-of-before-the-version-open",
                   values_of_before_the_version_open);
  g_test_add_func ("/base/seal/chunks-open-at-their-place-alone", chunks_open_at_their_place_alone);
  g_test_add_func ("/base/seal/rewrapped-keys-open-the-same", rewrapped_keys_open_the_same);
  g_test_add_func ("/base/seal/comes-from-the-settings", comes_from_the_settings);
  g_test_add_func ("/base/seal/many-threads-seal", many_threads_seal);
  g_test_add_func ("/base/seal/keys-lie-where-nothing-is-dumped", keys_lie_where_nothing_is_dumped);
  return g_test_run ();
}
