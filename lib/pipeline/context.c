/* The context, see context.h. */
#include "pipeline/context.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"

#include "program/topics.h"

const Setting unknown_settings[] = {
  { "unknown-settle-ms", SETTING_NUMBER, "30000",
    "Added to the read limit before a call of unknown outcome is touched.", NULL, 1, 600000 },
  { NULL },
};

const Setting context_settings[] = {
  { "in-flight", SETTING_NUMBER, "64", "Records worked on at the same time.", NULL, 1, 1000 },
  { "quarantine-after", SETTING_NUMBER, "3",
    "Deaths of the process, in succession, after which a record is quarantined.", NULL, 1, 100 },
  { "look-tier", SETTING_TEXT, "1h",
    "The one of retry-tiers in which a claim waits to be looked for again, without an attempt." },
  { "send-within-ms", SETTING_NUMBER, "5000",
    "A call that is not sent this soon after its start was journalled is not sent.", NULL, 1,
    60000 },
  { "revoke-drain-ms", SETTING_NUMBER, "3000",
    "How long a revoke waits for work to come to its next step boundary.", NULL, 0, 60000 },
  { "shutdown-deadline", SETTING_DURATION, "25s",
    "How long a shutdown waits for calls that are still out." },
  { NULL },
};

Breaker *
context_breaker (const Context *context, const char *downstream)
{
  const char *const *names = context->consumer->downstreams;

  for (guint i = 0; i < context->breakers->len; i++)
    if (!downstream || strcmp (names[i], downstream) == 0)
      return g_ptr_array_index (context->breakers, i);
  return NULL;
}

char **
context_works_in (const Context *context)
{
  static const char *const usual[] = { "accepted", NULL };

  return (char **)(context->consumer->works_in ? context->consumer->works_in : usual);
}

const char *
context_dead_letter (const Context *context)
{
  return context->consumer->dead_letter ? context->consumer->dead_letter : "claims.dead-letter";
}

void
context_ill (const char *why)
{
  log_last_words ("this process cannot go on; all it had is delivered again", "error", why, NULL);
  _exit (1);
}

static void
desk_ill (const char *why, gpointer data G_GNUC_UNUSED)
{
  context_ill (why);
}

DeskOptions
context_desk_options (const Context *context, const char *name, guint max_batch, gint64 lock_ms,
                      DeskWork work, gpointer data)
{
  return (DeskOptions){
    .name = name,
    .database_url = settings_text (context->settings, "database-url"),
    .max_batch = max_batch,
    .wait_ms = context->database_wait_ms,
    .lock_ms = lock_ms,
    .work = work,
    .ill = desk_ill,
    .program = context->program,
    .data = data,
  };
}

/* A call may be under way for as long as it takes to connect, and begin as late as
 * send-within-ms. */
static gboolean
limits_fit (Context *context, GError **error)
{
  const Settings *settings = context->settings;
  gint64 limit_ms =
      context->consumer->call_limit_ms ? context->consumer->call_limit_ms (settings) : 0;

  context->unknown_settle_ms = settings_number (settings, "unknown-settle-ms");
  context->send_within_ms = settings_number (settings, "send-within-ms");
  if (context->unknown_settle_ms >= limit_ms + context->send_within_ms)
    return TRUE;
  g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
               "unknown-settle-ms must not be less than send-within-ms and the longest connect "
               "timeout together, %" G_GINT64_FORMAT " ms: a call may be under way that long",
               limit_ms + context->send_within_ms);
  return FALSE;
}

static gboolean
read_tiers (Context *context, GError **error)
{
  g_autofree char *text = topics_retry_tiers (context->consumer->name,
                                              settings_text (context->settings, "retry-tiers"));
  const char *look_tier = settings_text (context->settings, "look-tier");

  context->tiers = retry_tiers_parse (text, error);
  if (!context->tiers)
    return FALSE;
  context->attempts_max = 1 + retry_tiers_count (context->tiers);
  context->look_tier = retry_tiers_find (context->tiers, look_tier);
  if (context->look_tier || context->tiers->len == 0)
    return TRUE;
  g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
               "look-tier: “%s” is not one of retry-tiers (%s)", look_tier, text);
  return FALSE;
}

gboolean
context_read (Context *context, GError **error)
{
  const Settings *settings = context->settings;

  context->in_flight = settings_number (settings, "in-flight");
  if (context->consumer->in_flight_max > 0)
    context->in_flight = MIN (context->in_flight, context->consumer->in_flight_max);
  context->quarantine_after = settings_number (settings, "quarantine-after");
  context->outage_max_wait_ms = settings_duration_ms (settings, "outage-max-wait");
  context->database_wait_ms = settings_number (settings, "database-wait-ms");
  context->breakers = g_ptr_array_new_with_free_func ((GDestroyNotify)breaker_free);
  return limits_fit (context, error) && read_tiers (context, error);
}

void
context_make_breakers (Context *context, BreakerChanged changed, gpointer data)
{
  const char *const *names = context->consumer->downstreams;

  for (guint i = 0; names && names[i]; i++)
    g_ptr_array_add (context->breakers, breaker_new (context->program, names[i], changed, data));
}

void
context_clear (Context *context)
{
  g_clear_pointer (&context->breakers, g_ptr_array_unref);
  g_clear_pointer (&context->tiers, g_ptr_array_unref);
}
