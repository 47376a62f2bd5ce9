/* A claim group before its set-up, see set-up.h. */
#include "submission/set-up.h"

#include "claims/split.h"
#include "submission/decisions.h"

void
set_up_look_clear (SetUpLook *look)
{
  veteran_free (look->veteran);
  g_clear_pointer (&look->findings, g_ptr_array_unref);
  g_free (look->review_reasons);
}

static GPtrArray *
load_children (Db *db, Sealer *sealer, const ClaimGroup *group, GError **error)
{
  g_autoptr (GPtrArray) children =
      g_ptr_array_new_with_free_func ((GDestroyNotify)claim_child_form_free);

  for (guint i = 0; i < group->children->len; i++) {
    const ChildClaim *child = g_ptr_array_index (group->children, i);
    json_t *form = claim_load_form (db, sealer, child->claim_id, error);
    ClaimChildForm *loaded;

    if (!form)
      return NULL;
    loaded = g_new0 (ClaimChildForm, 1);
    loaded->form_type = child->form_type; /* the group's */
    loaded->form = form;
    g_ptr_array_add (children, loaded);
  }
  return g_steal_pointer (&children);
}

/* By the children that exist and what is found in them. */
static void
decide (SetUpLook *look, const ClaimGroup *group, const json_t *parent, const GPtrArray *children)
{
  const ClaimChildForm *first = g_ptr_array_index (children, 0);
  gboolean has_686c = g_str_equal (first->form_type, "21-686C"); /* it comes first */

  /* What is said about the Veteran is the same in all. */
  look->veteran = veteran_new (first->form, group->user_data);
  look->findings = survey_claim (parent, children, group->user_data, group->submission_day);
  look->review_reasons =
      decide_review (has_686c ? first->form : NULL, children->len - has_686c, look->findings);
}

gboolean
set_up_look (Db *db, Sealer *sealer, const ClaimGroup *group, SetUpLook *ret_look, GError **error)
{
  g_autoptr (GPtrArray) children = NULL;
  g_autoptr (json_t) parent = NULL;

  if (group->children->len == 0)
    return TRUE;
  children = load_children (db, sealer, group, error);
  parent = children ? claim_load_form (db, sealer, group->parent_claim_id, error) : NULL;
  if (!parent)
    return FALSE;
  decide (ret_look, group, parent, children);
  veteran_hide (ret_look->veteran, parent, group->user_data);
  return TRUE;
}

char *
set_up_refusal (const SetUpLook *look)
{
  const SurveyFinding *finding;

  if (!look->veteran)
    return g_strdup ("no-child-claims");
  if (!look->veteran->participant_id)
    return g_strdup ("no-participant-id");
  finding = survey_paper (look->findings);
  return finding ? g_strdup_printf ("%s %s", finding->code, finding->field) : NULL;
}
