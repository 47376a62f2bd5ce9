#include "submission/form.h"

#include "claims/answers.h"
#include "claims/content.h"

gboolean
form_has_option (const json_t *form, const char *option)
{
  return claim_option (form, option) == ANSWER_YES;
}

gboolean
form_has_divorce (const json_t *form)
{
  const json_t *divorce =
      json_object_get (json_object_get (form, "dependents_application"), "report_divorce");
  Answer chosen;

  if (!json_is_object (divorce) || claim_is_nothing (divorce))
    return FALSE;
  chosen = claim_option (form, "report_divorce");
  if (chosen == ANSWER_YES || chosen == ANSWER_NO)
    return chosen == ANSWER_YES;
  /* The page's own leavings, a flag that is false, report nothing. */
  return !claim_is_nothing (json_object_get (divorce, "full_name")) ||
         !claim_is_nothing (json_object_get (divorce, "date"));
}
