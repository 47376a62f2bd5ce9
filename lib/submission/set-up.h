/* A claim group as its set-up looks at it before it calls anybody: whether it goes to BGS at all, and
 * whether a person reviews it. proc-setup acts on it, and who says what would happen looks with the
 * same eyes. Source: README.md, rules 4 and 5. */
#pragma once

#include "claims/claim-group.h"
#include "submission/survey.h"
#include "submission/veteran.h"

typedef struct {
  Veteran *veteran;     /* NULL: no children */
  GPtrArray *findings;  /* of SurveyFinding *; NULL: no children */
  char *review_reasons; /* NULL: no review */
} SetUpLook;
void set_up_look_clear (SetUpLook *look);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SetUpLook, set_up_look_clear)

/* @group: with its user_data. Errors: database, SEAL_ERROR, those of claim_load_form(). */
gboolean set_up_look (Db *db, Sealer *sealer, const ClaimGroup *group, SetUpLook *ret_look,
                      GError **error);
/* Why the group goes by paper at once, as an error class that a refusal names; owned. NULL: it goes to
 * BGS. */
char *set_up_refusal (const SetUpLook *look);
