/* The useful text of a SOAP fault: what the verdict page matches on, and what may stand in a
 * log.
 *
 * The five shapes (README.md, fact 26) are reduced to one line: the ORA- text out of a stack
 * trace of 70 kB (in one line too), the message of a ShareException or MessageException, else the
 * fault string. Of more than 256 kB the rest is not read.
 *
 * It is neutralised. A text with CEST11 holds personal data and is replaced. Escapes, CDATA, tags
 * and invisible characters are undone first, since values hide in them. Then there go: echoes of
 * private values and of their words, in any case, without accents or glued to something too; 8 and
 * more digits, with or without dashes and the like between them; dates, local phone numbers,
 * streets; words with an @; quoted values; and every word that is not of the vocabulary of faults,
 * whatever its case, for it may be a name. What goes leaves "#" or "…". The texts that verdicts are
 * read from always stay word for word. */
#pragma once

#include <glib.h>

#define BGS_FAULT_MAX_CHARS 500

/* @fault_string and @detail_message may be NULL; @private_values: what was sent, and the whole
 *   claim (BgsCaller), NULL-terminated, may be NULL. Each is masked also where it is a word of the
 *   vocabulary; its parts are not. Valid UTF-8 without line breaks, at most BGS_FAULT_MAX_CHARS and
 *   the deciding texts; owned, never NULL. */
char *bgs_fault_text (const char *fault_string, const char *detail_message,
                      const char *const *private_values);

/* TRUE: a fault by which BGS itself is known to refuse, before it has changed anything: one of the
 * texts of its own list stands in it, and nothing of a time-out. FALSE proves nothing: something
 * between us and BGS writes faults too. Both may be NULL. */
gboolean bgs_fault_is_refusal (const char *fault_string, const char *detail_message);
