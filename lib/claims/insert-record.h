/* What the journal keeps of the insert of a child's benefit claim: the step's name, the note of its
 * row, its result. A stored contract between the consumers, which insert, look and adopt, and the
 * person who answers in their place (pipelinectl resolve). */
#pragma once

#include <glib.h>

/* The one step after which a child cannot die; dead letters say when its outcome is unknown. */
#define INSERT_STEP "insert-benefit-claim"

/* The note of an insert's row: not personal, and all that "ours" needs. */
typedef struct {
  char *increment;  /* endProduct */
  char *claim_type; /* endProductCode */
  char *day;        /* YYYY-MM-DD, of submission */
} InsertNote;
char *insert_note_format (const InsertNote *note);
InsertNote *insert_note_parse (const char *text); /* NULL when it is no such note; owned */
void insert_note_free (InsertNote *note);
/* @note_text, which may be NULL, with a benefit claim that a person has named as the insert's own
 * (pipelinectl resolve --adopt): it ends the insert in the place of a result, for a result is sealed,
 * and whoever answers for a person need have no key. Owned. */
char *insert_note_adopt (const char *note_text, const char *benefit_claim_id);
/* The result of an insert that has ended so, as by insert_result_format(); owned. NULL: it has not. */
char *insert_note_result (const char *note_text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (InsertNote, insert_note_free)

/* The result as the insert's own answer would have been kept, under BGS's names: for a benefit
 * claim that was found by another way, as far as it is known. NULL: what BGS gives every claim of
 * ours, or, for type and claimant, nothing. */
typedef struct {
  const char *benefit_claim_id;
  const char *claim_type;
  const char *claimant_id;
  const char *program_type, *service_type;
  const char *status;
} InsertResult;
char *insert_result_format (const InsertResult *result); /* owned */
