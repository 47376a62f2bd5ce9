/* The papers of a claim as it comes from a form, for tests: split, and nothing of it at BGS. */
#pragma once

#include "claims/split.h"
#include "papers/papers.h"

typedef struct {
  GPtrArray *forms; /* of ClaimChildForm */
  GArray *children; /* of PapersChild */
  PapersClaim claim;
} GroupOfClaim;

/* @parent stays the caller's, and must stay. 2026-11-21 19:05 UTC, 13:05 in Chicago. */
static inline GroupOfClaim *
group_of_claim (const json_t *parent)
{
  GroupOfClaim *group = g_new0 (GroupOfClaim, 1);

  group->forms = claim_split (parent);
  group->children = g_array_new (FALSE, TRUE, sizeof (PapersChild));
  for (guint i = 0; i < group->forms->len; i++) {
    const ClaimChildForm *form = g_ptr_array_index (group->forms, i);
    PapersChild child = { form->form_type, form->form, NULL, FALSE };

    g_array_append_val (group->children, child);
  }
  group->claim = (PapersClaim){ .parent = parent,
                                .submitted_at_ms = 1795287900000,
                                .submission_day = "2026-11-21",
                                .children = (const PapersChild *)group->children->data,
                                .child_count = group->children->len };
  return group;
}

static inline void
group_of_claim_free (GroupOfClaim *group)
{
  if (!group)
    return;
  g_ptr_array_unref (group->forms);
  g_array_unref (group->children);
  g_free (group);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GroupOfClaim, group_of_claim_free)

/* Settings as a program without arguments has them, but for the folder of the forms. */
static inline Papers *
open_papers (const char *forms_dir, GError **error)
{
  static const Setting *const tables[] = { papers_settings, NULL };
  char *words[] = { "papers", NULL }, **argv = words;
  int argc = 1;
  g_autoptr (Settings) settings =
      settings_parse ("papers", "", "papers", tables, &argc, &argv, error);

  if (settings && forms_dir)
    settings_override (settings, "forms-dir", forms_dir);
  return settings ? papers_open (settings, error) : NULL;
}
