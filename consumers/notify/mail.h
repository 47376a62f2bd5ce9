/* What goes into an e-mail, and where it goes: pure functions over what the Veteran has sent.
 * Source: README.md, "What it holds". */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include "notify/templates.h"

/* Whose claim it is; all borrowed. */
typedef struct {
  const json_t *user_data; /* of the signed-in user; may be NULL */
  const json_t *form;      /* the parent claim's document */
  const char *guid;        /* the confirmation number */
  const char *day;         /* of submission, YYYY-MM-DD in America/Chicago */
  const char *no_name;     /* the word for a Veteran without a first name */
} MailFacts;

/* The addresses that are known, the first one first, none twice; NULL-terminated, owned. */
char **mail_addresses (const MailFacts *facts);
/* The first name in upper case, without what a template would take for a mark; owned. */
char *mail_first_name (const MailFacts *facts);
/* "November 21, 2026"; owned. */
char *mail_date (const char *day);
/* The values that @template wants; a new reference. */
json_t *mail_values (const NotifyTemplate *template, const MailFacts *facts);
