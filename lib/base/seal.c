/* Personal data at rest. What is sealed with what: each row has a data key of its own; the data key
 * is stored with the row, itself sealed with a master key that only the processes know. Rotating a
 * master key therefore means sealing data keys again, and no column.
 *
 * AES-256-GCM with random nonces of 12 bytes (NIST SP 800-38D section 8.2.2); one data key seals
 * the few columns of one row, or the chunks of one document, so nonces cannot come near their
 * birthday bound. Source: README.md,
 * rule 3. */
#include "base/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/mman.h>

#include "base/text.h"

G_DEFINE_QUARK (seal_error_quark, seal_error)

#define KEY_BYTES        32
#define VERSION          1 /* first byte of what is sealed: how the rest is to be read */
#define VERSION_BYTES    1
#define NONCE_BYTES      12
#define TAG_BYTES        16
#define KEY_ID_MAX_CHARS 64
#define KEYS_MAX         32
#define PLAIN_MAX_BYTES  (64 * 1024 * 1024)

const Setting seal_settings[] = {
  { "master-keys", SETTING_TEXT, "",
    "Keys that wrap the data keys, id:base64 of 32 bytes, comma between, the first for new rows.",
    .secret = TRUE, .required = TRUE },
  { "hmac-keys", SETTING_TEXT, "",
    "Keys of look-up values and digests, id:base64 of 32 bytes, comma between, the first is "
    "current.",
    .secret = TRUE, .required = TRUE },
  { NULL },
};

typedef struct {
  char *id;
  guint8 bytes[KEY_BYTES];
} Key;

struct Sealer {
  GPtrArray *master; /* Key; the first is current */
  GPtrArray *hmac;
};

struct RowKey {
  guint8 bytes[KEY_BYTES];
  char *wrapped;
};

static void
key_free (gpointer data)
{
  Key *key = data;

  g_free (key->id);
  OPENSSL_cleanse (key, sizeof *key);
  munmap (key, sizeof *key);
}

/* Keys that live as long as the process lie in pages of their own, locked and left out of dumps as
 * far as the system allows it. Not in OpenSSL's secure heap: once there is one, OpenSSL takes each
 * thread's random generators from it, and has no random numbers when it is full. */
static Key *
key_new (const char *id, const guint8 *bytes)
{
  Key *key = mmap (NULL, sizeof *key, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (key == MAP_FAILED)
    g_error ("no memory for a key");
  (void)mlock (key, sizeof *key);
  (void)madvise (key, sizeof *key, MADV_DONTDUMP);
  key->id = g_strdup (id);
  memcpy (key->bytes, bytes, KEY_BYTES);
  return key;
}

static void
fill_random (guint8 *bytes, int length)
{
  if (RAND_bytes (bytes, length) != 1)
    g_error ("the system has no random numbers");
}

/* Looked up once: a look-up by each call costs more than the encryption. */
static const EVP_CIPHER *
cipher (void)
{
  static gsize once;
  static EVP_CIPHER *fetched;

  if (g_once_init_enter (&once)) {
    fetched = EVP_CIPHER_fetch (NULL, "AES-256-GCM", NULL);
    if (!fetched)
      g_error ("OpenSSL has no AES-256-GCM");
    g_once_init_leave (&once, 1);
  }
  return fetched;
}

/* Seals into version, nonce, ciphertext, tag. Failures here are failures of the library or of
 * memory. */
static GBytes *
encrypt (const guint8 *key, const guint8 *aad, gsize aad_length, gconstpointer plain, gsize length)
{
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new ();
  guint8 *sealed = g_malloc (VERSION_BYTES + NONCE_BYTES + length + TAG_BYTES);
  guint8 *nonce = sealed + VERSION_BYTES;
  guint8 *body = nonce + NONCE_BYTES;
  int written = 0, last = 0;
  gboolean done;

  g_assert (length <= PLAIN_MAX_BYTES);
  sealed[0] = VERSION;
  fill_random (nonce, NONCE_BYTES);
  done = context && EVP_EncryptInit_ex2 (context, cipher (), key, nonce, NULL) == 1 &&
         EVP_EncryptUpdate (context, NULL, &written, aad, (int)aad_length) == 1 &&
         EVP_EncryptUpdate (context, body, &written, plain, (int)length) == 1 &&
         EVP_EncryptFinal_ex (context, body + written, &last) == 1 &&
         EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, body + length) == 1;
  EVP_CIPHER_CTX_free (context);
  if (!done || (gsize)(written + last) != length)
    g_error ("OpenSSL cannot encrypt");
  return g_bytes_new_take (sealed, VERSION_BYTES + NONCE_BYTES + length + TAG_BYTES);
}

