/* The map of a form; see map.h. */
#include "pdf/map.h"

#include <jansson.h>
#include "base/cleanup.h"
#include "pdf/error.h"

static void
field_free (gpointer data)
{
  PdfField *field = data;

  g_free (field->name);
  g_array_unref (field->boxes);
  g_free (field);
}

static void
row_free (gpointer data)
{
  PdfRow *row = data;

  g_free (row->name);
  g_free (row->item);
  g_ptr_array_unref (row->fields);
  g_ptr_array_unref (row->again);
  g_free (row);
}

static void
place_clear (gpointer data)
{
  g_free (((PdfPlace *)data)->name);
}

void
pdf_map_free (PdfMap *map)
{
  if (!map)
    return;
  g_free (map->title);
  g_hash_table_unref (map->rows);
  g_hash_table_unref (map->fields);
  g_array_unref (map->stamps);
  g_free (map);
}

static PdfField *
ensure_field (PdfMap *map, const char *name)
{
  PdfField *field = g_hash_table_lookup (map->fields, name);

  if (!field) {
    field = g_new0 (PdfField, 1);
    field->name = g_strdup (name);
    field->boxes = g_array_new (FALSE, FALSE, sizeof (PdfBox));
    g_hash_table_insert (map->fields, field->name, field);
  }
  return field;
}

static gboolean
refuse (GError **error, const char *what, const char *name)
{
  g_set_error (error, PDF_ERROR, PDF_ERROR_TEMPLATE, "map, %s: %s", name, what);
  return FALSE;
}

/* NULL when @names is no list of names. */
static GPtrArray *
read_fields_of_row (PdfMap *map, const json_t *names)
{
  g_autoptr (GPtrArray) fields = g_ptr_array_new ();
  const json_t *name;
  gsize i;

  json_array_foreach (names, i, name)
  {
    if (!json_is_string (name))
      return NULL;
    g_ptr_array_add (fields, ensure_field (map, json_string_value (name)));
  }
  return fields->len > 0 ? g_steal_pointer (&fields) : NULL;
}

static gboolean
read_row (PdfMap *map, const char *name, const json_t *entry, GError **error)
{
  g_autoptr (GPtrArray) fields = read_fields_of_row (map, json_object_get (entry, "fields"));
  const json_t *names;
  PdfRow *row;
  gsize i;

  if (!fields)
    return refuse (error, "a row needs a list of fields", name);
  row = g_new0 (PdfRow, 1);
  row->name = g_strdup (name);
  row->item = g_strdup (json_string_value (json_object_get (entry, "item")));
  row->fields = g_steal_pointer (&fields);
  row->again = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  g_hash_table_replace (map->rows, row->name, row);
  json_array_foreach (json_object_get (entry, "again"), i, names)
  {
    fields = read_fields_of_row (map, names);
    if (!fields)
      return refuse (error, "again is a list of lists of fields", name);
    g_ptr_array_add (row->again, g_steal_pointer (&fields));
  }
  return TRUE;
}

static gboolean
read_field (PdfMap *map, const char *name, const json_t *entry, GError **error)
{
  static const char *const aligns[] = { "left", "center", "right" };
  PdfField *field = g_hash_table_lookup (map->fields, name);
  const char *align = json_string_value (json_object_get (entry, "align"));
  json_int_t cells = json_integer_value (json_object_get (entry, "cells"));

  if (!field)
    return refuse (error, "no row has this field", name);
  if (cells < 0 || cells > 1000)
    return refuse (error, "cells are a number up to 1000", name);
  field->cells = (guint)cells;
  for (guint i = 0; align && i < G_N_ELEMENTS (aligns); i++)
    if (g_str_equal (align, aligns[i])) {
      field->align = (PdfAlign)i;
      align = NULL;
    }
  return !align || refuse (error, "align is left, center or right", name);
}

static gboolean
read_map (PdfMap *map, const json_t *root, GError **error)
{
  const char *name;
  json_t *entry;
  gsize i;

  map->title = g_strdup (json_string_value (json_object_get (root, "title")));
  if (!map->title)
    return refuse (error, "is missing", "title");
  json_object_foreach (json_object_get (root, "rows"), name, entry)
  {
    if (!read_row (map, name, entry, error))
      return FALSE;
  }
  json_object_foreach (json_object_get (root, "fields"), name, entry)
  {
    if (!read_field (map, name, entry, error))
      return FALSE;
  }
  json_array_foreach (json_object_get (root, "unused"), i, entry)
  {
    if (json_is_string (entry))
      (void)ensure_field (map, json_string_value (entry)); /* now it is known */
  }
  json_object_foreach (json_object_get (root, "stamps"), name, entry)
  {
    PdfPlace place = { NULL, json_number_value (json_array_get (entry, 0)),
                       json_number_value (json_array_get (entry, 1)) };

    if (json_array_size (entry) != 2)
      return refuse (error, "a stamp's place is [x, y]", name);
    place.name = g_strdup (name);
    g_array_append_val (map->stamps, place);
  }
  return g_hash_table_size (map->rows) > 0 || refuse (error, "there are none", "rows");
}

PdfMap *
pdf_map_read (GBytes *json, GError **error)
{
  json_error_t trouble;
  g_autoptr (json_t) root = json_loadb (g_bytes_get_data (json, NULL), g_bytes_get_size (json),
                                        JSON_REJECT_DUPLICATES, &trouble);
  g_autoptr (PdfMap) map = g_new0 (PdfMap, 1);

  map->rows = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, row_free);
  map->fields = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, field_free);
  map->stamps = g_array_new (FALSE, FALSE, sizeof (PdfPlace));
  g_array_set_clear_func (map->stamps, place_clear);
  if (!root) {
    g_set_error (error, PDF_ERROR, PDF_ERROR_TEMPLATE, "map, line %d: %s", trouble.line,
                 trouble.text);
    return NULL;
  }
  return read_map (map, root, error) ? g_steal_pointer (&map) : NULL;
}

const PdfRow *
pdf_map_row (const PdfMap *map, const char *name)
{
  return g_hash_table_lookup (map->rows, name);
}

const PdfPlace *
pdf_map_stamp (const PdfMap *map, const char *name)
{
  for (guint i = 0; i < map->stamps->len; i++) {
    const PdfPlace *place = &g_array_index (map->stamps, PdfPlace, i);

    if (g_str_equal (place->name, name))
      return place;
  }
  return NULL;
}
