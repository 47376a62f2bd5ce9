/* Who fills which row of the 21-674. Source: README.md, rule 3. */
#pragma once

#include "papers/sheet.h"

/* @application: what the Veteran entered, with one student; what is written is taken out of it. */
void papers_write_674 (Sheet *sheet, json_t *application);
