/* What is stamped onto papers, and where. Source: README.md, rule 5. */
#pragma once

#include "base/settings.h"
#include "pdf/stamp.h"

typedef struct {
  double x, y;
} StampPlace;

/* Where the settings say; the time of a submission stands below its stamp. */
typedef struct {
  StampPlace mark, review, submitted;
} StampPlaces;

/* FALSE, with the setting's name in @ret_wrong, when one is no "x,y". */
gboolean stamp_places_read (const Settings *settings, StampPlaces *ret_places,
                            const char **ret_wrong);

#define STAMPS_ON_ANY  2 /* the first ones go onto every document */
#define STAMPS_ON_FORM 4

typedef struct {
  PdfStamp stamps[STAMPS_ON_FORM];
  char *mark, *time; /* texts of theirs */
} Stamps;
void stamps_clear (Stamps *stamps);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stamps, stamps_clear)
/* One time everywhere, the submission's in UTC; where Chicago has another day, that day beside
 * it. */
void stamps_make (const StampPlaces *places, gint64 submitted_at_ms, Stamps *ret_stamps);
