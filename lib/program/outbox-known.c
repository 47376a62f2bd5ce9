/* The rows that are known, see outbox-known.h. */
#include "program/outbox-known.h"

#include <string.h>

#define FOREIGN_TICKETS (G_GUINT64_CONSTANT (1) << 62) /* below: numbers of our own rows */

struct OutboxKnown {
  GHashTable
      *waiting; /* ticket -> OutboxRow *: handed to the producer or waiting to be; owns the rows */
  GHashTable
      *foreign; /* set of OutboxRow *: those of other instances that are known here; borrowed */
  guint64 next_foreign;
  GPtrArray *published; /* of OutboxRow *: to delete */
  GPtrArray *refused;   /* of OutboxRefusal *: to note */
};

static guint
hash_of_row (gconstpointer data)
{
  const OutboxRow *row = data;

  return g_str_hash (row->instance_id) ^ g_int64_hash (&row->id);
}

static gboolean
is_same_row (gconstpointer a, gconstpointer b)
{
  const OutboxRow *one = a, *other = b;

  return one->id == other->id && strcmp (one->instance_id, other->instance_id) == 0;
}

OutboxKnown *
outbox_known_new (void)
{
  OutboxKnown *known = g_new0 (OutboxKnown, 1);

  known->waiting = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, outbox_row_free);
  known->foreign = g_hash_table_new (hash_of_row, is_same_row);
  known->published = g_ptr_array_new ();
  known->refused = g_ptr_array_new_with_free_func (outbox_refusal_free);
  return known;
}

void
outbox_known_free (OutboxKnown *known)
{
  if (!known)
    return;
  g_hash_table_unref (known->foreign);
  g_hash_table_unref (known->waiting);
  g_ptr_array_set_free_func (known->published, outbox_row_free);
  g_ptr_array_unref (known->published);
  g_ptr_array_unref (known->refused);
  g_free (known);
}

/* --- Rows that wait --- */

gboolean
outbox_known_add (OutboxKnown *known, OutboxRow *row)
{
  if (row->instance_id) {
    if (g_hash_table_contains (known->foreign, row))
      return FALSE;
    g_hash_table_add (known->foreign, row);
    row->ticket = FOREIGN_TICKETS + ++known->next_foreign;
  } else {
    row->ticket = (guint64)row->id;
    if (g_hash_table_contains (known->waiting, &row->ticket))
      return FALSE;
  }
  g_hash_table_insert (known->waiting, g_memdup2 (&row->ticket, sizeof row->ticket), row);
  return TRUE;
}

OutboxRow *
outbox_known_find (OutboxKnown *known, guint64 ticket)
{
  return g_hash_table_lookup (known->waiting, &ticket);
}

static OutboxRow *
steal_waiting (OutboxKnown *known, guint64 ticket)
{
  gpointer key = NULL, row = NULL;

  if (!g_hash_table_steal_extended (known->waiting, &ticket, &key, &row))
    return NULL;
  g_free (key);
  return row;
}

OutboxRow *
outbox_known_publish (OutboxKnown *known, guint64 ticket, KafkaPlace place)
{
  OutboxRow *row = steal_waiting (known, ticket);

  if (!row)
    return NULL;
  row->place = place;
  g_ptr_array_add (known->published, row);
  return row;
}

void
outbox_known_refuse (OutboxKnown *known, guint64 ticket, const char *text)
{
  g_ptr_array_add (known->refused, outbox_refusal_new (steal_waiting (known, ticket), text));
}

void
outbox_known_drop (OutboxKnown *known, guint64 ticket)
{
  outbox_known_forget (known, steal_waiting (known, ticket));
}

/* --- Rows to delete and to note --- */

static GPtrArray *
steal_all (GPtrArray **array, GDestroyNotify free_func)
{
  GPtrArray *all = *array;

  *array = g_ptr_array_new_with_free_func (free_func);
  return all;
}

void
outbox_known_take (OutboxKnown *known, GPtrArray **ret_published, GPtrArray **ret_refused)
{
  *ret_published = steal_all (&known->published, NULL);
  *ret_refused = steal_all (&known->refused, outbox_refusal_free);
}

void
outbox_known_put_back (OutboxKnown *known, GPtrArray *published, GPtrArray *refused)
{
  for (guint i = 0; i < published->len; i++)
    g_ptr_array_add (known->published, g_ptr_array_index (published, i));
  g_ptr_array_set_size (published, 0);
  while (refused->len > 0)
    g_ptr_array_add (known->refused, g_ptr_array_steal_index (refused, 0));
}

void
outbox_known_forget (OutboxKnown *known, OutboxRow *row_taken)
{
  if (row_taken->instance_id)
    g_hash_table_remove (known->foreign, row_taken);
  outbox_row_free (row_taken);
}

/* --- Asked --- */

gboolean
outbox_known_has (const OutboxKnown *known, const OutboxRow *row)
{
  guint64 ticket = (guint64)row->id;

  if (row->instance_id)
    return g_hash_table_contains (known->foreign, row);
  if (g_hash_table_contains (known->waiting, &ticket))
    return TRUE;
  for (guint i = 0; i < known->published->len; i++)
    if (((const OutboxRow *)g_ptr_array_index (known->published, i))->ticket == ticket)
      return TRUE;
  for (guint i = 0; i < known->refused->len; i++)
    if (((const OutboxRefusal *)g_ptr_array_index (known->refused, i))->row->ticket == ticket)
      return TRUE;
  return FALSE;
}

guint
outbox_known_waiting (const OutboxKnown *known)
{
  return g_hash_table_size (known->waiting);
}

guint
outbox_known_to_delete (const OutboxKnown *known)
{
  return known->published->len;
}

guint
outbox_known_to_note (const OutboxKnown *known)
{
  return known->refused->len;
}

guint
outbox_known_of_others (const OutboxKnown *known)
{
  return g_hash_table_size (known->foreign);
}
