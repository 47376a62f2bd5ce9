/* What of a text can be printed. Source: README.md, rule 6. */
#pragma once

#include "pdf/fonts.h"

/**
 * pdf_text_printable:
 * @utf8: valid UTF-8
 * @may_break: lines may end: a line break stays one, else it is a blank
 * @odd: of gunichar, those that were replaced are added, each once
 *
 * In NFC. Control characters, those that turn the direction of writing or are invisible, and those
 * that none of our fonts has, are written as [U+202E]: somebody at VA must see that there is
 * something.
 *
 * Returns: owned.
 */
char *pdf_text_printable (const PdfFonts *fonts, const char *utf8, gboolean may_break, GArray *odd);
/* "U+202E RIGHT-TO-LEFT OVERRIDE"; owned. */
char *pdf_text_name (gunichar c);
/* Written from right to left, or in letters that join: then it is no row of single letters. */
gboolean pdf_text_is_joined (const char *utf8);
