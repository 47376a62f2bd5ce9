/* An attachment comes back as it was sent, in chunks or as rows of before have it, and not at all
 * when anything of it was touched. needs: postgres */
#include "claims/attachment.h"

#include <string.h>
#include <unistd.h>

#include "base/spool.h"
#include "claims/error.h"
#include "support/database.h"
#include "support/stored-claims.h"

#define THREE_CHUNKS (2 * SEAL_CHUNK_BYTES + 5)

typedef struct {
  Db *db;
  Sealer *sealer;
  ClaimGroup *group;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  fixture->db = database_open_migrated ();
  fixture->sealer = stored_claims_sealer ("h1:" STORED_CLAIMS_KEY_ONE);
  fixture->group = stored_claims_group (fixture->db, fixture->sealer, "600100", 0);
}

static void
tear_down (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  claim_group_free (fixture->group);
  sealer_free (fixture->sealer);
  db_close (fixture->db);
}

static int
new_file (void)
{
  g_autoptr (GError) error = NULL;
  int fd = spool_file_new (NULL, &error);

  g_assert_no_error (error);
  return fd;
}

/* Bytes of which no two chunks begin alike, NUL among them. */
static char *
bytes_of (gsize length)
{
  char *bytes = g_malloc (length);

  for (gsize i = 0; i < length; i++)
    bytes[i] = (char)(i * 7 + i / SEAL_CHUNK_BYTES);
  return bytes;
}

static void
store (Fixture *fixture, guint position, const char *name, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *bytes = bytes_of (length);
  int fd = new_file ();

  spool_file_append (fd, bytes, length, &error);
  g_assert_no_error (error);
  db_begin (fixture->db, &error);
  claim_attachment_store (fixture->db, fixture->sealer, fixture->group->parent_claim_id,
                          &(NewClaimAttachment){ .position = position,
                                                 .name = name,
                                                 .document_type = position,
                                                 .fd = fd,
                                                 .length = (gint64)length },
                          &error);
  g_assert_no_error (error);
  db_commit (fixture->db, &error);
  g_assert_no_error (error);
  close (fd);
}

static GPtrArray *
list (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *found = claim_attachments_list (fixture->db, fixture->sealer,
                                             fixture->group->parent_claim_id, &error);

  g_assert_no_error (error);
  return found;
}

static void
assert_reads (Fixture *fixture, gint64 id, const char *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *read = g_malloc (length);
  gint64 found = 0;
  int fd = new_file ();

  claim_attachment_read (fixture->db, fixture->sealer, id, fd, &found, &error);
  g_assert_no_error (error);
  g_assert_cmpint (found, ==, (gint64)length);
  g_assert_cmpint (lseek (fd, 0, SEEK_END), ==, (off_t)length);
  spool_file_read (fd, 0, read, length, &error);
  g_assert_no_error (error);
  g_assert_true (memcmp (read, bytes, length) == 0);
  close (fd);
}

static void
test_comes_back (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  const gsize lengths[] = { 1, SEAL_CHUNK_BYTES - 1, SEAL_CHUNK_BYTES, SEAL_CHUNK_BYTES + 1,
                            THREE_CHUNKS };
  g_autoptr (GPtrArray) found = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    store (fixture, i, "../Lindqvist \"ä\".pdf", lengths[i]);
  found = list (fixture);
  g_assert_cmpuint (found->len, ==, G_N_ELEMENTS (lengths));
  for (guint i = 0; i < found->len; i++) {
    const ClaimAttachment *attachment = g_ptr_array_index (found, i);
    g_autofree char *bytes = bytes_of (lengths[i]);

    g_assert_cmpuint (attachment->position, ==, i);
    g_assert_cmpint (attachment->bytes_at_most, >=, (gint64)lengths[i]);
    g_assert_cmpint (attachment->bytes_at_most, <, (gint64)(lengths[i] + SEAL_CHUNK_BYTES));
    g_assert_cmpstr (attachment->name, ==, "../Lindqvist \"ä\".pdf");
    assert_reads (fixture, attachment->id, bytes, lengths[i]);
  }
  g_assert_cmpint (
      database_number (fixture->db,
                       "select max (octet_length (sealed)) as n from attachment_chunks"),
      ==, 1 + 12 + SEAL_CHUNK_BYTES + 16);
}

