/* A claim group, loaded. See dossier.h. */
#include "dossier/dossier.h"

#include "submission/leftovers.h"

static gboolean
load_forms (Dossier *dossier, Db *db, Sealer *sealer, GError **error)
{
  const json_t *first;

  dossier->parent = claim_load_form (db, sealer, dossier->group->parent_claim_id, error);
  if (!dossier->parent)
    return FALSE;
  for (guint i = 0; i < dossier->group->children->len; i++) {
    const ChildClaim *child = g_ptr_array_index (dossier->group->children, i);
    json_t *form = claim_load_form (db, sealer, child->claim_id, error);

    if (!form)
      return FALSE;
    g_ptr_array_add (dossier->forms, form);
  }
  /* What is said about the Veteran is the same in all. */
  first = dossier->forms->len ? g_ptr_array_index (dossier->forms, 0) : dossier->parent;
  dossier->veteran = veteran_new (first, dossier->group->user_data);
  return TRUE;
}

Dossier *
dossier_load (Db *db, Sealer *sealer, const char *guid, GError **error)
{
  g_autoptr (Dossier) dossier = g_new0 (Dossier, 1);

  dossier->forms = g_ptr_array_new_with_free_func ((GDestroyNotify)json_decref);
  dossier->group = claim_group_load (db, sealer, guid, error);
  return dossier->group && load_forms (dossier, db, sealer, error) ? g_steal_pointer (&dossier)
                                                                   : NULL;
}

void
dossier_free (Dossier *dossier)
{
  if (!dossier)
    return;
  claim_group_free (dossier->group);
  json_decref (dossier->parent);
  g_ptr_array_unref (dossier->forms);
  veteran_free (dossier->veteran);
  g_free (dossier);
}

PapersChild *
dossier_children (const Dossier *dossier, const GPtrArray *known)
{
  PapersChild *children = g_new0 (PapersChild, dossier->group->children->len);

  for (guint i = 0; i < dossier->group->children->len; i++) {
    const ChildKnown *of = g_ptr_array_index (known, i);
    const ChildClaim *child = g_ptr_array_index (dossier->group->children, i);

    children[i] = (PapersChild){ .form_type = child->form_type,
                                 .form = g_ptr_array_index (dossier->forms, i),
                                 .bgs_claim_id = of->benefit_claim_id,
                                 .insert_unknown = of->insert == INSERT_UNKNOWN };
  }
  return children;
}

PapersClaim
dossier_claim (const Dossier *dossier, const PapersChild *children)
{
  return (PapersClaim){ .parent = dossier->parent,
                        .user_data = dossier->group->user_data,
                        .submitted_at_ms = dossier->group->submitted_at_ms,
                        .submission_day = dossier->group->submission_day,
                        .children = children,
                        .child_count = dossier->group->children->len };
}
