/* Transactions of an operator's page, see desk.h. */
#include "operator/desk.h"

#include "base/text.h"
#include "program/registry.h"

struct OperatorDesk {
  char *instance_id;
  Registry *registry;
  TransactionWriter writer;
};

OperatorDesk *
operator_desk_new (const Settings *settings, GError **error)
{
  Registry *registry = registry_open (settings, error);
  OperatorDesk *desk;

  if (!registry)
    return NULL;
  desk = g_new0 (OperatorDesk, 1);
  desk->instance_id = text_new_uuid ();
  desk->registry = registry;
  desk->writer = (TransactionWriter){ .instance_id = desk->instance_id,
                                      .topic_prefix = settings_text (settings, "topic-prefix"),
                                      .codec = registry_codec (registry) };
  return desk;
}

void
operator_desk_free (OperatorDesk *desk)
{
  if (!desk)
    return;
  registry_close (desk->registry);
  g_free (desk->instance_id);
  g_free (desk);
}

gboolean
operator_seat_transact (TransactionWork work, gpointer work_data, gpointer data, GError **error)
{
  const OperatorSeat *seat = data;
  g_autoptr (GPtrArray) rows =
      transaction_run (&seat->desk->writer, seat->db, "pipelinectl-web", work, work_data, error);

  return rows != NULL; /* the relay publishes them */
}
