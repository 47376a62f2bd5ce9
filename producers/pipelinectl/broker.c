/* Questions to the broker, see broker.h. */
#include "broker.h"

#include "kafka/client.h"

char *
broker_topic (const Broker *broker, const Topic *topic)
{
  return g_strconcat (broker->prefix, topic->name, NULL);
}

gboolean
broker_open (Broker *broker, GError **error)
{
  char reason[512];
  rd_kafka_conf_t *conf = kafka_conf_new (broker->settings, FALSE, NULL, error);

  if (!conf)
    return FALSE;
  broker->handle = rd_kafka_new (RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
  if (!broker->handle) {
    rd_kafka_conf_destroy (conf);
    g_set_error_literal (error, KAFKA_ERROR, KAFKA_ERROR_SETTING, reason);
    return FALSE;
  }
  broker->queue = rd_kafka_queue_new (broker->handle);
  return TRUE;
}

void
broker_close (Broker *broker)
{
  if (broker->queue)
    rd_kafka_queue_destroy (broker->queue);
  if (broker->handle)
    rd_kafka_destroy (broker->handle);
}

rd_kafka_event_t *
broker_await (Broker *broker, GError **error)
{
  rd_kafka_event_t *event = rd_kafka_queue_poll (broker->queue, ADMIN_TIMEOUT_MS + 5000);

  if (event && !rd_kafka_event_error (event))
    return event;
  g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_AWAY, "the broker does not answer: %s",
               event ? rd_kafka_event_error_string (event) : "timed out");
  if (event)
    rd_kafka_event_destroy (event);
  return NULL;
}

rd_kafka_AdminOptions_t *
broker_admin_options (Broker *broker, rd_kafka_admin_op_t operation)
{
  rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new (broker->handle, operation);
  char reason[256];

  (void)rd_kafka_AdminOptions_set_request_timeout (options, ADMIN_TIMEOUT_MS, reason,
                                                   sizeof reason);
  return options;
}

void
broker_tell (const Broker *broker, const char *name, const char *what)
{
  json_t *list = broker->told ? json_object_get (broker->told, what) : NULL;

  if (!broker->told) {
    printf ("%s %s\n", name, what);
    return;
  }
  if (!list) {
    list = json_array ();
    (void)json_object_set_new (broker->told, what, list);
  }
  (void)json_array_append_new (list, json_string (name));
}

FILE *
broker_progress (const Broker *broker)
{
  return broker->told ? stderr : stdout;
}
