/* pipelinectl topics grow: more partitions for all topics that are ordered by key.
 *
 * A key's partition depends on how many there are, so a key moves when they become more: what lies
 * in its old partition must be handled before its new one is written to. The way, in this order:
 *
 *   0. what would grow is shown, and agreed to
 *   1. stop claim-api (checked: no instance of it is alive)
 *   2. everything that was taken in is handled: outbox, sources and tiers run empty (waited for,
 *      at most --wait)
 *   3. all topics that are ordered by key are grown to the same number; what exists may have been
 *      grown by hand before
 *   4. every running program has asked for the new number (waited for)
 *   5. start claim-api again
 *
 * Interrupted, it is run again. Partitions that records and rows name stay valid, for numbers only
 * grow. */
#pragma once

#include "broker.h"

/* @reason: why, confirm.h. FALSE: @error says what is in the way, or is not set and it has been said;
 * @ret_exit_code how the program ends. */
gboolean grow_topics (Broker *broker, const char *reason, gboolean is_yes, int *ret_exit_code,
                      GError **error);
