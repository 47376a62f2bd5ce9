/* How the Veteran can be reached: rows that both forms have. */
#pragma once

#include "papers/sheet.h"

/* Phones, e-mail and the consent to use it, in the block "veteran". @contact may be %NULL. */
void papers_write_contact (Sheet *sheet, json_t *contact);
