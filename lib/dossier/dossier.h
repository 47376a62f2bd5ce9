/* A claim group as its papers are made of it: its rows, what was sent, and its Veteran. */
#pragma once

#include "claims/claim-group.h"
#include "papers/papers.h"
#include "submission/veteran.h"

typedef struct {
  ClaimGroup *group; /* with user data */
  json_t *parent;    /* the whole document */
  GPtrArray *forms;  /* of json_t *, by the group's children */
  Veteran *veteran;
} Dossier;
/* Errors: database, seal, %CLAIMS_ERROR_NOT_FOUND. */
Dossier *dossier_load (Db *db, Sealer *sealer, const char *guid, GError **error);
void dossier_free (Dossier *dossier);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Dossier, dossier_free)

/* Its children as papers are printed of them, in their order; owned, what they point to is not.
 * @known: of ChildKnown *, by the group's children. */
PapersChild *dossier_children (const Dossier *dossier, const GPtrArray *known);
/* The claim that papers are printed of, but for notices. @children: of dossier_children(). */
PapersClaim dossier_claim (const Dossier *dossier, const PapersChild *children);
