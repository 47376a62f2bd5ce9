/* The useful text of a SOAP fault: what the verdict page matches on, and what may stand in a
 * log.
 *
 * The five shapes of BGS reference 9.1 are reduced to one line: the ORA- text out of a stack
 * trace of 70 kB, the message of a ShareException or MessageException, else the fault string. It
 * is bounded, and neutralised: texts with CEST11 hold personal data and are replaced; 8 and more
 * digits, with or without dashes and the like between them, become "#"; words with an @, the
 * quoted value of a number-format fault, and echoes of what was sent become "…". The texts of
 * 9.2, which decide a claim's way, always stay word for word. */
#pragma once

#include <glib.h>

#define BGS_FAULT_MAX_CHARS 500

/* @fault_string and @detail_message may be NULL; @private_values: NULL-terminated, may be NULL.
 * Never NULL. */
char *bgs_fault_text (const char *fault_string, const char *detail_message,
                      const char *const *private_values);
