/* Retry topics that retry-tiers no longer names. Their consumers still read them, so they run
 * empty, and nobody deletes a topic that may still hold a claim without being told that it does
 * not. */
#pragma once

#include "broker.h"

/* Prints a line for each: how many records wait in it, or that it may be deleted; where --json is
 * wanted, adds { "topic", "records" } to the list "former_tiers". Each answer is waited for at most
 * ADMIN_TIMEOUT_MS. Errors: %KAFKA_ERROR_AWAY. */
gboolean former_tiers_tell (const Broker *broker, GError **error);
