/* Values of a claim that are typed in more than one way. */
#pragma once

#include <glib.h>

/* YYYY-MM-DD of the calendar, alone or with a time behind it ("T..."). */
gboolean claim_is_day (const char *text);
/* The plain number of an amount: without dollar sign, and the blanks and commas between
 * thousands; owned. %NULL for %NULL and for what is none, so that nobody takes 1.234,50 for another sum. */
char *claim_amount (const char *text);
/* The nine digits of an SSN, owned, with blanks, dashes or other marks between them. %NULL for %NULL
 * and for what is none: with a letter in it, it is another number than its digits are. */
char *claim_ssn (const char *text);
/* The same, of eight or nine digits; a C may stand before them, as on older papers. */
char *claim_file_number (const char *text);
