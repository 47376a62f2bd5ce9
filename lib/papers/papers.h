/* The papers of a claim group: one filled form for each child claim. The main one also says what no
 * other says. Source: README.md. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include "base/settings.h"
#include "pdf/forms.h"

/* forms-dir, and where the stamps stand. */
extern const Setting papers_settings[];

typedef struct {
  const char *form_type;    /* "21-686C" or "21-674" */
  const json_t *form;       /* the child claim's document */
  const char *bgs_claim_id; /* the benefit claim that it already has; NULL: none is known */
  gboolean insert_unknown;  /* it may have one all the same */
} PapersChild;

/* All borrowed. */
typedef struct {
  const json_t *parent;    /* what was sent; all that no child has goes onto the main document */
  const json_t *user_data; /* of the signed-in user; NULL: none */
  gint64 submitted_at_ms;
  const char *submission_day; /* YYYY-MM-DD in America/Chicago: the day of signing */
  const PapersChild *children;
  guint child_count;
  const char *const *notices; /* sentences for the main document's addendum; NULL: none */
} PapersClaim;

typedef struct Papers Papers;
/**
 * papers_open:
 * Once in a process. Without forms-dir the forms are our own, which the program carries; those are printed with
 * the first papers.
 *
 * Errors: %PDF_ERROR_TEMPLATE (a start-up prints it: fields that only a form or its map has, rows
 * that nobody fills, a stamp's place that is none), %PDF_ERROR_FONT, %PDF_ERROR_LIBRARY.
 */
Papers *papers_open (const Settings *settings, GError **error);
void papers_free (Papers *papers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Papers, papers_free)

/* Which child's form is the package's main document: the 686c, else the first 674. */
guint papers_main_child (const PapersClaim *claim);
/**
 * papers_print:
 * One child's form with its addendum, stamped. The same claim gives the same bytes. One caller at a
 * time; others wait.
 *
 * Errors: %PDF_ERROR_LIBRARY: nothing that a claim holds makes it fail.
 */
GBytes *papers_print (Papers *papers, const PapersClaim *claim, guint child, GError **error);
/**
 * papers_print_cover:
 * @sentences: what it says, NULL-terminated
 *
 * Letter pages that stand before papers which are sent without their claim, stamped as any document.
 * Errors: %PDF_ERROR_LIBRARY.
 */
GBytes *papers_print_cover (Papers *papers, const PapersClaim *claim, const char *const *sentences,
                            GError **error);
/* The stamps of a foreign document as one page of that size, fonts embedded, to be laid over each
 * of its pages. Errors: %PDF_ERROR_LIBRARY. */
GBytes *papers_print_stamps (Papers *papers, double width, double height, gint64 submitted_at_ms,
                             GError **error);
