/* attachment-digests CLAIM: what is attached to a parent claim, one line each: position, bytes,
 * SHA-256 and name. Reads as backup does. DATABASE_URL, DEPENDENTS_MASTER_KEYS and
 * DEPENDENTS_HMAC_KEYS say from where and with what. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/spool.h"
#include "claims/attachment.h"

static void
print_digest (Db *db, Sealer *sealer, const ClaimAttachment *attachment)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gint64 length = 0;
  int fd = spool_file_new (NULL, &error);

  if (fd < 0 || !claim_attachment_read (db, sealer, attachment->id, fd, &length, &error))
    g_error ("%s", error->message);
  for (gint64 at = 0; at < length; at += 65536) {
    char bytes[65536];
    gsize size = (gsize)MIN (length - at, (gint64)sizeof bytes);

    if (!spool_file_read (fd, at, bytes, size, &error))
      g_error ("%s", error->message);
    g_checksum_update (sum, (const guchar *)bytes, (gssize)size);
  }
  printf ("%u %" G_GINT64_FORMAT " %s %s\n", attachment->position, length,
          g_checksum_get_string (sum), attachment->name);
  close (fd);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Sealer) sealer = NULL;
  g_autoptr (Db) db = NULL;
  g_autoptr (GPtrArray) list = NULL;

  g_assert_cmpint (argc, ==, 2);
  sealer =
      sealer_new (g_getenv ("DEPENDENTS_MASTER_KEYS"), g_getenv ("DEPENDENTS_HMAC_KEYS"), &error);
  db = sealer ? db_open (g_getenv ("DATABASE_URL"), &error) : NULL;
  if (db)
    list = claim_attachments_list (db, sealer, g_ascii_strtoll (argv[1], NULL, 10), &error);
  if (!list)
    g_error ("%s", error->message);
  for (guint i = 0; i < list->len; i++)
    print_digest (db, sealer, g_ptr_array_index (list, i));
  return 0;
}