/* A row as it was written before there were chunks. */
static void
test_rows_of_before_are_read (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RowKey) key = row_key_new (fixture->sealer);
  g_autoptr (GBytes) name =
      row_key_seal (key, "persistent_attachments", "4711", "name_ciphertext", "old.pdf");
  g_autoptr (GBytes) content =
      row_key_seal (key, "persistent_attachments", "4711", "content_ciphertext", "JVBERi0AAQI=");
  g_autoptr (GPtrArray) found = NULL;

  db_execute (fixture->db, NULL, &error,
              "insert into persistent_attachments (id, saved_claim_id, position, name_ciphertext, "
              "content_ciphertext, encrypted_kms_key) "
              "overriding system value values (4711, $1, 0, $2, $3, $4)",
              "ibbt", fixture->group->parent_claim_id, name, content, row_key_wrapped (key));
  g_assert_no_error (error);
  found = list (fixture);
  g_assert_cmpuint (found->len, ==, 1);
  g_assert_cmpstr (((ClaimAttachment *)g_ptr_array_index (found, 0))->name, ==, "old.pdf");
  assert_reads (fixture, 4711, "%PDF-\0\1\2", 8);
  database_run (fixture->db, "delete from persistent_attachments where id = 4711");
}

static void
test_nothing_comes_of_what_was_touched (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  static const struct {
    const char *touch;
    gboolean is_missing; /* else it does not open */
  } cases[] = {
    { "update attachment_chunks set chunk_no = 5 where chunk_no = 1", TRUE },
    { "update attachment_chunks c set sealed = o.sealed from attachment_chunks o "
      "where o.attachment_id = c.attachment_id and o.chunk_no = 1 - c.chunk_no and c.chunk_no < 2",
      FALSE },
    { "delete from attachment_chunks where chunk_no = 1", TRUE },
    { "delete from attachment_chunks where chunk_no = 2; "
      "update persistent_attachments set chunk_count = 2",
      FALSE },
    { "insert into attachment_chunks select attachment_id, 3, sealed from attachment_chunks "
      "where chunk_no = 2; update persistent_attachments set chunk_count = 4",
      FALSE },
    { "update attachment_chunks c set sealed = o.sealed from attachment_chunks o "
      "where o.attachment_id <> c.attachment_id and o.chunk_no = c.chunk_no",
      FALSE },
    { "update attachment_chunks set sealed = set_byte (sealed, 20, get_byte (sealed, 20) # 1)",
      FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) found = NULL;
    gint64 length = 0;
    int fd = new_file ();

    store (fixture, 0, "a", THREE_CHUNKS);
    store (fixture, 1, "b", THREE_CHUNKS);
    found = list (fixture);
    g_test_message ("%s", cases[i].touch);
    database_run (fixture->db, cases[i].touch);
    g_assert_false (claim_attachment_read (fixture->db, fixture->sealer,
                                           ((ClaimAttachment *)g_ptr_array_index (found, 0))->id,
                                           fd, &length, &error));
    if (cases[i].is_missing)
      g_assert_error (error, CLAIMS_ERROR, CLAIMS_ERROR_INVALID);
    else
      g_assert_error (error, SEAL_ERROR, SEAL_ERROR_DAMAGED);
    close (fd);
    database_run (fixture->db, "delete from persistent_attachments");
  }
}

static void
test_that_there_is_none (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = list (fixture);
  gint64 length = 0;
  int fd = new_file ();

  g_assert_cmpuint (found->len, ==, 0);
  g_assert_false (claim_attachment_read (fixture->db, fixture->sealer, 1, fd, &length, &error));
  g_assert_error (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND);
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test)                                                                            \
  g_test_add ("/claims/attachment/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("that-there-is-none", test_that_there_is_none);
  ADD ("comes-back", test_comes_back);
  ADD ("nothing-comes-of-what-was-touched", test_nothing_comes_of_what_was_touched);
  ADD ("rows-of-before-are-read", test_rows_of_before_are_read);
  return g_test_run ();
}
