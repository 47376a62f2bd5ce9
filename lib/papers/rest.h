/* What of a claim no row has asked for, in words. Source: README.md, rule 2. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include "pdf/filling.h"

/**
 * papers_write_rest:
 * @label: of all of it, "Student"; may be %NULL
 * @value: borrowed
 *
 * A line of the addendum for each answer, labelled by its keys as words; names, addresses and
 * documents are one line each. What is nothing (claims/content.h) and the state of the form's pages
 * ("view:…") have none.
 */
void papers_write_rest (PdfFilling *filling, const char *label, const json_t *value);
