/* Time as the other side tells it: US Central.
 *
 * Deliberately not lib/base/clock.h: what is under test must not check itself, and birthdays lie
 * before 2007, when the rule of that file began. Source: lib/bgs/README.md, fact 5. */
#pragma once

#include <glib.h>

/* "2020-08-17T15:44:50Z" becomes "2020-08-17T10:44:50-05:00"; a day alone is its midnight there.
 * NULL when @text is neither. */
char *chicago_from_wire (const char *text);

char *chicago_now (void);
char *chicago_today (void);                /* YYYY-MM-DD */
char *chicago_midnight (const char *day);  /* YYYY-MM-DD to a timestamp; NULL when it is none */
char *us_date (const char *day);           /* YYYY-MM-DD to MM/DD/YYYY; NULL when it is none */
char *day_from_us_date (const char *text); /* MM/DD/YYYY to YYYY-MM-DD; NULL when it is none */
