/* The papers of a claim group that BGS has taken, as rows: each form and each attachment on its way
 * into the Veteran's folder, and the tries of each. Columns: schemas/sql.
 *
 * Callers hold the group's row. A change of state has its event, so handlers do not call
 * paper_change(): program/transaction.h does. Source: README.md, rule 14. */
#pragma once

#include "claims/states.h"
#include "db/db.h"

#define PAPER_PENDING   "pending"
#define PAPER_STORED    "stored"
#define PAPER_REFUSED   "refused"
#define PAPER_BY_INTAKE "by-intake"
#define PAPER_OFF       "off"

#define UPLOAD_STEP "upload-paper/" /* in the journal, its number behind it */

typedef struct {
  gint64 id;
  guint number;         /* from 1: forms by claim, then attachments as uploaded */
  gint64 claim_id;      /* whose form it is; of an attachment the parent claim */
  char *form_type;      /* "21-686C" or "21-674"; NULL: an attachment */
  gint64 attachment_id; /* 0: a form */
  guint attachment_no;  /* from 1, as uploaded; 0: a form */
  gint64 document_type; /* as Claims Evidence numbers them */
  char *content_name;   /* in the folder: unique, and nothing personal */
  char *state;
  char *error_class; /* why it was refused; NULL: it was not */
  /* Refused while an upload of it had no answer: it may be in the folder all the same */
  gboolean is_in_doubt;
  gint64 package_id;   /* the row of the package that it went by; 0: none */
  gboolean is_settled; /* nothing moves it any more */
} Paper;

/**
 * papers_add:
 * @is_on: whether they are to be stored; else attachments alone get a row, in state off
 * @ret_count: new rows; 0 when they were there before
 *
 * Errors: database.
 */
gboolean papers_add (Db *db, const char *guid, gboolean is_on, guint *ret_count, GError **error);
/* Of Paper *, by number; owned. Empty where there are none. */
GPtrArray *papers_list (Db *db, const char *guid, GError **error);

/* A try begins; one that is under way is over then, unknown or failed as it stands. */
gboolean paper_attempt_begin (Db *db, gint64 paper_id, GError **error);
/* The newest try that is pending or unknown has come to @status unknown, stored or failure; where
 * none is, a failure is one that did not come so far. @error_message is neutral text. */
gboolean paper_attempt_end (Db *db, gint64 paper_id, const char *status, const char *error_class,
                            const char *error_message, GError **error);

/* The same for each of the group's papers of which a try is under way, and only for these: what is
 * unknown stays so where the next try has not come so far. */
gboolean papers_attempts_end (Db *db, const char *guid, const char *status, const char *error_class,
                              const char *error_message, GError **error);

/* Allowed changes of a paper's state, ended by from == NULL. */
const StateTransition *claim_states_of_papers (void);

/* What goes with a change; what does not belong to the new state is NULL or 0. */
typedef struct {
  const char *uuid;        /* stored: the file's, in the folder */
  const char *error_class; /* refused */
  gboolean is_in_doubt;    /* refused */
  guint package_no;        /* by-intake: the package that has been accepted */
} PaperChange;
/**
 * paper_change:
 * @ret_from: the state that was left; owned
 *
 * Errors: %CLAIMS_ERROR_TRANSITION when the table has no such row (nothing is changed),
 * %CLAIMS_ERROR_NOT_FOUND, database.
 */
gboolean paper_change (Db *db, gint64 paper_id, const char *to, const PaperChange *change,
                       char **ret_from, GError **error);
/* What is refused stays so: a person has been asked. @ret_count: papers that it ends. */
gboolean papers_give_up (Db *db, const char *guid, guint *ret_count, GError **error);
