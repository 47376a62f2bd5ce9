/* What of a child's document its plan has not read: nothing of a claim is dropped in silence.
 *
 * BGS has no element for some of the form's questions; those are a table here where no answer
 * changes it, and the papers print them. What else is not read was not chosen, does not count by
 * another answer, or is unknown. */
#pragma once

#include <jansson.h>
#include <glib.h>

typedef enum {
  UNREAD_NOT_CHOSEN,     /* data of an option that is not chosen */
  UNREAD_NOT_APPLICABLE, /* another answer says that it does not count */
  UNREAD_UNKNOWN,        /* of no kind or place that BGS knows */
} Unread;

/* What the plan says of a place: it alone knows which answer makes another one count for nothing.
 */
typedef enum {
  PLACE_READ,
  PLACE_NOT_READ,
  PLACE_NOT_APPLICABLE, /* it and all below it, by another answer */
  PLACE_NO_ELEMENT,     /* the same: BGS has no element for it, as another answer is */
} PlaceIs;

typedef PlaceIs (*UnreadPlaceIs) (const char *path, gpointer data);
typedef void (*UnreadFound) (const char *path, Unread unread, gpointer data);

/**
 * unread_find:
 * @content: a child's document, as claim_content() gives it
 *
 * Goes through dependents_application. Tells the highest place whose leaves are all unread for one
 * reason. A path holds keys of the form and numbers alone; a star stands for any other key, which
 * could be a name.
 */
void unread_find (const char *form_type, const json_t *content, UnreadPlaceIs place_is,
                  UnreadFound found, gpointer data);

/* Of a key of dependents_application in the parent's document: whether it is in a 686c, in a 674,
 * or of the page alone. */
typedef enum { KEY_OF_686C, KEY_OF_674, KEY_OF_PAGE, KEY_UNKNOWN } UnreadKey;
UnreadKey unread_key (const char *key);
