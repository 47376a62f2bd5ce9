/* vnp proc form: one row per proc and form type. BGS refuses a second one with ORA-00001 naming
 * PK_VNP_PROC_FORM, so look first. The one place where our form types become the wire's. Source:
 * README.md, fact 7. */
#pragma once

#include "bgs/bgs.h"

typedef struct {
  const char *proc_id;
  const char *form_type; /* ours: "21-686C" or "21-674" */
} BgsProcForm;

/* Kept: "". */
char *bgs_proc_form_create (BgsClient *client, const BgsCaller *caller, const BgsProcForm *form,
                            GError **error);
char *bgs_proc_form_digest_text (const BgsProcForm *form);
gboolean bgs_proc_form_find (BgsClient *client, const BgsCaller *caller, const BgsProcForm *form,
                             gboolean *ret_exists, GError **error);
/* Whether an error of the create says that the form is there already. */
gboolean bgs_proc_form_is_duplicate (const GError *error);
/* "21-686c", "21-674"; NULL for another. */
const char *bgs_proc_form_wire_type (const char *form_type);
