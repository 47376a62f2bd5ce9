/* The Veteran as the calls need him: who he is to BGS, and where he lives and can be reached.
 *
 * The signed-in user's data go before the claim's. Source: README.md, rule 3; lib/bgs/README.md,
 * facts 2, 9 and 11; lib/claims/README.md, rule 7. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include "bgs/bgs.h"

typedef struct {
  BgsCaller caller;     /* texts are of this struct */
  char *participant_id; /* corporate; NULL: cannot go to BGS */
  char *ssn;            /* nine digits */
  char *file_number;    /* the SSN when there is none */
  char *first_name, *middle_name, *last_name, *suffix;
  char *birth_date;
  char *phone_number; /* ten digits; NULL: none that BGS takes */
  char *email;        /* the claim's contact e-mail */
  char *external_uid, *external_key;
  char **private_values; /* NULL until veteran_hide() */
} Veteran;
void veteran_free (Veteran *veteran);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Veteran, veteran_free)

/* @user_data (what the group keeps; may be NULL) laid over @form: veteran_information is replaced
 * whole. A new document, owned; @form stays as it is. */
json_t *veteran_merge (const json_t *form, const json_t *user_data);

/**
 * veteran_new:
 * @form: a child's document, unmerged
 *
 * What both say, the user first: an identifier of the claim is used only where the user has none
 * that is well-formed. Never fails: what is missing is NULL, and BGS's own checks name it.
 */
Veteran *veteran_new (const json_t *form, const json_t *user_data);
/**
 * veteran_hide:
 * @parent: the whole claim's document, of which the children's are parts
 * @user_data: what the group keeps; may be NULL
 *
 * From here on no error of a call that is made for him tells what they hold: every text and number,
 * of every person; of names each word, of other texts the longer ones.
 */
void veteran_hide (Veteran *veteran, const json_t *parent, const json_t *user_data);
/* Whether a merged document has a file number that is one. */
gboolean veteran_has_file_number (const json_t *merged);
