/* A claim group and its children in our database. Source: README.md, rules 7 to 11; the columns:
 * schemas/sql/0001-claims.up.sql. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include "base/seal.h"
#include "claims/error.h"
#include "db/db.h"

typedef struct {
  gint64 claim_id;
  char *form_type;    /* "21-686C" or "21-674" */
  char *state;        /* pending, submitted, dead, stopped, held */
  char *bgs_claim_id; /* NULL until submitted */
} ChildClaim;

typedef struct {
  char *guid;    /* the confirmation number */
  gint64 row_id; /* the group's own row: row locks go in ascending order of it */
  gint64 parent_claim_id;
  char *state;
  char *veteran_id;     /* the veteran key */
  char *proc_id;        /* NULL until proc-setup has it */
  char *review_reasons; /* NULL: no review */
  gint64 submitted_at_ms;
  char *submission_day; /* YYYY-MM-DD in America/Chicago */
  guint replay;
  gint64 closer; /* 0: none yet */
  /* Of ChildClaim *, by claim id: the 686c first, then the 674s in form order */
  GPtrArray *children;
  json_t *user_data; /* veteran_information of the signed-in user; NULL unless asked for */
} ClaimGroup;
void claim_group_free (ClaimGroup *group);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClaimGroup, claim_group_free)

/* @sealer NULL: user_data is not opened. Errors: %CLAIMS_ERROR_NOT_FOUND, seal and database
 * errors. */
ClaimGroup *claim_group_load (Db *db, Sealer *sealer, const char *guid, GError **error);
/* Success or failed: no event leaves these */
gboolean claim_group_is_settled (const ClaimGroup *group);
/* NULL when not one of it */
const ChildClaim *claim_group_child (const ClaimGroup *group, gint64 claim_id);
/* The document of one claim; owned by the caller (json_decref). */
json_t *claim_load_form (Db *db, Sealer *sealer, gint64 claim_id, GError **error);

/* What claim-api stores: everything in the caller's transaction. */
typedef struct {
  json_t *parent_form;      /* borrowed */
  GPtrArray *child_forms;   /* of ClaimChildForm *, see claims/split.h; borrowed */
  json_t *user_data;        /* borrowed */
  gint64 submitted_at_ms;   /* the database's clock */
  const char *submitted_by; /* the name of the token it came in with; NULL: not known */
  const char *traceparent;  /* that its submitter brought; NULL: none */
} NewClaimGroup;
/**
 * claim_group_store:
 * Finds or makes the Veteran's row by the participant id of user_data.veteran_information, else by
 * its ssn; inserts claims and group rows (group and children pending), gives the guid and ids. The
 * caller makes the group accepted.
 *
 * Errors: %CLAIMS_ERROR_INVALID when user_data has neither a participant id nor an SSN of nine
 * digits; database errors.
 * Returns: the group, with children and without user_data, owned by the caller.
 */
ClaimGroup *claim_group_store (Db *db, Sealer *sealer, const NewClaimGroup *given, GError **error);
