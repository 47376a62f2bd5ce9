/* Claims as nobody would write them, for tests: a sample with a dozen places changed: other types,
 * cases, scripts, lengths, shapes and keys. The same seed gives the same claim. */
#pragma once

#include <jansson.h>

#include "base/cleanup.h"

#define APPLICATION       "dependents_application"
#define GENERATED_CHANGES 12

/* --- Leaves. --- */

typedef struct {
  json_t *holder;
  char *key; /* NULL: an element of a list */
  gsize index;
  char *path;
} ClaimLeaf;

static inline void
claim_leaf_clear (gpointer data)
{
  ClaimLeaf *leaf = data;

  g_free (leaf->key);
  g_free (leaf->path);
}

static inline void
claim_gather_leaves (GArray *leaves, json_t *node, const char *path)
{
  const char *key;
  json_t *inner;
  gsize i;

  json_object_foreach (node, key, inner)
  {
    g_autofree char *below = g_strconcat (path, "/", key, NULL);
    ClaimLeaf leaf = { node, g_strdup (key), 0, g_strdup (below) };

    if (json_is_object (inner) || json_is_array (inner)) {
      claim_leaf_clear (&leaf);
      claim_gather_leaves (leaves, inner, below);
    } else
      g_array_append_val (leaves, leaf);
  }
  json_array_foreach (node, i, inner)
  {
    g_autofree char *below = g_strdup_printf ("%s/%" G_GSIZE_FORMAT, path, i);
    ClaimLeaf leaf = { node, NULL, i, g_strdup (below) };

    if (json_is_object (inner) || json_is_array (inner)) {
      claim_leaf_clear (&leaf);
      claim_gather_leaves (leaves, inner, below);
    } else
      g_array_append_val (leaves, leaf);
  }
}

/* Of the application; of ClaimLeaf, owned. */
static inline GArray *
claim_leaves (json_t *parent)
{
  GArray *leaves = g_array_new (FALSE, FALSE, sizeof (ClaimLeaf));

  g_array_set_clear_func (leaves, claim_leaf_clear);
  claim_gather_leaves (leaves, json_object_get (parent, APPLICATION), APPLICATION);
  return leaves;
}

static inline json_t *
claim_leaf_value (const ClaimLeaf *leaf)
{
  return leaf->key ? json_object_get (leaf->holder, leaf->key)
                   : json_array_get (leaf->holder, leaf->index);
}

static inline void
claim_leaf_set (const ClaimLeaf *leaf, json_t *value)
{
  if (leaf->key)
    json_object_set_new (leaf->holder, leaf->key, value);
  else
    json_array_set_new (leaf->holder, leaf->index, value);
}

/* --- Claims. --- */

static const char *const generated_claim_samples[] = { "01_686c_add_spouse",
                                                       "02_686c_add_two_children",
                                                       "03_686c_report_divorce",
                                                       "04_686c_report_death",
                                                       "05_674_one_student",
                                                       "06_674_three_students",
                                                       "07_combined_686c_674_two_students",
                                                       "08_maximal_overflow" };

static inline const char *
generated_claim_sample (guint32 seed)
{
  return generated_claim_samples[seed % G_N_ELEMENTS (generated_claim_samples)];
}

static inline json_t *
generated_value (GRand *random, const json_t *old)
{
  static const char *const odd[] = {
    "",
    " ",
    "x",
    "Łódź 12½",
    "東京",
    "☃",
    "true",
    "YES",
    "n",
    "NA",
    "perhaps",
    "2024-02-30",
    "2024-02",
    "1999-12-31",
    "666123456",
    "12345",
    "00002-23",
    "$1,234.50",
    "1.234,50",
    "APO",
    "FPO AP",
    "AE",
    "09012",
    "Ohio",
    "Ontario",
    "DE",
    "Puerto Rico",
    "Atlantis",
    "Spouse",
    "grandchild",
    "dependent parent",
    "COMMON LAW",
    "annulment",
    "more than half",
    "Rancho Santa Margarita Heights North and then some more of it, to be over every limit there "
    "is",
  };
  g_autofree char *changed = NULL;

  switch (g_rand_int_range (random, 0, 10)) {
  case 0:
    return json_null ();
  case 1:
    return json_boolean (g_rand_boolean (random));
  case 2:
    return json_integer (g_rand_int_range (random, 0, 999999999));
  case 3:
    return json_real (g_rand_double_range (random, 0, 1000));
  case 4:
    return json_object ();
  case 5:
    return json_pack ("{ss}", "first", "Alfa");
  case 6:
    return json_pack ("[s]", "Alfa");
  case 7:
    if (json_is_string (old)) {
      changed = g_utf8_strup (json_string_value (old), -1);
      return json_string (changed);
    }
    return json_string ("7");
  default:
    return json_string (odd[g_rand_int_range (random, 0, G_N_ELEMENTS (odd))]);
  }
}

static inline void
claim_change_a_place (GRand *random, json_t *parent)
{
  static const char *const new_keys[] = { "no_ssn",      "no_ssn_reason", "suffix",    "street3",
                                          "fullName",    "nickname",      "country",   "state",
                                          "outside_usa", "postal_code",   "remarks",   "address",
                                          "birth_date",  "ssn",           "Ada Okafor" };
  g_autoptr (GArray) leaves = claim_leaves (parent);
  const ClaimLeaf *leaf;

  if (leaves->len == 0)
    return;
  leaf = &g_array_index (leaves, ClaimLeaf, g_rand_int_range (random, 0, (gint32)leaves->len));
  if (leaf->key && g_rand_int_range (random, 0, 8) == 0)
    json_object_set_new (leaf->holder,
                         new_keys[g_rand_int_range (random, 0, G_N_ELEMENTS (new_keys))],
                         generated_value (random, NULL));
  else if (leaf->key && g_rand_int_range (random, 0, 8) == 0)
    json_object_del (leaf->holder, leaf->key);
  else
    claim_leaf_set (leaf, generated_value (random, claim_leaf_value (leaf)));
}

/* Owned. @random goes on from where it is. */
static inline json_t *
generated_claim (guint32 seed, GRand *random)
{
  const char *name = generated_claim_sample (seed);
  g_autofree char *path = g_strconcat (SOURCE_DIR "/tests/samples/claims/", name, ".json", NULL);
  json_t *parent = json_load_file (path, 0, NULL);
  json_t *options = json_object_get (parent, "view:selectable686_options");
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  const char *key;
  json_t *value;

  g_assert_nonnull (parent);
  for (guint i = 0; i < GENERATED_CHANGES; i++)
    claim_change_a_place (random, parent);
  json_object_foreach (options, key, value) g_ptr_array_add (keys, g_strdup (key));
  for (guint i = 0; i < keys->len; i++)
    if (g_rand_int_range (random, 0, 10) == 0)
      json_object_set_new (options, g_ptr_array_index (keys, i),
                           json_boolean (g_rand_boolean (random)));
  return parent;
}
