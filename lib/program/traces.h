/* Spans on their way to whoever gathers traces: OTLP/JSON over HTTP (POST, otlp-url), in batches, by
 * one thread. Nobody waits for it: the queue is bounded, what the receiver does not take is dropped
 * and counted. Source: README.md, "Traces". */
#pragma once

#include "base/settings.h"

typedef struct Traces Traces;
/* NULL without an error: no otlp-url. Errors: %SETTINGS_ERROR_INVALID. */
Traces *traces_start (const Settings *settings, const char *program, const char *instance_id,
                      GError **error);
/* What waits is sent once more, at most 2 s. NULL is fine. */
void traces_stop (Traces *traces);
