/* Lists of claim groups, see groups.h. */
#include "operator/groups.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "operator/groups.sql.h"
#include "operator/look.h"

static const LookColumn columns[] = {
  { "group", LOOK_TEXT }, { "submitted_at", LOOK_TEXT }, { "age_s", LOOK_NUMBER },
  { "state", LOOK_TEXT }, { "children", LOOK_NUMBER },   { "children_done", LOOK_NUMBER },
  { "waits", LOOK_TEXT }, { "waits_for", LOOK_TEXT },    { "due_at", LOOK_TEXT },
  { NULL, LOOK_TEXT },
};

/* "TIME,ID" of a page's last row. */
static gboolean
read_place (const char *after, char **ret_time, gint64 *ret_id)
{
  g_auto (GStrv) parts = g_strsplit (after, ",", 3);
  gint64 ms;

  if (g_strv_length (parts) != 2 || !clock_parse_iso (parts[0], &ms) ||
      !parse_int64 (parts[1], 1, G_MAXINT64, ret_id))
    return FALSE;
  *ret_time = g_strdup (parts[0]);
  return TRUE;
}

static DbRows *
find_page (Db *db, const GroupsQuestion *question, const char *time, gint64 id, GError **error)
{
  gint64 limit = question->limit + 1; /* whether there are more */

  if (question->reason)
    return db_query (db, error, SQL_GROUPS_WITH_REASON, "tiitt", time, id, limit, question->state,
                     question->reason);
  if (question->state)
    return db_query (db, error, SQL_GROUPS_IN_STATE, "tiit", time, id, limit, question->state);
  return db_query (db, error, SQL_GROUPS_NEWEST, "tii", time, id, limit);
}

static json_t *
place_of (const DbRows *told, guint count, gboolean is_more)
{
  g_autofree char *place =
      is_more
          ? g_strdup_printf ("%s,%" G_GINT64_FORMAT, db_rows_text (told, count - 1, "submitted_at"),
                             db_rows_int (told, count - 1, "id"))
          : NULL;

  return place ? json_string (place) : json_null ();
}

json_t *
groups_list (Db *db, const GroupsQuestion *question, GError **error)
{
  g_autofree char *time = NULL;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (DbRows) page = NULL, told = NULL;
  gint64 last_id = G_MAXINT64;
  guint count;

  if (!question->after)
    time = g_strdup ("infinity");
  else if (!read_place (question->after, &time, &last_id))
    return NULL;
  page = find_page (db, question, time, last_id, error);
  if (!page)
    return NULL;
  count = MIN (db_rows_count (page), (guint)question->limit);
  for (guint i = 0; i < count; i++) {
    gint64 id = db_rows_int (page, i, "id");

    g_array_append_val (ids, id);
  }
  told = db_query (db, error, SQL_GROUPS_TOLD, "I", (const gint64 *)ids->data, (gsize)ids->len);
  if (!told)
    return NULL;
  return json_pack ("{s:o,s:o}", "groups", look_rows (told, columns), "next",
                    place_of (told, db_rows_count (told), db_rows_count (page) > count));
}