/* The plain bytes with a 0 behind them, or NULL when the tag does not fit. */
static guint8 *
decrypt_unversioned (const guint8 *key, const guint8 *aad, gsize aad_length, const guint8 *sealed,
                     gsize sealed_length, gsize *ret_length)
{
  EVP_CIPHER_CTX *context = NULL;
  guint8 *plain = NULL;
  gsize length;
  int written = 0, last = 0;
  gboolean done;

  if (sealed_length < NONCE_BYTES + TAG_BYTES ||
      sealed_length > NONCE_BYTES + TAG_BYTES + (gsize)PLAIN_MAX_BYTES)
    return NULL;

  length = sealed_length - NONCE_BYTES - TAG_BYTES;
  plain = g_malloc (length + 1);
  context = EVP_CIPHER_CTX_new ();
  done = context && EVP_DecryptInit_ex2 (context, cipher (), key, sealed, NULL) == 1 &&
         EVP_DecryptUpdate (context, NULL, &written, aad, (int)aad_length) == 1 &&
         EVP_DecryptUpdate (context, plain, &written, sealed + NONCE_BYTES, (int)length) == 1 &&
         EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES,
                              (gpointer)(sealed + NONCE_BYTES + length)) == 1 &&
         EVP_DecryptFinal_ex (context, plain + written, &last) == 1;
  EVP_CIPHER_CTX_free (context);
  if (!done) {
    OPENSSL_cleanse (plain, length);
    g_free (plain);
    return NULL;
  }
  plain[length] = 0;
  *ret_length = length;
  return plain;
}

/* Values of before there was a version begin with their nonce, one in 256 of them with the byte of
 * the version. The tag says which of the two it is. */
static guint8 *
decrypt (const guint8 *key, const guint8 *aad, gsize aad_length, const guint8 *sealed,
         gsize sealed_length, gsize *ret_length)
{
  guint8 *plain = NULL;

  if (sealed_length > VERSION_BYTES && sealed[0] == VERSION)
    plain = decrypt_unversioned (key, aad, aad_length, sealed + VERSION_BYTES,
                                 sealed_length - VERSION_BYTES, ret_length);
  return plain ? plain
               : decrypt_unversioned (key, aad, aad_length, sealed, sealed_length, ret_length);
}

