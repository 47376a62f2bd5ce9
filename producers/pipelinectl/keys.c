/* pipelinectl keys rewrap: every data key that another master key wraps is wrapped by the current
 * one. What the data keys seal is not touched.
 *
 * In batches of pages, each a transaction of its own: it may be stopped at any moment and begun
 * again, beside programs that work. Row locks of others are not waited for; a further pass comes
 * back to them. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/seal.h"
#include "confirm.h"
#include "db/db.h"
#include "operator/audit.h"
#include "output.h"
#include "pipelinectl.h"
#include "producers/pipelinectl/keys.sql.h"

#define PAGES_A_BATCH 64
#define PASSES        5

static const Setting *const tables[] = { asking_settings, db_settings, seal_settings, NULL };

static const struct {
  const char *name, *find, *write;
} sealed_tables[] = {
  { "saved_claims", SQL_KEYS_FIND_CLAIMS, SQL_KEYS_WRITE_CLAIMS },
  { "saved_claim_groups", SQL_KEYS_FIND_GROUPS, SQL_KEYS_WRITE_GROUPS },
  { "persistent_attachments", SQL_KEYS_FIND_ATTACHMENTS, SQL_KEYS_WRITE_ATTACHMENTS },
  { "lighthouse_submissions", SQL_KEYS_FIND_PACKAGES, SQL_KEYS_WRITE_PACKAGES },
  { "step_journal", SQL_KEYS_FIND_JOURNAL, SQL_KEYS_WRITE_JOURNAL },
};

typedef struct {
  Sealer *sealer;
  const char *find, *write;
  gint64 page;
  guint done; /* rows of the batch */
} Batch;

/* A DbWork. */
static gboolean
rewrap_pages (Db *db, gpointer data, GError **error)
{
  Batch *batch = data;
  g_autoptr (DbRows) rows =
      db_query (db, error, batch->find, "iit", batch->page, batch->page + PAGES_A_BATCH,
                sealer_current_master (batch->sealer));
  guint count = rows ? db_rows_count (rows) : 0;
  g_auto (GStrv) places = g_new0 (char *, count + 1);
  g_auto (GStrv) old = g_new0 (char *, count + 1);
  g_auto (GStrv) fresh = g_new0 (char *, count + 1);

  batch->done = 0;
  if (!rows)
    return FALSE;
  for (guint i = 0; i < count; i++) {
    places[i] = g_strdup (db_rows_text (rows, i, "place"));
    old[i] = g_strdup (db_rows_text (rows, i, "wrapped"));
    fresh[i] = sealer_rewrap (batch->sealer, old[i], error);
    if (!fresh[i])
      return FALSE;
  }
  return count == 0 ||
         db_execute (db, &batch->done, error, batch->write, "TTT", places, old, fresh);
}

static gboolean
rewrap_table (Db *db, Sealer *sealer, guint table, GError **error)
{
  g_autoptr (DbRows) size =
      db_query (db, error, SQL_KEYS_TABLE_PAGES, "t", sealed_tables[table].name);
  gint64 pages = size ? db_rows_int (size, 0, "pages") : 0;
  Batch batch = { sealer, sealed_tables[table].find, sealed_tables[table].write, 0, 0 };
  guint done = 0;

  if (!size)
    return FALSE;
  for (; batch.page < pages; batch.page += PAGES_A_BATCH) {
    if (!db_transaction (db, rewrap_pages, &batch, error))
      return FALSE;
    done += batch.done;
    fprintf (stderr, "%s: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " pages, %u keys\n",
             sealed_tables[table].name, MIN (batch.page + PAGES_A_BATCH, pages), pages, done);
  }
  return TRUE;
}

/* -1 on failure. */
static gint64
count_left (Db *db, Sealer *sealer, GError **error)
{
  g_autoptr (DbRows) rows =
      db_query (db, error, SQL_KEYS_COUNT_LEFT, "t", sealer_current_master (sealer));

  return rows ? db_rows_int (rows, 0, "count") : -1;
}

typedef struct {
  Db *db;
  Sealer *sealer;
  const char *reason;
  gboolean is_yes, is_json;
} Rewrap;

