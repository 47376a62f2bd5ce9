/* What VA Notify, or something between, has answered. Pure functions over bytes.
 * Source: README.md, "What an answer means". */
#pragma once

#include "notify/notify.h"

/**
 * notify_judge:
 *
 * Errors: %NOTIFY_ERROR, with the status and the names of the faults in the text and nothing else of
 * the answer.
 * Returns: the notification's id, owned, when the e-mail was accepted.
 */
char *notify_judge (long status, GBytes *body, GError **error);
