/* One paper as the bytes that are stored. The same claim gives the same bytes. */
#pragma once

#include "claims/paper.h"
#include "dossier/dossier.h"
#include "dossier/room.h"
#include "evidence/evidence.h"
#include "pipeline/run.h"
#include "press/press.h"

/* Borrowed throughout. */
typedef struct {
  Run *run;
  Papers *papers;
  Press *press;
  DossierRoom *room; /* what all papers in hand may hold of attachments together */
  const Dossier *dossier;
  const GPtrArray *known; /* of ChildKnown *, by the group's children */
} PaperMaker;

typedef struct {
  GBytes *bytes;        /* a form; NULL: an attachment */
  PressResult *pressed; /* an attachment; NULL: a form */
  gsize length;
  DossierRoom *room;
  gint64 room_bytes; /* that it has of it */
} PaperDocument;
void paper_document_free (PaperDocument *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PaperDocument, paper_document_free)

/**
 * paper_document_new:
 *
 * Errors: %PIPELINE_ERROR_DEAD with a short code where nobody can make a document of what is
 * stored; %PIPELINE_ERROR_SNOOZE while there is no room; %PDF_ERROR, %PRESS_ERROR, database, seal.
 */
PaperDocument *paper_document_new (const PaperMaker *maker, const Paper *paper, GError **error);

/* Borrows all. */
EvidencePaper paper_document_to_store (const PaperDocument *document, const Paper *paper,
                                       const char *folder, const char *received_day);
