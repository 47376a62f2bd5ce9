#include "submission/plan-reading.h"

PlanReading *
plan_reading_new (const char *submission_day)
{
  PlanReading *reading = g_new0 (PlanReading, 1);

  reading->findings = g_ptr_array_new_with_free_func (g_free);
  reading->texts = g_string_chunk_new (4096);
  reading->submission_day = plan_reading_keep (reading, submission_day);
  reading->read = g_hash_table_new (g_str_hash, g_str_equal);
  reading->set_aside = g_hash_table_new (g_str_hash, g_str_equal);
  return reading;
}

void
plan_reading_free (PlanReading *reading)
{
  if (!reading)
    return;
  g_ptr_array_unref (reading->findings);
  g_hash_table_unref (reading->read);
  g_hash_table_unref (reading->set_aside);
  g_string_chunk_free (reading->texts);
  g_free (reading);
}

const char *
plan_reading_keep (PlanReading *reading, const char *text)
{
  return text ? g_string_chunk_insert_const (reading->texts, text) : NULL;
}

void
plan_reading_mark_read (PlanReading *reading, const char *path)
{
  g_hash_table_add (reading->read, (gpointer)path);
}

void
plan_reading_set_aside (PlanReading *reading, const char *path, PlaceIs place_is)
{
  g_hash_table_insert (reading->set_aside, (gpointer)path, GINT_TO_POINTER (place_is));
}

static PlaceIs
place_is (const char *path, gpointer data)
{
  const PlanReading *reading = data;
  gpointer how;

  if (g_hash_table_lookup_extended (reading->set_aside, path, NULL, &how))
    return GPOINTER_TO_INT (how);
  return g_hash_table_contains (reading->read, path) ? PLACE_READ : PLACE_NOT_READ;
}

static void
found_unread (const char *path, Unread unread, gpointer data)
{
  static const struct {
    PlanWeight weight;
    const char *code;
  } kinds[] = {
    [UNREAD_NOT_CHOSEN] = { PLAN_TOLD, "not-chosen" },
    [UNREAD_NOT_APPLICABLE] = { PLAN_TOLD, "not-applicable" },
    [UNREAD_UNKNOWN] = { PLAN_REVIEW, "not-read" },
  };
  PlanReading *reading = data;

  plan_finding_add (reading->findings, kinds[unread].weight, kinds[unread].code,
                    plan_reading_keep (reading, path), NULL);
}

void
plan_reading_find_unread (PlanReading *reading, const char *form_type, const json_t *content)
{
  unread_find (form_type, content, place_is, found_unread, reading);
}
