/* What goes into a package: the papers of a group and its attachments, or only some of them, and
 * whose they are. The same claim gives the same bytes, today and after a redelivery. */
#pragma once

#include "claims/paper.h"
#include "dossier/dossier.h"
#include "dossier/room.h"
#include "intake/package.h"
#include "pipeline/run.h"
#include "press/press.h"

extern const Setting parcel_settings[];

/* Borrowed throughout. */
typedef struct {
  Run *run;
  Papers *papers;
  Press *press;
  DossierRoom *room; /* what all packages in hand may hold of attachments together */
  const Dossier *dossier;
  const GPtrArray *known; /* of ChildKnown *, by the group's children */
  /* Of Paper *: just these, below a cover that names their benefit claims; NULL: all of the group,
   * below its main form */
  const GPtrArray *only;
} ParcelOf;

/* An attachment that the package goes without, though the door had taken it. */
typedef struct {
  guint number;      /* from 1, as uploaded */
  const char *code;  /* press_refusal_code(), or "damaged-in-store" */
  const char *ended; /* how its child ended, where it came to no verdict; else NULL */
} ParcelRefusal;

/* An attachment that goes along otherwise than it came. */
typedef struct {
  guint number; /* from 1, as uploaded */
  guint notes;  /* PressNote bits */
} ParcelChange;

typedef struct {
  IntakePackage *package;
  char *digest; /* of what it is made of */
  guint document_count, page_count;
  GPtrArray *pressed; /* of PressResult *: attachments that the package holds */
  GArray *refusals;   /* of ParcelRefusal */
  GArray *changes;    /* of ParcelChange */
  DossierRoom *room;
  gint64 room_bytes; /* that it has of it */
} Parcel;
void parcel_free (Parcel *parcel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Parcel, parcel_free)

/* Errors: %INTAKE_ERROR_ARGUMENT (our data cannot make a package), %PDF_ERROR, %PRESS_ERROR,
 * database, seal; %PIPELINE_ERROR_SNOOZE while there is no room for its attachments, _DEAD where
 * there is nothing to be sent. */
Parcel *parcel_new (const ParcelOf *of, GError **error);

/* The one that is the attachment with that number; NULL: none. */
const Paper *parcel_paper_of_attachment (const GPtrArray *papers, guint number);
