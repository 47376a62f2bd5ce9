/* Verbs for tests that need claim groups in the database. Invented people only. */
#pragma once

#include <jansson.h>

#include "base/cleanup.h"
#include "base/seal.h"
#include "claims/claim-group.h"
#include "claims/split.h"

#define STORED_CLAIMS_KEY_ONE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define STORED_CLAIMS_KEY_TWO "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

/* @hmac_keys as in sealer_new(). */
static inline Sealer *
stored_claims_sealer (const char *hmac_keys)
{
  g_autoptr (GError) error = NULL;
  Sealer *sealer = sealer_new ("m1:" STORED_CLAIMS_KEY_ONE, hmac_keys, &error);

  g_assert_no_error (error);
  return sealer;
}

static inline json_t *
stored_claims_user_data (const char *participant_id, const char *ssn)
{
  return json_pack ("{s:{s:s*,s:s*}}", "veteran_information", "participant_id", participant_id,
                    "ssn", ssn);
}

/* One 686c and @student_count 674s whose documents say which they are; in the caller's transaction,
 * if any. */
static inline ClaimGroup *
stored_claims_try (Db *db, Sealer *sealer, json_t *user_data, guint student_count,
                   gint64 submitted_at_ms, GError **error)
{
  g_autoptr (json_t) parent = json_pack ("{s:s}", "which", "parent");
  g_autoptr (GPtrArray) children =
      g_ptr_array_new_with_free_func ((GDestroyNotify)claim_child_form_free);
  NewClaimGroup given = { parent, children, user_data, submitted_at_ms, "tests" };

  for (guint i = 0; i <= student_count; i++) {
    ClaimChildForm *child = g_new0 (ClaimChildForm, 1);
    child->form_type = i ? "21-674" : "21-686C";
    child->form = json_pack ("{s:i}", "which", (int)i);
    g_ptr_array_add (children, child);
  }
  return claim_group_store (db, sealer, &given, error);
}

/* A group as claim-api leaves it: accepted. */
static inline ClaimGroup *
stored_claims_group (Db *db, Sealer *sealer, const char *participant_id, guint student_count)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (json_t) user_data = stored_claims_user_data (participant_id, NULL);
  g_autofree char *accept = NULL;
  ClaimGroup *group =
      stored_claims_try (db, sealer, user_data, student_count, 1795287900123, &error);

  g_assert_no_error (error);
  accept = g_strdup_printf ("update saved_claim_groups set status = 'accepted' where id = "
                            "%" G_GINT64_FORMAT,
                            group->row_id);
  g_assert_true (db_script (db, accept, &error));
  return group;
}

static inline gint64
stored_claims_child (const ClaimGroup *group, guint index)
{
  return ((const ChildClaim *)g_ptr_array_index (group->children, index))->claim_id;
}
