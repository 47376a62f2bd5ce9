/* The papers of a claim group are sent on their way again by an operator: what would become of each,
 * whether they may, and the one transaction that does it. As revive.h does it for the group itself;
 * their record is another one, and neither asks for the group's state nor moves it.
 *
 * What is stored, or has gone by a package, stays so: the record goes to who has work left, evidence or
 * backup, whose journal says what that is. */
#pragma once

#include "operator/revive.h"

typedef struct {
  guint number;
  char *state;
  char *upload; /* its newest upload, as the journal says; NULL: there was none */
  gboolean is_settled;
  gboolean is_on_its_way; /* by a package of which nobody knows yet whether it has arrived */
} RevivePaper;

/* A group's papers as they stand. */
typedef struct {
  char *guid, *group_state;
  gint64 parent_claim_id;
  guint replay; /* how often they have been sent on their way again */
  guint next;   /* the replay number of their next record */
  gboolean is_held;
  char *told;        /* "paper 1 is stored; papers 2, 3 are to be uploaded" */
  char *fingerprint; /* of all that decides */
  GPtrArray *papers; /* of RevivePaper *, by number */
} RevivePapers;
void revive_papers_free (gpointer papers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RevivePapers, revive_papers_free)

/* Of the groups @guids (of const char *), by guid; of RevivePapers *, owned. A group that is not there
 * is left out, one without papers is not. Errors: database. */
GHashTable *revive_papers_find (Db *db, const GPtrArray *guids, GError **error);

/* What groups and papers stand as, by guid. */
typedef struct {
  GHashTable *groups, *papers; /* as revive_groups_find() and revive_papers_find() give them */
} ReviveFacts;
/* @guids, @of_papers: of const char *. *@ret_facts is to be cleared in any case. Errors: database. */
gboolean revive_find_both (Db *db, const GPtrArray *guids, const GPtrArray *of_papers,
                           ReviveFacts *ret_facts, GError **error);
void revive_facts_clear (ReviveFacts *facts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ReviveFacts, revive_facts_clear)

/* What is left to be done about it, and by whom. */
gboolean revive_paper_is_evidences (const RevivePaper *paper);
gboolean revive_paper_is_backups (const RevivePaper *paper);

/* @ret_why: borrowed from @papers, or a constant. */
ReviveKind revive_papers_decide (const RevivePapers *papers, guint replays_max,
                                 const char **ret_why);
/* What a record stands as: its group, or, of a record of its papers, those; neither: the database has
 * none. Borrowed from the facts. */
typedef struct {
  const ReviveGroup *group;
  const RevivePapers *papers;
} ReviveStanding;
/* @guid: NULL: nobody knows whose the record is, and it stands as nothing. */
ReviveStanding revive_standing_of (const ReviveFacts *facts, const char *guid,
                                   gboolean is_of_papers);
/* NULL: there is nothing. Borrowed. */
const char *revive_standing_fingerprint (const ReviveStanding *standing);
/* @claim_id: as revive_decide() takes it. @ret_why: borrowed, or a constant. */
ReviveKind revive_standing_decide (const ReviveStanding *standing, gint64 claim_id,
                                   guint replays_max, const char **ret_why);

/* A TransactionWork; @data: const ReviveOrder *. Errors: REVIVE_ERROR and database. */
gboolean revive_papers (Transaction *transaction, gpointer data, GError **error);
