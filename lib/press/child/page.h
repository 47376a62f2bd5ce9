/* A page: what of it is displayed and how, and its content as one object that nothing leaks out
 * of. */
#pragma once

#include "press/child/objects.h"

typedef struct {
  double media[4];      /* MediaBox */
  double shown[4];      /* what is displayed: CropBox and MediaBox, in user space */
  int rotation;         /* 0, 90, 180 or 270, clockwise */
  double unit;          /* points per unit of user space */
  double width, height; /* as displayed, in points */
} PageBox;

/* @page: with the attributes that it inherits. FALSE: it has no size. */
gboolean page_box_read (qpdf_data pdf, qpdf_oh page, PageBox *ret_box);
/* Says it plainly in the page: programs differ in what they make of a box, a turn or a unit that is
 * none, and the stamps are to lie where this one has put them. */
void page_box_write (qpdf_data pdf, qpdf_oh page, const PageBox *box);

/* A matrix that lays what is drawn in points, from (0, 0) on, at (@x, @y) of the page as it is
 * displayed, @scale times as large. */
void page_box_place (const PageBox *box, double x, double y, double scale, double ret_matrix[6]);

/* The page's content as a Form XObject of the whole MediaBox, with the page's resources. A single
 * stream is not copied: it becomes the object. @made_before: text → number, owned texts, empty at
 * first: pages that share content share its object. Returns: the object's number; 0: the page is
 * empty, or (with refusal) its content cannot be had. */
int page_content_as_object (qpdf_data pdf, qpdf_oh page, const PageBox *box,
                            GHashTable *made_before, PressReport *report, guint number);
