/* bench-consumer: the runner with a handler that does nothing but emit one record of its value's
 * size.
 *
 *   reads    bench.in
 *   emits    bench.out                      through the outbox
 *
 * With --with-run-row each message also takes a run row, as a handler with steps does. With --retry
 * each message fails once, and is counted when its retry tier gives it back: a line "MS" on stdout
 * for each, how late that was. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "pipeline/consumer.h"
#include "pipeline/run.h"

typedef struct {
  GBytes *value;
} Message;

static gpointer
copy_bytes (EventCodec *codec, GBytes *value, const Record *record, GError **error)
{
  Message *message = NULL;

  (void)codec;
  (void)record;
  if (!value) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED, "no value");
    return NULL;
  }
  message = g_new0 (Message, 1);
  message->value = g_bytes_new (g_bytes_get_data (value, NULL), g_bytes_get_size (value));
  return message;
}

static void
free_message (gpointer data)
{
  Message *message = data;

  g_bytes_unref (message->value);
  g_free (message);
}

/* The value's first 20 bytes are its number, and so the scope: every message has one of its own. */
static void
scope_of_number (gconstpointer data, RunScope *ret_scope)
{
  const Message *message = data;

  ret_scope->scope = g_strndup (g_bytes_get_data (message->value, NULL),
                                MIN (20, g_bytes_get_size (message->value)));
}

static gboolean
emit (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  return transaction_emit (transaction, "bench.out", NULL, run_key (run), data, error);
}

static gboolean
pass_on (Run *run, gconstpointer data, GError **error)
{
  const Message *message = data;

  (void)error;
  run_on_settle (run, emit, g_bytes_ref (message->value), (GDestroyNotify)g_bytes_unref);
  return TRUE;
}

static gboolean
fail_once (Run *run, gconstpointer data, GError **error)
{
  (void)data;
  if (run_attempt (run) == 0) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_UNKNOWN, "the first attempt fails");
    return FALSE;
  }
  printf ("%" G_GINT64_FORMAT "\n", clock_database_now_ms () - run_due_ms (run));
  return TRUE;
}

static const Consumer retrying = {
  .name = "bench-consumer",
  .topic = "bench.in",
  .decode = copy_bytes,
  .free_message = free_message,
  .handle = fail_once,
};

static const Consumer without_run_row = {
  .name = "bench-consumer",
  .topic = "bench.in",
  .decode = copy_bytes,
  .free_message = free_message,
  .handle = pass_on,
};

static const Consumer with_run_row = {
  .name = "bench-consumer",
  .topic = "bench.in",
  .decode = copy_bytes,
  .free_message = free_message,
  .scope = scope_of_number,
  .handle = pass_on,
};

int
main (int argc, char **argv)
{
  const Consumer *special = argc < 2                                  ? NULL
                            : strcmp (argv[1], "--with-run-row") == 0 ? &with_run_row
                            : strcmp (argv[1], "--retry") == 0        ? &retrying
                                                                      : NULL;

  if (special) {
    argv[1] = argv[0];
    return consumer_main (special, argc - 1, argv + 1);
  }
  return consumer_main (&without_run_row, argc, argv);
}
