/* Who fills which row of the 21-686c. Source: README.md, rule 3. */
#pragma once

#include "papers/sheet.h"

/* @application: what the Veteran entered; what is written is taken out of it. */
void papers_write_686c (Sheet *sheet, json_t *application);
