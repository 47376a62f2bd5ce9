/* vnp child student: a student's means. Its key is the participant id: find it before making it
 * again. Source: README.md, fact 13. */
#pragma once

#include "bgs/bgs.h"

/* Amounts are plain numbers in text; NULL is nil. */
typedef struct {
  const char *proc_id, *participant_id;
  const char *savings, *real_estate, *other_assets, *securities;
  const char *remarks;
  const char *marriage_date;
  /* This and the next two are "Y" or "N"; NULL, which the clients of old never sent, when the claim
   * does not say. */
  const char *is_tuition_paid_by_government;
  const char *tuition_start_date;
  const char *earnings, *other_income, *social_security, *annuities; /* in the school year */
  const char *next_annuities, *next_earnings, *next_other_income, *next_social_security;
  const char *is_school_accredited;
  const char *is_full_time;
} BgsChildStudent;

/* Kept: "" (the participant id is the key). */
char *bgs_child_student_create (BgsClient *client, const BgsCaller *caller,
                                const BgsChildStudent *student, GError **error);
char *bgs_child_student_digest_text (const BgsChildStudent *student);
gboolean bgs_child_student_find (BgsClient *client, const BgsCaller *caller,
                                 const char *participant_id, gboolean *ret_exists, GError **error);
