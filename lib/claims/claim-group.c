/* Claim groups in our database: stored once by claim-api, read at the head of each run. What their
 * way leaves behind is in group-facts.c, changes of state are in states.c.
 *
 * Documents and user data are sealed: associated data is table, row id and column, so ids come from
 * their sequences before the insert. Group rows get ascending ids, the group's own row first,
 * children in the order of the form. Source: README.md, rules 7 and 8. */
#include "claims/claim-group.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "claims/claim-group.sql.h"
#include "claims/split.h"

#define PARENT_FORM "686C-674"

static void
child_claim_free (gpointer data)
{
  ChildClaim *child = data;

  g_free (child->form_type);
  g_free (child->state);
  g_free (child->bgs_claim_id);
  g_free (child);
}

static ClaimGroup *
claim_group_new (const char *guid)
{
  ClaimGroup *group = g_new0 (ClaimGroup, 1);

  group->guid = g_strdup (guid);
  group->children = g_ptr_array_new_with_free_func (child_claim_free);
  return group;
}

void
claim_group_free (ClaimGroup *group)
{
  if (!group)
    return;
  g_free (group->guid);
  g_free (group->state);
  g_free (group->veteran_id);
  g_free (group->proc_id);
  g_free (group->review_reasons);
  g_free (group->submission_day);
  g_ptr_array_unref (group->children);
  json_decref (group->user_data);
  g_free (group);
}

gboolean
claim_group_is_settled (const ClaimGroup *group)
{
  return g_str_equal (group->state, "success") || g_str_equal (group->state, "failed");
}

const ChildClaim *
claim_group_child (const ClaimGroup *group, gint64 claim_id)
{
  for (guint i = 0; i < group->children->len; i++) {
    const ChildClaim *child = g_ptr_array_index (group->children, i);
    if (child->claim_id == claim_id)
      return child;
  }
  return NULL;
}

static void
set_error_no_group (const char *guid, GError **error)
{
  g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND, "there is no claim group %s", guid);
}

/* --- sealed documents --- */

/* Fifteen digits give every decimal amount back as it was typed; seventeen would make 1.1 something
 * else. */
static char *
document_text (const json_t *document)
{
  return json_dumps (document, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION (15));
}

/* Returns: the sealed document, owned by the caller. */
static GBytes *
seal_document (const RowKey *key, const char *table, gint64 row_id, const char *column,
               const json_t *document)
{
  g_autofree char *id = g_strdup_printf ("%" G_GINT64_FORMAT, row_id);
  char *plain = document_text (document);
  GBytes *sealed;

  g_assert (plain);
  sealed = row_key_seal (key, table, id, column, plain);
  free (plain);
  return sealed;
}

static json_t *
open_document (Sealer *sealer, const char *wrapped_key, const char *table, gint64 row_id,
               const char *column, GBytes *sealed, GError **error)
{
  g_autofree char *id = g_strdup_printf ("%" G_GINT64_FORMAT, row_id);
  g_autoptr (RowKey) key = row_key_open (sealer, wrapped_key, error);
  g_autofree char *plain = NULL;
  json_t *document;

  if (!key)
    return NULL;
  plain = row_key_unseal (key, table, id, column, sealed, error);
  if (!plain)
    return NULL;
  document = json_loads (plain, JSON_DECODE_ANY, NULL);
  /* jansson's own message quotes the text. */
  if (!document)
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_INVALID, "%s of row %s of %s is not JSON",
                 column, id, table);
  return document;
}

/* --- store --- */

/* A text or whole number; NULL when absent, blank or of another kind. */
static char *
text_of_value (const json_t *object, const char *name)
{
  const json_t *value = json_object_get (object, name);

  if (json_is_integer (value))
    return g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (value));
  if (!json_is_string (value) || text_is_blank (json_string_value (value)))
    return NULL;
  return g_strstrip (g_strdup (json_string_value (value)));
}

/* Whose claim it is, as text to be hashed. */
static char *
identity_of_veteran (const json_t *user_data, GError **error)
{
  const json_t *veteran = json_object_get (user_data, "veteran_information");
  g_autofree char *participant_id = text_of_value (veteran, "participant_id");
  g_autofree char *ssn = NULL, *digits = NULL;

  if (participant_id)
    return g_strconcat ("participant:", participant_id, NULL);

  ssn = text_of_value (veteran, "ssn");
  digits = text_digits (ssn);
  if (strlen (digits) == 9)
    return g_strconcat ("ssn:", digits, NULL);

  g_set_error_literal (error, CLAIMS_ERROR, CLAIMS_ERROR_INVALID,
                       "the user data has neither a participant id nor an SSN of nine digits");
  return NULL;
}

/* Found under any known HMAC key; the value under the current one is written back.
 * Returns: the Veteran's id; NULL with @error unset when there is none. */
