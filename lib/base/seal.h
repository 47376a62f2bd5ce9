/* Personal data at rest: AES-256-GCM, one data key per row, wrapped by a master key with an id.
 *
 * Associated data is table, row id and column, so a value moved elsewhere does not open; hence rows
 * with sealed columns get their id from us before the insert. The HMAC secret is separate: it
 * makes look-up values (veteran keys) and request digests. Source: README.md, rule 3. */
#pragma once

#include <glib.h>

#define SEAL_ERROR (seal_error_quark ())
GQuark seal_error_quark (void);
typedef enum {
  SEAL_ERROR_KEYS,    /* the setting is malformed */
  SEAL_ERROR_UNKNOWN, /* sealed with a master key we do not have */
  SEAL_ERROR_DAMAGED, /* does not open: changed, moved, or the wrong key */
} SealError;

typedef struct Sealer Sealer;
typedef struct RowKey RowKey;

/* @master_keys, @hmac_keys: "id:base64 of 32 bytes", several separated by commas or new lines, the
 *   first is used for new values. Thread safe after construction. */
Sealer *sealer_new (const char *master_keys, const char *hmac_keys, GError **error);
void sealer_free (Sealer *sealer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sealer, sealer_free)

RowKey *row_key_new (Sealer *sealer); /* a fresh data key */
/* The encrypted_kms_key column */
RowKey *row_key_open (Sealer *sealer, const char *wrapped, GError **error);
const char *row_key_wrapped (const RowKey *key); /* borrowed; store with the row */
void row_key_free (RowKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RowKey, row_key_free)

/* Sealed text is a version byte, nonce, ciphertext, tag. @row_id as decimal or uuid text. */
GBytes *row_key_seal (const RowKey *key, const char *table, const char *row_id, const char *column,
                      const char *plain);
char *row_key_unseal (const RowKey *key, const char *table, const char *row_id, const char *column,
                      GBytes *sealed, GError **error);

/* What is too long for one piece is sealed in chunks, each but the last of this many bytes. */
#define SEAL_CHUNK_BYTES 1048576

/* A chunk's place in its whole: which one, from 0, and of how many. */
typedef struct {
  guint no, count;
} SealChunk;

/* A chunk opens at its own place alone: one that was moved, doubled, or comes from another row does
 * not, and none of a whole that has lost one or got one more. @length: at most SEAL_CHUNK_BYTES.
 * Errors: those of row_key_unseal(). Both: owned by the caller. */
GBytes *row_key_seal_chunk (const RowKey *key, const char *table, const char *row_id,
                            const char *column, SealChunk chunk, gconstpointer plain, gsize length);
GBytes *row_key_unseal_chunk (const RowKey *key, const char *table, const char *row_id,
                              const char *column, SealChunk chunk, GBytes *sealed, GError **error);

/* "keyid:hex" (HMAC-SHA-256) with the current HMAC key; @purpose separates uses ("veteran",
 * "digest", "idempotency"). */
char *sealer_hmac (const Sealer *sealer, const char *purpose, const char *data);
/* The same with every known key, current first; NULL-terminated. */
char **sealer_hmac_all (const Sealer *sealer, const char *purpose, const char *data);
typedef enum { SEALER_ALL_KEYS, SEALER_CURRENT_KEYS } SealerKeys;
#define SEALER_MASTER_KEY "master-key"
#define SEALER_HMAC_KEY   "hmac-key"
/* Alternating "master-key:ID" or "hmac-key:ID" and a fingerprint, for the database that processes
 * share; tells nothing about the key. The current ones are those that seal. Owned. */
char **sealer_fingerprints (const Sealer *sealer, SealerKeys which);
const char *sealer_current_master (const Sealer *sealer); /* its id; borrowed */
/* The same data key under the current master key: what it seals stays as it is. Owned. Errors:
 * those of row_key_open(). */
char *sealer_rewrap (Sealer *sealer, const char *wrapped, GError **error);

#include "base/settings.h"
extern const Setting seal_settings[]; /* master-keys, hmac-keys: secret, required */
/* Once in a process: the keys are wiped from the settings. */
Sealer *sealer_from_settings (const Settings *settings, GError **error);
