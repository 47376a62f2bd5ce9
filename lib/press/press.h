/* A foreign document becomes a stamped PDF, or is refused; whatever it holds, it is opened by a
 * child process alone, without files, network and more than bounded memory and time.
 *
 * Source: README.md, "What is promised". */
#pragma once

#include "press/report.h"

#define PRESS_ERROR (press_error_quark ())
GQuark press_error_quark (void);
/* These say nothing about the document. */
typedef enum {
  PRESS_ERROR_BUSY, /* all places are taken: nothing was done */
  PRESS_ERROR_OWN,  /* no descriptor, no memory, no child, or one that could not shut itself in */
} PressError;

typedef struct Press Press; /* thread safe */

/**
 * press_new:
 * @program: path of attachment-press; NULL: beside the running program
 * @at_once: how many documents at a time, at least 1. Each child may use 768 MB of addresses.
 * @clock_ms: after so long a child is ended; 0: 30,000
 */
Press *press_new (const char *program, guint at_once, gint64 clock_ms);
void press_free (Press *press); /* nobody may be in press_document() */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Press, press_free)

/* Where the lower left corner of a page of the stamps comes to lie: PDF points (1/72 in) from the
 * lower left of every page as it is displayed. A stamp that would not lie inside is moved, and made
 * smaller where the page is smaller than it. */
typedef struct {
  double x, y;
} PressPlace;

typedef struct {
  PressRefusal refusal; /* PRESS_FINE: there is a result */
  guint page;           /* the page a refusal is about, from 1; 0: none in particular */
  /* PRESS_TOO_COMPLEX: how the child ended ("memory", "clock", …), for events; else NULL. Static. */
  const char *ended;
  /* It was ended from outside, by the clock or by somebody's SIGKILL: a machine that is short of
   * time or memory does that to any document. Another try may tell. */
  gboolean is_perhaps_ours;
  guint notes;   /* PressNote bits */
  guint pages;   /* of the result */
  int fd;        /* the result, a sealed memfd at its beginning; -1 when refused */
  gint64 length; /* of the result in bytes */
} PressResult;
void press_result_free (PressResult *result); /* closes fd */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PressResult, press_result_free)

/**
 * press_document:
 * @document_fd: the document from its first byte, whatever the descriptor's offset. A memfd (with
 *   MFD_ALLOW_SEALING) is sealed; an unlinked file must have no other writer. Borrowed.
 * @stamps: a PDF of ours with one page a stamp, fonts embedded; borrowed
 * @places: one a page of @stamps; at most PRESS_MAX_STAMPS
 * @wait_ms: how long to wait for a place; 0: not at all
 *
 * The same document and stamps give the same bytes. Takes at most @wait_ms and clock_ms.
 *
 * Errors: PressError. A refusal is no error. Returns: what became of it, owned.
 */
PressResult *press_document (Press *press, int document_fd, GBytes *stamps,
                             const PressPlace *places, guint place_count, gint64 wait_ms,
                             GError **error);

/* @bytes in a sealed memfd, owned by the caller; -1 on failure (%PRESS_ERROR_OWN). */
int press_hold (GBytes *bytes, GError **error);
