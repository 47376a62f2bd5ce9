/* What the child has to say to its parent: numbers, never a text, so that nothing of a foreign file
 * reaches a log, an event or an answer. The sentences are ours. */
#pragma once

#include <glib.h>

/* Files larger than this are taken by nobody, neither before nor after. Source: README.md, rule 3.
 */
#define PRESS_MAX_BYTES 100000000

/* Why a document is refused. The code of each is a contract: it stands in events and answers. */
typedef enum {
  PRESS_FINE,
  PRESS_NO_DOCUMENT,     /* no signature of a PDF, PNG or JPEG */
  PRESS_HEIC,            /* whatever its name says */
  PRESS_TOO_LARGE,       /* over PRESS_MAX_BYTES as it came */
  PRESS_GROWN_TOO_LARGE, /* over PRESS_MAX_BYTES as a stamped PDF */
  PRESS_UNREADABLE,      /* damaged beyond what qpdf mends */
  PRESS_PASSWORD,        /* does not open with the empty one */
  PRESS_NO_PAGES,
  PRESS_TOO_MANY_PAGES,
  PRESS_PAGES_MISSING,  /* fewer than the document itself counts */
  PRESS_PAGE_TOO_LARGE, /* over 78 x 101 in; .page tells which */
  PRESS_DYNAMIC_FORM,   /* XFA that is drawn by Adobe's programs alone */
  PRESS_PORTFOLIO,
  PRESS_FIELD_NOT_DRAWN,   /* .page: a field's value and what is drawn for it differ */
  PRESS_IMAGE_TOO_LARGE,   /* in pixels */
  PRESS_IMAGE_DAMAGED,     /* truncated, or does not decode */
  PRESS_IMAGE_UNSUPPORTED, /* a kind of JPEG that PDF has not */
  PRESS_TOO_MANY_SCANS,
  PRESS_NOT_OPENED,  /* Poppler does not open the result, or counts other pages */
  PRESS_TOO_COMPLEX, /* the child died or hit a limit */
  PRESS_REFUSALS
} PressRefusal;

/* What was done, or seen, and should be told in an event: bits. */
typedef enum {
  PRESS_NOTE_SCRIPTS_REMOVED = 1 << 0, /* JavaScript, Launch, AA, or an OpenAction of such */
  PRESS_NOTE_SIGNED = 1 << 1,          /* the signature does not hold any more */
  PRESS_NOTE_REPAIRED = 1 << 2,        /* damaged, read all the same */
  PRESS_NOTE_DECRYPTED = 1 << 3,       /* an owner password stood in it */
} PressNote;
#define PRESS_NOTES_ALL 0xf

/* What the child writes to PRESS_FD_REPORT: "too complex" before it reads the document, in the end
 * what became of it. Fixed size, same machine, same build. */
typedef struct {
  guint32 refusal; /* PressRefusal */
  guint32 page;    /* which one is meant, from 1; 0: none in particular */
  guint32 pages;   /* of the result */
  guint32 notes;   /* PressNote bits */
} PressReport;

/* The child's descriptors; it has no others. Its arguments are one "X,Y" a stamp. */
#define PRESS_FD_DOCUMENT 0
#define PRESS_FD_RESULT   1 /* stdout: libqpdf's C API writes into a name or there */
#define PRESS_FD_STAMPS   3
#define PRESS_FD_REPORT   4
#define PRESS_MAX_STAMPS  8

/* How it ends. Anything else, and every signal, is the document's doing: "too complex". */
#define PRESS_EXIT_REPORTED 0
#define PRESS_EXIT_MEMORY   3 /* an allocation failed */
/* Not the document's doing: the sandbox or the stamps. Not believed once there is a report, whose
 * first one is written before the document is read. */
#define PRESS_EXIT_OWN      4

/* "password", "page-too-large", …; "fine". Static. */
const char *press_refusal_code (PressRefusal refusal);
/* What a person can do with it, ending in a full stop; names the page if @page is not 0. Owned. */
char *press_refusal_sentence (PressRefusal refusal, guint page);
/* "scripts-removed", "signed", "repaired", "decrypted". Static; @note is one bit. */
const char *press_note_code (PressNote note);
/* The codes of all bits of @notes, a comma between them; NULL: there is none. Owned. */
char *press_notes_text (guint notes);
