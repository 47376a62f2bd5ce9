/* The useful text of a SOAP fault: what the verdict page matches on, and what may stand in a log.
 *
 * The five shapes of BGS reference 9.1 are reduced to one line: the ORA- text out of a stack trace of 70 kB, the message of
 * a ShareException or MessageException, else the fault string. It is bounded, and neutralised: texts with CEST11
 * hold personal data and are replaced; runs of 8 and more digits become "#", words with an @ become "…", and values echoed in
 * quotes by a number-format fault go. The texts of 9.2 stay word for word. */
#pragma once

#include <glib.h>

#define BGS_FAULT_MAX_CHARS 500

/* @detail_message may be NULL. Never NULL. */
char *bgs_fault_text (const char *fault_string, const char *detail_message);
