/* What became of messages by the minute, see minutes.h. */
#include "minutes.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "operator/look.h"

#define MINUTE_MS 60000
/* A transaction that began so long ago may still add to its minute. */
#define AGAIN_S   180

struct Minutes {
  GMutex lock;
  GHashTable *known; /* "at": its row, json_t * */
  gint64 read_ms;    /* the last minute that was asked for; 0: none */
};

static void
decref (gpointer row)
{
  json_decref (row);
}

Minutes *
minutes_new (void)
{
  Minutes *minutes = g_new0 (Minutes, 1);

  g_mutex_init (&minutes->lock);
  minutes->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, decref);
  return minutes;
}

void
minutes_free (Minutes *minutes)
{
  if (!minutes)
    return;
  g_hash_table_unref (minutes->known);
  g_mutex_clear (&minutes->lock);
  g_free (minutes);
}

static gboolean
is_before (gpointer at, gpointer row G_GNUC_UNUSED, gpointer first)
{
  return g_strcmp0 (at, first) < 0;
}

/* As the database writes it: without a fraction. */
static char *
name_of (gint64 ms)
{
  char *text = clock_format_iso (ms);

  g_strlcpy (text + 19, "Z", 2);
  return text;
}

/* The lock is held. */
static gboolean
learn (Minutes *minutes, Db *db, gint64 now_ms, GError **error)
{
  gint64 back_s = minutes->read_ms ? (now_ms - minutes->read_ms) / 1000 + AGAIN_S
                                   : (gint64)MINUTES_KEPT * MINUTE_MS / 1000;
  g_autoptr (json_t) rows =
      look_minutes (db, MIN (back_s, (gint64)MINUTES_KEPT * MINUTE_MS / 1000), error);

  for (gsize i = 0; i < json_array_size (rows); i++) {
    json_t *row = json_array_get (rows, i);

    g_hash_table_replace (minutes->known,
                          g_strdup (json_string_value (json_object_get (row, "at"))),
                          json_incref (row));
  }
  return rows != NULL;
}

json_t *
minutes_read (Minutes *minutes, Db *db, GError **error)
{
  gint64 now_ms = clock_database_now_ms ();
  gint64 last_ms = now_ms - now_ms % MINUTE_MS;
  gint64 first_ms = last_ms - (gint64)(MINUTES_KEPT - 1) * MINUTE_MS;
  g_autofree char *first = name_of (first_ms);
  json_t *all = NULL;

  g_mutex_lock (&minutes->lock);
  if (learn (minutes, db, now_ms, error)) {
    minutes->read_ms = now_ms;
    (void)g_hash_table_foreach_remove (minutes->known, is_before, first);
    all = json_array ();
    for (gint64 at_ms = first_ms; at_ms <= last_ms; at_ms += MINUTE_MS) {
      g_autofree char *at = name_of (at_ms);
      json_t *row = g_hash_table_lookup (minutes->known, at);

      (void)json_array_append_new (all, row ? json_incref (row)
                                            : json_pack ("{s:s,s:i,s:i,s:i}", "at", at, "settled",
                                                         0, "retried", 0, "dead", 0));
    }
  }
  g_mutex_unlock (&minutes->lock);
  return all;
}