static char *
find_veteran (Db *db, char **lookups, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_FIND_VETERAN, "T", lookups);
  const char *id, *lookup;

  if (!rows || db_rows_count (rows) == 0)
    return NULL;
  id = db_rows_text (rows, 0, "id");
  lookup = db_rows_text (rows, 0, "lookup");
  if (!g_str_equal (lookup, lookups[0]) &&
      !db_execute (db, NULL, error, SQL_RECOMPUTE_LOOKUP, "ttt", id, lookups[0], lookup))
    return NULL;
  return g_strdup (id);
}

/* Whoever comes second waits for the first one's transaction, and then finds its row. */
static char *
ensure_veteran (Db *db, const Sealer *sealer, const json_t *user_data, GError **error)
{
  g_autofree char *identity = identity_of_veteran (user_data, error);
  g_auto (GStrv) lookups = NULL;

  if (!identity)
    return NULL;
  lookups = sealer_hmac_all (sealer, "veteran", identity);

  for (;;) {
    g_autoptr (GError) failure = NULL;
    g_autofree char *fresh = NULL;
    char *found = find_veteran (db, lookups, &failure);

    if (failure) {
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }
    if (found)
      return found;

    fresh = text_new_uuid ();
    if (!db_execute (db, NULL, error, SQL_ADD_VETERAN, "tt", fresh, lookups[0]))
      return NULL;
  }
}

typedef struct {
  gsize count;
  gint64 *claim_ids; /* ascending; the parent's first */
  gint64 *row_ids;   /* likewise */
} Ids;

static void
ids_clear (Ids *ids)
{
  g_free (ids->claim_ids);
  g_free (ids->row_ids);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ids, ids_clear)

static gboolean
take_ids (Db *db, guint count, Ids *ret_ids, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_TAKE_IDS, "i", (gint64)count);

  if (!rows)
    return FALSE;
  ret_ids->count = count;
  ret_ids->claim_ids = g_new0 (gint64, count);
  ret_ids->row_ids = g_new0 (gint64, count);
  for (guint i = 0; i < count; i++) {
    ret_ids->claim_ids[i] = db_rows_int (rows, i, "claim_id");
    ret_ids->row_ids[i] = db_rows_int (rows, i, "row_id");
    /* The order of row locks rests on this. */
    g_assert (i == 0 || (ret_ids->claim_ids[i] > ret_ids->claim_ids[i - 1] &&
                         ret_ids->row_ids[i] > ret_ids->row_ids[i - 1]));
  }
  return TRUE;
}

/* The parent's document and the children's, each sealed with a key of its own. */
static gboolean
add_claims (Db *db, Sealer *sealer, const NewClaimGroup *given, const Ids *ids, const char *guid,
            GError **error)
{
  g_autoptr (GPtrArray) guids = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) form_ids = g_ptr_array_new ();
  g_autoptr (GPtrArray) documents = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr (GPtrArray) wrapped_keys = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < ids->count; i++) {
    const ClaimChildForm *child = i ? g_ptr_array_index (given->child_forms, (guint)i - 1) : NULL;
    const json_t *form = child ? child->form : given->parent_form;
    g_autoptr (RowKey) key = row_key_new (sealer);

    g_ptr_array_add (guids, child ? text_new_uuid () : g_strdup (guid));
    g_ptr_array_add (form_ids, (char *)(child ? child->form_type : PARENT_FORM));
    g_ptr_array_add (
        documents, seal_document (key, "saved_claims", ids->claim_ids[i], "form_ciphertext", form));
    g_ptr_array_add (wrapped_keys, g_strdup (row_key_wrapped (key)));
  }
  return db_execute (db, NULL, error, SQL_ADD_CLAIMS, "INNBNi", ids->claim_ids, ids->count, guids,
                     form_ids, documents, wrapped_keys, ids->claim_ids[0]);
}

static gboolean
add_group (Db *db, Sealer *sealer, const NewClaimGroup *given, const Ids *ids,
           const ClaimGroup *group, GError **error)
{
  g_autoptr (RowKey) key = row_key_new (sealer);
  g_autoptr (GBytes) user_data = seal_document (key, "saved_claim_groups", ids->row_ids[0],
                                                "user_data_ciphertext", given->user_data);

  return db_execute (db, NULL, error, SQL_ADD_GROUP, "IItititbttt", ids->row_ids, ids->count,
                     ids->claim_ids, ids->count, group->guid, group->parent_claim_id,
                     group->veteran_id, group->submitted_at_ms, group->submission_day, user_data,
                     row_key_wrapped (key), given->submitted_by, given->traceparent);
}