static gboolean
key_id_is_valid (const char *id)
{
  gsize length = strlen (id);

  return length >= 1 && length <= KEY_ID_MAX_CHARS &&
         strspn (id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == length;
}

static const Key *
find_key (const GPtrArray *keys, const char *id)
{
  for (guint i = 0; i < keys->len; i++) {
    const Key *key = g_ptr_array_index (keys, i);

    if (g_str_equal (key->id, id))
      return key;
  }
  return NULL;
}

/* Strict, unlike g_base64_decode(): what does not encode back to the same text was no base64. */
static guint8 *
decode_base64 (const char *text, gsize *ret_length)
{
  gsize length = 0;
  guint8 *bytes = g_base64_decode (text, &length);
  g_autofree char *again = g_base64_encode (bytes, length);
  gboolean same = g_str_equal (again, text);

  OPENSSL_cleanse (again, strlen (again));
  if (!same) {
    OPENSSL_cleanse (bytes, length);
    g_free (bytes);
    return NULL;
  }
  *ret_length = length;
  return bytes;
}

/* @setting is what the messages call it; a message never holds what the setting holds. */
static GPtrArray *
parse_keys (const char *setting, const char *text, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (key_free);
  g_auto (GStrv) entries = g_strsplit_set (text, ",\n", -1);

  for (guint i = 0; entries[i]; i++) {
    char *entry = g_strstrip (entries[i]);
    char *colon = strchr (entry, ':');
    guint8 *bytes = NULL;
    gsize length = 0;
    Key *key;

    if (*entry == '\0')
      continue;
    if (colon)
      *colon = '\0';
    if (!colon || !key_id_is_valid (entry)) {
      g_set_error (error, SEAL_ERROR, SEAL_ERROR_KEYS,
                   "%s: entry %u is not id:base64, with an id of letters, digits, dot, dash",
                   setting, i + 1);
      return NULL;
    }
    bytes = decode_base64 (colon + 1, &length);
    if (length != KEY_BYTES) {
      if (bytes)
        OPENSSL_cleanse (bytes, length);
      g_free (bytes);
      g_set_error (error, SEAL_ERROR, SEAL_ERROR_KEYS, "%s: entry %u is not base64 of %d bytes",
                   setting, i + 1, KEY_BYTES);
      return NULL;
    }
    if (find_key (keys, entry) || keys->len == KEYS_MAX) {
      OPENSSL_cleanse (bytes, length);
      g_free (bytes);
      g_set_error (error, SEAL_ERROR, SEAL_ERROR_KEYS,
                   "%s: entry %u has an id that is there already, or is one too many", setting,
                   i + 1);
      return NULL;
    }
    key = key_new (entry, bytes);
    OPENSSL_cleanse (bytes, length);
    g_free (bytes);
    OPENSSL_cleanse (colon + 1, strlen (colon + 1));
    g_ptr_array_add (keys, key);
  }
  if (keys->len == 0) {
    g_set_error (error, SEAL_ERROR, SEAL_ERROR_KEYS, "%s: no key", setting);
    return NULL;
  }
  return g_steal_pointer (&keys);
}

Sealer *
sealer_new (const char *master_keys, const char *hmac_keys, GError **error)
{
  g_autoptr (GPtrArray) master = parse_keys ("master-keys", master_keys, error);
  g_autoptr (GPtrArray) hmac = master ? parse_keys ("hmac-keys", hmac_keys, error) : NULL;
  Sealer *sealer;

  if (!master || !hmac)
    return NULL;
  sealer = g_new0 (Sealer, 1);
  sealer->master = g_steal_pointer (&master);
  sealer->hmac = g_steal_pointer (&hmac);
  return sealer;
}

Sealer *
sealer_from_settings (const Settings *settings, GError **error)
{
  Sealer *sealer = sealer_new (settings_text (settings, "master-keys"),
                               settings_text (settings, "hmac-keys"), error);

  settings_wipe (settings, "master-keys");
  settings_wipe (settings, "hmac-keys");
  return sealer;
}

void
sealer_free (Sealer *sealer)
{
  if (!sealer)
    return;
  g_ptr_array_unref (sealer->master);
  g_ptr_array_unref (sealer->hmac);
  g_free (sealer);
}

/* A data key under the current master key; owned. */
static char *
wrap (Sealer *sealer, const guint8 *bytes)
{
  const Key *master = g_ptr_array_index (sealer->master, 0);
  g_autoptr (GBytes) sealed =
      encrypt (master->bytes, (const guint8 *)master->id, strlen (master->id), bytes, KEY_BYTES);
  g_autofree char *base64 =
      g_base64_encode (g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed));

  return g_strconcat (master->id, ":", base64, NULL);
}

RowKey *
row_key_new (Sealer *sealer)
{
  RowKey *key = g_new0 (RowKey, 1);

  fill_random (key->bytes, KEY_BYTES);
  key->wrapped = wrap (sealer, key->bytes);
  return key;
}

