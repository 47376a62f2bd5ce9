/* New certificates by a new start, see renewal.h. */
#include "program/renewal.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/rounds.h"
#include "db/db.h"
#include "program/lease.sql.h"
#include "program/renewal.sql.h"

/* Whose files do not work keeps its turn for so long: one more process each time, and somebody has
 * been told by those that do not start. */
#define TURN_MS  (10 * 60 * 1000)
#define NO_TOKEN G_GINT64_CONSTANT (0) /* nobody keeps a turn: it is taken anew each time */

struct Renewal {
  const Settings *settings;
  char *turn, *instance_id;
  GPtrArray *files;
  char *first; /* what they held at the start, as a checksum */
  char *last;  /* at the last look */
  Health *health;
  gint64 every_ms, notice_ms;
  gboolean has_given; /* somebody else's turn, once at the start */
  Rounds *rounds;
};

/* A file that is not there is one of its states: it may come back. */
static char *
checksum_of (const GPtrArray *files)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < files->len; i++) {
    char *text = NULL;
    gsize length = 0;
    gboolean is_there = g_file_get_contents (g_ptr_array_index (files, i), &text, &length, NULL);

    g_checksum_update (checksum, (const guchar *)&is_there, sizeof is_there);
    g_checksum_update (checksum, (const guchar *)&length, sizeof length);
    if (is_there) {
      g_checksum_update (checksum, (const guchar *)text, (gssize)length);
      explicit_bzero (text, length);
    }
    g_free (text);
  }
  return g_strdup (g_checksum_get_string (checksum));
}

Renewal *
renewal_new (const RenewalOptions *options)
{
  gint64 every_ms = settings_duration_ms (options->settings, "renew-every");
  Renewal *renewal;

  if (every_ms == 0)
    return NULL;
  renewal = g_new0 (Renewal, 1);
  renewal->settings = options->settings;
  renewal->turn = g_strdup_printf ("renewal of %s", options->program);
  renewal->instance_id = g_strdup (options->instance_id);
  renewal->files = settings_files_read_once (options->settings);
  renewal->first = checksum_of (renewal->files);
  renewal->last = g_strdup (renewal->first);
  renewal->every_ms = every_ms;
  renewal->notice_ms = settings_duration_ms (options->settings, "renew-notice");
  renewal->health = options->health;
  return renewal;
}

/* At the first look files have worked for this start, so the next process may begin with them. */
static gboolean
give_turn (Renewal *renewal, Db *db, GError **error)
{
  renewal->has_given = db_execute (db, NULL, error, SQL_GIVE_TURN, "t", renewal->turn);
  return renewal->has_given;
}

static gboolean
take_turn (Renewal *renewal, Db *db, gboolean *ret_taken, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_TAKE_LEASE, "ttii", renewal->turn,
                                      renewal->instance_id, (gint64)TURN_MS, NO_TOKEN);

  if (rows)
    *ret_taken = db_rows_count (rows) > 0;
  return rows != NULL;
}

static gboolean
is_our_turn (Renewal *renewal, gboolean has_new_files)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) db = db_open (settings_text (renewal->settings, "database-url"), &error);
  gboolean is_taken = FALSE;

  if (!db || !(renewal->has_given || give_turn (renewal, db, &error)) ||
      !(!has_new_files || take_turn (renewal, db, &is_taken, &error)))
    log_limited (LOG_LEVEL_WARNING, "renewal",
                 "whose turn it is to begin with new files is not known", "error", error->message,
                 NULL);
  return is_taken;
}

/* By a signal of our own: the stop is one and the same, whoever asks for it. */
static void
end (Renewal *renewal)
{
  log_info ("files have changed that are read at the start: this process ends, for another one to "
            "begin with them",
            NULL);
  health_set_waiting (renewal->health, "ending, to begin with new files");
  if (rounds_rest (renewal->rounds, renewal->notice_ms))
    (void)kill (getpid (), SIGTERM); /* to oneself it cannot fail */
}

/* Not all of them change at one moment: what is seen twice is whole. */
static gint64
look (gpointer data)
{
  Renewal *renewal = data;
  char *now = checksum_of (renewal->files);
  gboolean is_new = g_str_equal (now, renewal->last) && !g_str_equal (now, renewal->first);

  g_free (renewal->last);
  renewal->last = now;
  if ((is_new || !renewal->has_given) && is_our_turn (renewal, is_new))
    end (renewal);
  return renewal->every_ms;
}

void
renewal_begin (Renewal *renewal)
{
  if (!renewal)
    return;
  renewal->rounds = rounds_new ("renewal", look, renewal);
  rounds_begin (renewal->rounds, renewal->every_ms);
}

void
renewal_free (Renewal *renewal)
{
  if (!renewal)
    return;
  rounds_free (renewal->rounds);
  g_ptr_array_unref (renewal->files);
  g_free (renewal->turn);
  g_free (renewal->instance_id);
  g_free (renewal->first);
  g_free (renewal->last);
  g_free (renewal);
}
