/* What is fixed once a consumer has started: its descriptor, settings, limits, tiers, breakers.
 * Everybody in the room may read it, nobody writes it. */
#pragma once

#include "kafka/retry-tiers.h"
#include "pipeline/breaker.h"
#include "pipeline/consumer.h"
#include "pipeline/desk.h"
#include "program/program.h"

typedef struct Context {
  const Consumer *consumer;
  const Settings *settings;
  Program *program;
  gpointer clients;           /* what the consumer's start() made */
  GPtrArray *tiers;           /* of RetryTier *, in the order of retries */
  const RetryTier *look_tier; /* borrowed from these; NULL when there are none */
  guint attempts_max;         /* 17: the first and 16 retries */
  guint in_flight;
  guint quarantine_after;
  gint64 unknown_settle_ms, send_within_ms, outage_max_wait_ms, database_wait_ms;
  /* Of Breaker *, by the consumer's downstreams; the first is that of its records */
  GPtrArray *breakers;
} Context;

/* The breaker of that downstream; NULL: the consumer's first, and NULL where it has none. */
Breaker *context_breaker (const Context *context, const char *downstream);

/* The group states in which this consumer's steps may start; NULL-terminated. */
char **context_works_in (const Context *context);
/* Where what has failed for good goes; without prefix. */
const char *context_dead_letter (const Context *context);
/* For a desk of this process; @lock_ms: how long one statement of it waits for somebody's row. */
DeskOptions context_desk_options (const Context *context, const char *name, guint max_batch,
                                  gint64 lock_ms, DeskWork work, gpointer data);
/* This process cannot go on: it says why and ends; all it had is delivered again. */
void context_ill (const char *why) G_GNUC_NORETURN;

/* --- At start; each FALSE with %SETTINGS_ERROR_INVALID --- */

extern const Setting context_settings[];
/* unknown-settle-ms: also of who tells what becomes of a call. */
extern const Setting unknown_settings[];
gboolean context_read (Context *context, GError **error);
/* Once there is a program. @changed: something to reconsider, see breaker_new(). */
void context_make_breakers (Context *context, BreakerChanged changed, gpointer data);
void context_clear (Context *context); /* breakers and tiers */
