/* Values of a claim that are typed in more than one way. */
#pragma once

#include <glib.h>

/* YYYY-MM-DD of the calendar, alone or with a time behind it ("T..."). */
gboolean claim_is_day (const char *text);
/* The plain number of an amount: without dollar sign, blanks and the commas between thousands;
 * owned. %NULL for %NULL and for what is none, so that nobody takes 1.234,50 for another sum. */
char *claim_amount (const char *text);
