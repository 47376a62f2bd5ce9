/* The inserts of one child as the journal has them. */
#pragma once

#include "submission/insert-look.h"
#include "submission/submission.h"

/* All inserts of one child, ours or the holder's, as read at one moment. */
typedef struct {
  gint64 claim_id;
  char *form_type;
  int ordinal; /* of the newest row; 0: none */
  gint64 token;
  char *state;
  gint64 age_ms;    /* since the newest was started, by the database's clock */
  GPtrArray *notes; /* of InsertNote: sent and not known to have failed, oldest first */
  char *digest;     /* of the request of the last of these */
} Inserts;
void inserts_free (Inserts *inserts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Inserts, inserts_free)

/* The newest one is in that state. */
gboolean inserts_stand (const Inserts *inserts, const char *state);
/* @form_type: of the child. Owned. Errors: database. */
Inserts *inserts_load (Submission *submission, gint64 claim_id, const char *form_type,
                       GError **error);
/* The same, for who has no run. */
Inserts *inserts_read (Db *db, gint64 claim_id, const char *form_type, GError **error);
/* Writes the child's benefit claim and the attempt that made it. */
gboolean inserts_record_benefit_claim (Db *db, gint64 claim_id, const char *form_type,
                                       guint attempt_no, const char *benefit_claim_id,
                                       GError **error);
/* The same, of a benefit claim that was looked for and found: its attempt is the one in doubt. */
gboolean inserts_record_found (Db *db, const Inserts *inserts, const char *benefit_claim_id,
                               GError **error);