RowKey *
row_key_open (Sealer *sealer, const char *wrapped, GError **error)
{
  const char *colon = strchr (wrapped, ':');
  g_autofree char *id = NULL;
  g_autofree guint8 *sealed = NULL;
  gsize sealed_length = 0, length = 0;
  const Key *master;
  guint8 *bytes = NULL;
  RowKey *key;

  id = colon ? g_strndup (wrapped, (gsize)(colon - wrapped)) : NULL;
  if (!id || !key_id_is_valid (id)) {
    g_set_error (error, SEAL_ERROR, SEAL_ERROR_DAMAGED, "a wrapped data key has no key id");
    return NULL;
  }
  master = find_key (sealer->master, id);
  if (!master) {
    g_set_error (error, SEAL_ERROR, SEAL_ERROR_UNKNOWN, "no master key with the id %s", id);
    return NULL;
  }
  sealed = decode_base64 (colon + 1, &sealed_length);
  if (sealed)
    bytes =
        decrypt (master->bytes, (const guint8 *)id, strlen (id), sealed, sealed_length, &length);
  if (!bytes || length != KEY_BYTES) {
    g_free (bytes);
    g_set_error (error, SEAL_ERROR, SEAL_ERROR_DAMAGED,
                 "a data key does not open with the master key %s", id);
    return NULL;
  }
  key = g_new0 (RowKey, 1);
  memcpy (key->bytes, bytes, KEY_BYTES);
  OPENSSL_cleanse (bytes, length);
  g_free (bytes);
  key->wrapped = g_strdup (wrapped);
  return key;
}

const char *
row_key_wrapped (const RowKey *key)
{
  return key->wrapped;
}

void
row_key_free (RowKey *key)
{
  if (!key)
    return;
  OPENSSL_cleanse (key->bytes, sizeof key->bytes);
  g_free (key->wrapped);
  g_free (key);
}

/* Table, row and column, each ended by a 0 that none of them can hold: no two places give the same
 * bytes. */
static GByteArray *
place_of (const char *table, const char *row_id, const char *column)
{
  GByteArray *place = g_byte_array_new ();

  g_byte_array_append (place, (const guint8 *)table, (guint)strlen (table) + 1);
  g_byte_array_append (place, (const guint8 *)row_id, (guint)strlen (row_id) + 1);
  g_byte_array_append (place, (const guint8 *)column, (guint)strlen (column) + 1);
  return place;
}

GBytes *
row_key_seal (const RowKey *key, const char *table, const char *row_id, const char *column,
              const char *plain)
{
  g_autoptr (GByteArray) place = place_of (table, row_id, column);

  return encrypt (key->bytes, place->data, place->len, plain, strlen (plain));
}

static void
set_error_damaged (const char *table, const char *row_id, const char *column, GError **error)
{
  g_set_error (error, SEAL_ERROR, SEAL_ERROR_DAMAGED, "%s.%s of row %s does not open", table,
               column, row_id);
}

char *
row_key_unseal (const RowKey *key, const char *table, const char *row_id, const char *column,
                GBytes *sealed, GError **error)
{
  g_autoptr (GByteArray) place = place_of (table, row_id, column);
  gsize sealed_length = 0, length = 0;
  const guint8 *bytes = g_bytes_get_data (sealed, &sealed_length);
  guint8 *plain = decrypt (key->bytes, place->data, place->len, bytes, sealed_length, &length);

  if (!plain)
    set_error_damaged (table, row_id, column, error);
  return (char *)plain;
}

/* A column's place and "NO/COUNT", ended by a 0 too: a fourth text, so no column's place. */
static GByteArray *
place_of_chunk (const char *table, const char *row_id, const char *column, SealChunk chunk)
{
  GByteArray *place = place_of (table, row_id, column);
  g_autofree char *which = g_strdup_printf ("%u/%u", chunk.no, chunk.count);

  g_byte_array_append (place, (const guint8 *)which, (guint)strlen (which) + 1);
  return place;
}

GBytes *
row_key_seal_chunk (const RowKey *key, const char *table, const char *row_id, const char *column,
                    SealChunk chunk, gconstpointer plain, gsize length)
{
  g_autoptr (GByteArray) place = place_of_chunk (table, row_id, column, chunk);

  g_assert (chunk.no < chunk.count && length <= SEAL_CHUNK_BYTES);
  return encrypt (key->bytes, place->data, place->len, plain, length);
}

