/* A walk over everything that the trailer leads to, see scripts.h. */
#include "press/child/scripts.h"

typedef struct {
  qpdf_data pdf;
  PressReport *report;
  GArray *ahead;    /* of qpdf_oh: containers not looked at yet, ours to release */
  GHashTable *seen; /* numbers of objects that were put there */
} Walk;

static gboolean
is_script (qpdf_data pdf, qpdf_oh object)
{
  return qpdf_oh_is_dictionary (pdf, object) &&
         (object_is_name (pdf, object, "/S", "/JavaScript") ||
          object_is_name (pdf, object, "/S", "/Launch") || qpdf_oh_has_key (pdf, object, "/JS"));
}

static gboolean
has_kind (qpdf_data pdf, qpdf_oh action)
{
  qpdf_oh kind = object_get (pdf, action, "/S");
  gboolean is_name = qpdf_oh_is_name (pdf, kind);

  qpdf_oh_release (pdf, kind);
  return is_name;
}

/* A dictionary of actions, and perhaps of more. A resource may be called AA too; that is a stream,
 * or has a type. */
static gboolean
are_additional_actions (qpdf_data pdf, qpdf_oh object)
{
  g_autoptr (GPtrArray) keys = NULL;
  gboolean are_all_dictionaries = TRUE;

  if (!qpdf_oh_is_dictionary (pdf, object))
    return FALSE;
  keys = object_keys (pdf, object);
  for (guint i = 0; i < keys->len; i++) {
    qpdf_oh value = object_get (pdf, object, keys->pdata[i]);
    gboolean is_action = has_kind (pdf, value);

    are_all_dictionaries = are_all_dictionaries && qpdf_oh_is_dictionary (pdf, value);
    qpdf_oh_release (pdf, value);
    if (is_action)
      return TRUE;
  }
  return are_all_dictionaries;
}

static gboolean
is_container (qpdf_data pdf, qpdf_oh object)
{
  return qpdf_oh_is_dictionary (pdf, object) || qpdf_oh_is_array (pdf, object) ||
         qpdf_oh_is_stream (pdf, object);
}

static void
look_later (Walk *walk, qpdf_oh object)
{
  int number = qpdf_oh_get_object_id (walk->pdf, object);

  if (is_container (walk->pdf, object) &&
      (number == 0 || g_hash_table_add (walk->seen, GINT_TO_POINTER (number))))
    g_array_append_val (walk->ahead, object);
  else
    qpdf_oh_release (walk->pdf, object);
}

static void
look_into_dictionary (Walk *walk, qpdf_oh dictionary)
{
  g_autoptr (GPtrArray) keys = object_keys (walk->pdf, dictionary);

  if (qpdf_oh_has_key (walk->pdf, dictionary, "/ByteRange"))
    walk->report->notes |= PRESS_NOTE_SIGNED;
  for (guint i = 0; i < keys->len; i++) {
    const char *key = keys->pdata[i];
    qpdf_oh value = object_get (walk->pdf, dictionary, key);

    if (is_script (walk->pdf, value) ||
        (g_str_equal (key, "/AA") && are_additional_actions (walk->pdf, value))) {
      qpdf_oh_remove_key (walk->pdf, dictionary, key);
      walk->report->notes |= PRESS_NOTE_SCRIPTS_REMOVED;
      qpdf_oh_release (walk->pdf, value);
    } else
      look_later (walk, value);
  }
}

static void
look_into_array (Walk *walk, qpdf_oh array)
{
  int count = qpdf_oh_get_array_n_items (walk->pdf, array);

  for (int i = 0; i < count; i++) {
    qpdf_oh item = qpdf_oh_get_array_item (walk->pdf, array, i);

    if (is_script (walk->pdf, item)) {
      qpdf_oh_set_array_item (walk->pdf, array, i, qpdf_oh_new_null (walk->pdf));
      walk->report->notes |= PRESS_NOTE_SCRIPTS_REMOVED;
      qpdf_oh_release (walk->pdf, item);
    } else
      look_later (walk, item);
  }
}

static void
look_into (Walk *walk, qpdf_oh object)
{
  if (qpdf_oh_is_stream (walk->pdf, object)) {
    qpdf_oh dictionary = qpdf_oh_get_dict (walk->pdf, object);

    look_into_dictionary (walk, dictionary);
    qpdf_oh_release (walk->pdf, dictionary);
  } else if (qpdf_oh_is_array (walk->pdf, object))
    look_into_array (walk, object);
  else
    look_into_dictionary (walk, object);
}

static void
look_everywhere (qpdf_data pdf, PressReport *report)
{
  g_autoptr (GArray) ahead = g_array_new (FALSE, FALSE, sizeof (qpdf_oh));
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  Walk walk = { pdf, report, ahead, seen };

  look_later (&walk, qpdf_get_trailer (pdf));
  while (ahead->len > 0) {
    qpdf_oh object = g_array_index (ahead, qpdf_oh, ahead->len - 1);

    g_array_set_size (ahead, ahead->len - 1);
    look_into (&walk, object);
    qpdf_oh_release (pdf, object);
  }
}

/* Most often it says which page to show first. */
static void
remove_open_action (qpdf_data pdf, qpdf_oh root, PressReport *report)
{
  qpdf_oh action = object_get (pdf, root, "/OpenAction");

  if (qpdf_oh_is_dictionary (pdf, action) && !object_is_name (pdf, action, "/S", "/GoTo"))
    report->notes |= PRESS_NOTE_SCRIPTS_REMOVED;
  if (!qpdf_oh_is_null (pdf, action))
    qpdf_oh_remove_key (pdf, root, "/OpenAction");
}

gboolean
scripts_remove (qpdf_data pdf, PressReport *report)
{
  qpdf_oh root = qpdf_get_root (pdf);
  qpdf_oh names = object_get (pdf, root, "/Names");
  qpdf_oh form = object_get (pdf, root, "/AcroForm");

  look_everywhere (pdf, report);
  remove_open_action (pdf, root, report);
  if (qpdf_oh_is_dictionary (pdf, names) && qpdf_oh_has_key (pdf, names, "/JavaScript")) {
    qpdf_oh_remove_key (pdf, names, "/JavaScript");
    report->notes |= PRESS_NOTE_SCRIPTS_REMOVED;
  }
  if (qpdf_oh_is_dictionary (pdf, form))
    qpdf_oh_remove_key (pdf, form, "/XFA");
  qpdf_oh_release_all (pdf);
  return objects_are_well (pdf, report, 0);
}