/* FALSE without @error: it shall not be. */
static gboolean
agree (const Rewrap *rewrap, gint64 left, GError **error)
{
  const char *master = sealer_current_master (rewrap->sealer);
  g_autofree char *question =
      g_strdup_printf ("%" G_GINT64_FORMAT " data keys are wrapped anew, by %s.", left, master);
  g_autofree char *subject = g_strdup_printf ("%" G_GINT64_FORMAT " data keys to %s", left, master);
  const Action action = { .action = "keys rewrap", .subject = subject, .reason = rewrap->reason };

  return confirm (rewrap->is_yes, question) && audit_write (rewrap->db, &action, NULL, error);
}

static gboolean
rewrap_tables (const Rewrap *rewrap, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (sealed_tables); i++)
    if (!rewrap_table (rewrap->db, rewrap->sealer, i, error))
      return FALSE;
  return TRUE;
}

static void
tell (const Rewrap *rewrap, gint64 count, const DbRows *forgotten)
{
  const char *master = sealer_current_master (rewrap->sealer);
  json_t *names = json_array ();
  g_autoptr (json_t) told = json_pack ("{s:s,s:I,s:o}", "master_key", master, "wrapped_anew",
                                       (json_int_t)count, "to_be_taken_out", names);

  if (!rewrap->is_json)
    printf ("all data keys are under %s\n", master);
  for (guint i = 0; i < db_rows_count (forgotten); i++) {
    const char *name = db_rows_text (forgotten, i, "name");

    (void)json_array_append_new (names, json_string (name));
    if (!rewrap->is_json)
      printf ("%s may be taken out of master-keys\n", name);
  }
  if (rewrap->is_json)
    print_json (told);
}

static int
carry_out (const Rewrap *rewrap, GError **error)
{
  gint64 left = count_left (rewrap->db, rewrap->sealer, error), before = left;
  g_autoptr (DbRows) forgotten = NULL;

  if (left > 0 && !agree (rewrap, left, error))
    return EXIT_USAGE;
  for (guint pass = 0; left > 0 && pass < PASSES; pass++) {
    if (!rewrap_tables (rewrap, error))
      return EXIT_FAILED;
    left = count_left (rewrap->db, rewrap->sealer, error);
  }
  if (left < 0)
    return EXIT_FAILED;
  if (left > 0) {
    g_set_error (error, DB_ERROR, DB_ERROR_TIMEOUT,
                 "%" G_GINT64_FORMAT
                 " rows are in use, or still sealed with another key by programs "
                 "that have it first: run it again",
                 left);
    return EXIT_FAILED;
  }
  forgotten =
      db_query (rewrap->db, error, SQL_KEYS_FORGET, "t", sealer_current_master (rewrap->sealer));
  if (!forgotten)
    return EXIT_FAILED;
  tell (rewrap, before, forgotten);
  return EXIT_DONE;
}

int
keys_main (int argc, char **argv)
{
  g_autofree char *reason = NULL;
  Rewrap rewrap = { 0 };
  const GOptionEntry options[] = {
    { "reason", 0, 0, G_OPTION_ARG_STRING, &reason, "Why; written down.", "TEXT" },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &rewrap.is_yes, "Does it without asking.", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &rewrap.is_json, "Prints JSON.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings =
      read_command_line ("rewrap", "Brings all data keys under the first of master-keys.", options,
                         tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  g_autoptr (Sealer) sealer = NULL;
  g_autoptr (Db) db = NULL;
  int code = EXIT_FAILED;

  if (argc != 2 || strcmp (argv[1], "rewrap") != 0)
    return complain (EXIT_USAGE, "keys takes one word: rewrap");
  if (!reason_is_given (reason))
    return EXIT_USAGE;
  rewrap.reason = reason;
  rewrap.sealer = sealer = sealer_from_settings (settings, &error);
  if (!sealer)
    return complain (EXIT_USAGE, "%s", error->message);
  rewrap.db = db = open_database (settings, &error);
  if (db)
    code = carry_out (&rewrap, &error);
  return error ? complain (EXIT_FAILED, "%s", error->message) : code;
}
