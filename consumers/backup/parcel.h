/* What goes into a package: the papers of a group and its attachments, and whose they are. The same
 * claim gives the same bytes, today and after a redelivery. */
#pragma once

#include "claims/claim-group.h"
#include "intake/package.h"
#include "papers/papers.h"
#include "pipeline/run.h"
#include "press/press.h"
#include "submission/veteran.h"

extern const Setting parcel_settings[];

/* What all packages in hand may hold of attachments together; thread safe. A package stays in hand
 * until it is sent, and every worker may have one. */
typedef struct ParcelRoom ParcelRoom;
ParcelRoom *parcel_room_new (const Settings *settings);
void parcel_room_free (ParcelRoom *room); /* no parcel may be left */

/* Borrowed throughout. */
typedef struct {
  Run *run;
  Papers *papers;
  Press *press;
  ParcelRoom *room;
  const ClaimGroup *group; /* with user data */
  const Veteran *veteran;
  const json_t *parent;   /* the whole document */
  const GPtrArray *forms; /* of json_t *, by the group's children */
  const GPtrArray *known; /* of ChildKnown *, by the group's children */
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
  ParcelRoom *room;
  gint64 room_bytes; /* that it has of it */
} Parcel;
void parcel_free (Parcel *parcel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Parcel, parcel_free)

/* Errors: %INTAKE_ERROR_ARGUMENT (our data cannot make a package), %PDF_ERROR, %PRESS_ERROR,
 * database, seal; %PIPELINE_ERROR_SNOOZE while there is no room for its attachments. */
Parcel *parcel_new (const ParcelOf *of, GError **error);