GBytes *
row_key_unseal_chunk (const RowKey *key, const char *table, const char *row_id, const char *column,
                      SealChunk chunk, GBytes *sealed, GError **error)
{
  g_autoptr (GByteArray) place = place_of_chunk (table, row_id, column, chunk);
  gsize sealed_length = 0, length = 0;
  const guint8 *bytes = g_bytes_get_data (sealed, &sealed_length);
  guint8 *plain = decrypt (key->bytes, place->data, place->len, bytes, sealed_length, &length);

  if (plain)
    return g_bytes_new_take (plain, length);
  set_error_damaged (table, row_id, column, error);
  return NULL;
}

static char *
hmac_with (const Key *key, const char *purpose, const char *data)
{
  g_autoptr (GByteArray) text = g_byte_array_new ();
  guint8 digest[EVP_MAX_MD_SIZE];
  guint length = 0;
  g_autofree char *hex = NULL;

  /* The purpose's closing 0 keeps "ab" + "c" apart from "a" + "bc". */
  g_byte_array_append (text, (const guint8 *)purpose, (guint)strlen (purpose) + 1);
  g_byte_array_append (text, (const guint8 *)data, (guint)strlen (data));
  if (!HMAC (EVP_sha256 (), key->bytes, KEY_BYTES, text->data, text->len, digest, &length))
    g_error ("OpenSSL cannot compute an HMAC");
  OPENSSL_cleanse (text->data, text->len);
  hex = text_hex (digest, length);
  return g_strconcat (key->id, ":", hex, NULL);
}

char *
sealer_hmac (const Sealer *sealer, const char *purpose, const char *data)
{
  return hmac_with (g_ptr_array_index (sealer->hmac, 0), purpose, data);
}

char **
sealer_hmac_all (const Sealer *sealer, const char *purpose, const char *data)
{
  char **all = g_new0 (char *, sealer->hmac->len + 1);

  for (guint i = 0; i < sealer->hmac->len; i++)
    all[i] = hmac_with (g_ptr_array_index (sealer->hmac, i), purpose, data);
  return all;
}

/* Of the kind and the id too: the same bytes under another id are another key. */
static char *
fingerprint_of (const char *kind, const Key *key)
{
  g_autofree char *text = g_strconcat ("dependents fingerprint of a ", kind, " ", key->id, NULL);
  guint8 digest[EVP_MAX_MD_SIZE];
  guint length = 0;

  if (!HMAC (EVP_sha256 (), key->bytes, KEY_BYTES, (const guint8 *)text, strlen (text), digest,
             &length))
    g_error ("OpenSSL cannot compute an HMAC");
  return text_hex (digest, length);
}

static void
append_fingerprints (GPtrArray *pairs, const char *kind, const GPtrArray *keys, guint most)
{
  for (guint i = 0; i < MIN (keys->len, most); i++) {
    const Key *key = g_ptr_array_index (keys, i);

    g_ptr_array_add (pairs, g_strconcat (kind, ":", key->id, NULL));
    g_ptr_array_add (pairs, fingerprint_of (kind, key));
  }
}

char **
sealer_fingerprints (const Sealer *sealer, SealerKeys which)
{
  guint most = which == SEALER_CURRENT_KEYS ? 1 : KEYS_MAX;
  g_autoptr (GPtrArray) pairs = g_ptr_array_new ();

  append_fingerprints (pairs, SEALER_MASTER_KEY, sealer->master, most);
  append_fingerprints (pairs, SEALER_HMAC_KEY, sealer->hmac, most);
  g_ptr_array_add (pairs, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&pairs), FALSE);
}

const char *
sealer_current_master (const Sealer *sealer)
{
  return ((const Key *)g_ptr_array_index (sealer->master, 0))->id;
}

char *
sealer_rewrap (Sealer *sealer, const char *wrapped, GError **error)
{
  g_autoptr (RowKey) key = row_key_open (sealer, wrapped, error);

  return key ? wrap (sealer, key->bytes) : NULL;
}
