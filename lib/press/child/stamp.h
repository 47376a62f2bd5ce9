/* Stamps: pages of a PDF of ours, laid over every page of a foreign one. */
#pragma once

#include "press/child/page.h"
#include "press/press.h"

typedef struct {
  qpdf_data pdf; /* NULL: not opened */
  guint count;
  int numbers[PRESS_MAX_STAMPS]; /* of the objects in pdf that the pages have become */
  double widths[PRESS_MAX_STAMPS], heights[PRESS_MAX_STAMPS];
  PressPlace places[PRESS_MAX_STAMPS];
} Stamps;

/* @bytes: borrowed as long as the stamps are. FALSE: these are not pages as promised. */
gboolean stamps_open (Stamps *stamps, const Bytes *bytes, const PressPlace *places, guint count);
void stamps_close (Stamps *stamps);

/* Lays them over all pages of @pdf, whose pages have what they inherit. FALSE: refused. */
gboolean stamps_lay (const Stamps *stamps, qpdf_data pdf, PressReport *report);
