/* The metrics as DogStatsD: the rows of base/metric-table.h under METRIC_DATADOG_PREFIX, by UDP,
 * every 10 s. Never blocks: what cannot be sent at once is dropped and counted.
 *
 * Counters, and what histograms count, go out as differences ("c"), gauges as they are ("g").
 * Labels are tags, and program:NAME is one of each. Source: README.md, "Metrics, pushed". */
#pragma once

#include "base/settings.h"
#include "program/health.h"

#define STATSD_DATAGRAM_MAX_BYTES 1432

typedef struct Statsd Statsd;
/**
 * statsd_start:
 * @health: whose gauges are read before each look; borrowed
 *
 * Errors: %SETTINGS_ERROR_INVALID: statsd-address is none. Returns: NULL without an error when
 * there is no such setting.
 */
Statsd *statsd_start (const Settings *settings, const char *program, Health *health,
                      GError **error);
/* Sends what is left, then ends. NULL is fine. */
void statsd_stop (Statsd *statsd);