ClaimGroup *
claim_group_store (Db *db, Sealer *sealer, const NewClaimGroup *given, GError **error)
{
  g_autofree char *guid = text_new_uuid ();
  g_autoptr (ClaimGroup) group = claim_group_new (guid);
  g_auto (Ids) ids = { 0 };

  group->veteran_id = ensure_veteran (db, sealer, given->user_data, error);
  if (!group->veteran_id || !take_ids (db, given->child_forms->len + 1, &ids, error))
    return NULL;

  group->row_id = ids.row_ids[0];
  group->parent_claim_id = ids.claim_ids[0];
  group->state = g_strdup ("pending");
  group->submitted_at_ms = given->submitted_at_ms;
  group->submission_day = clock_chicago_day (given->submitted_at_ms);
  for (guint i = 0; i < given->child_forms->len; i++) {
    const ClaimChildForm *form = g_ptr_array_index (given->child_forms, i);
    ChildClaim *child = g_new0 (ChildClaim, 1);
    child->claim_id = ids.claim_ids[i + 1];
    child->form_type = g_strdup (form->form_type);
    child->state = g_strdup ("pending");
    g_ptr_array_add (group->children, child);
  }

  if (!add_claims (db, sealer, given, &ids, guid, error) ||
      !add_group (db, sealer, given, &ids, group, error))
    return NULL;
  return g_steal_pointer (&group);
}

/* --- load --- */

static gboolean
read_own_row (ClaimGroup *group, const DbRows *rows, guint row, Sealer *sealer, GError **error)
{
  g_autoptr (GBytes) sealed = NULL;

  group->row_id = db_rows_int (rows, row, "row_id");
  group->parent_claim_id = db_rows_int (rows, row, "parent_claim_id");
  group->state = g_strdup (db_rows_text (rows, row, "status"));
  group->veteran_id = g_strdup (db_rows_text (rows, row, "veteran_id"));
  group->proc_id = g_strdup (db_rows_text (rows, row, "proc_id"));
  group->review_reasons = g_strdup (db_rows_text (rows, row, "review_reasons"));
  group->submitted_at_ms = db_rows_int (rows, row, "submitted_at_ms");
  group->submission_day = g_strdup (db_rows_text (rows, row, "submission_day"));
  group->replay = (guint)db_rows_int (rows, row, "replay");
  group->closer = db_rows_int (rows, row, "closer");
  if (!sealer)
    return TRUE;

  sealed = db_rows_bytes (rows, row, "user_data_ciphertext");
  if (!sealed || db_rows_is_null (rows, row, "encrypted_kms_key")) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_INVALID, "claim group %s has no user data",
                 group->guid);
    return FALSE;
  }
  group->user_data =
      open_document (sealer, db_rows_text (rows, row, "encrypted_kms_key"), "saved_claim_groups",
                     group->row_id, "user_data_ciphertext", sealed, error);
  return group->user_data != NULL;
}

static ChildClaim *
read_child (const DbRows *rows, guint row)
{
  ChildClaim *child = g_new0 (ChildClaim, 1);

  child->claim_id = db_rows_int (rows, row, "claim_id");
  child->form_type = g_strdup (db_rows_text (rows, row, "form_id"));
  child->state = g_strdup (db_rows_text (rows, row, "status"));
  child->bgs_claim_id = g_strdup (db_rows_text (rows, row, "bgs_claim_id"));
  return child;
}

ClaimGroup *
claim_group_load (Db *db, Sealer *sealer, const char *guid, GError **error)
{
  g_autoptr (ClaimGroup) group = claim_group_new (guid);
  g_autoptr (DbRows) rows = NULL;

  /* Anything else cannot be there, and the server would refuse it as a mistake of ours. */
  if (!text_is_uuid (guid)) {
    set_error_no_group ("of this malformed id", error);
    return NULL;
  }

  rows = db_query (db, error, SQL_LOAD_GROUP, "to", guid, sealer != NULL);
  if (!rows)
    return NULL;
  for (guint i = 0; i < db_rows_count (rows); i++)
    if (db_rows_int (rows, i, "claim_id") != db_rows_int (rows, i, "parent_claim_id"))
      g_ptr_array_add (group->children, read_child (rows, i));
    else if (!read_own_row (group, rows, i, sealer, error))
      return NULL;

  if (!group->state) {
    set_error_no_group (guid, error);
    return NULL;
  }
  return g_steal_pointer (&group);
}

json_t *
claim_load_form (Db *db, Sealer *sealer, gint64 claim_id, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_LOAD_FORM, "i", claim_id);
  g_autoptr (GBytes) sealed = NULL;

  if (!rows)
    return NULL;
  if (db_rows_count (rows) == 0) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND, "there is no claim %" G_GINT64_FORMAT,
                 claim_id);
    return NULL;
  }
  sealed = db_rows_bytes (rows, 0, "form_ciphertext");
  return open_document (sealer, db_rows_text (rows, 0, "encrypted_kms_key"), "saved_claims",
                        claim_id, "form_ciphertext", sealed, error);
}
