/* bare: the limit that `bench runner` holds the runner against. A program that knows no trouble:
 * one thread takes up to 300 records, writes for them just the rows that the runner has to write,
 * and publishes.
 *
 *   bare BROKERS DATABASE_URL COUNT     reads dependents.bench.in, writes dependents.bench.out, ends after COUNT
 *
 * Each batch is one trip to the database, in libpq's pipeline mode, and two transactions: an
 * asynchronous one with the open counts and the deletion of what is published by now, a durable one
 * with inbox and outbox rows. It looks for no double, knows neither keys nor run rows, and any
 * error ends it. */
#include <glib.h>
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#include <string.h>

#include "base/settings.h"
#include "kafka/headers.h"

#define BATCH       300
#define WAIT_MS     10
#define INSTANCE    "8a5c7f5e-6c1a-4f0e-9d8a-6d6b61726500"
#define INT8        20
#define BYTEA       17
#define TEXT        25
#define MOST_VALUES 6

typedef struct {
  PGconn *db;
  rd_kafka_t *consumer, *producer;
  rd_kafka_topic_t *out;
  GArray *published; /* of gint64: outbox rows to delete; the poll of the producer fills it */
  rd_kafka_message_t *messages[BATCH];
  KafkaHeaders *headers[BATCH];
  GBytes *packed[BATCH];
  gsize count;
  guint64 next_id;
  gint64 last_row; /* outbox rows are numbered by who writes them */
} Bare;

/* --- Statements --- */

static const struct {
  const char *name, *sql;
} statements[] = {
  { "begin", "begin" },
  { "asynchronous", "set local synchronous_commit = off" },
  { "commit", "commit" },
  { "count",
    "insert into deliveries (consumer, topic, partition, instance_id, open_offsets) "
    "select 'bare', 'dependents.bench.in', given.partition, $1::uuid, given.offsets::bigint[] "
    "from unnest ($2::bigint[], $3::text[]) as given (partition, offsets) "
    "on conflict (consumer, topic, partition, instance_id) "
    "do update set open_offsets = excluded.open_offsets, counted_at = clock_timestamp ()" },
  { "inbox", "insert into inbox (consumer, message_id, hop, replay, verdict) "
             "select 'bare', message_id, 0, 0, 'DONE' from unnest ($1::text[]) as given "
             "(message_id)" },
  { "outbox", "insert into outbox (instance_id, id, topic, key, value, headers) "
              "select $1::uuid, id, 'dependents.bench.out', key, value, headers "
              "from unnest ($2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[]) "
              "as given (id, key, value, headers)" },
  { "delete", "delete from outbox where instance_id = $1::uuid and id = any ($2::bigint[])" },
};

static void
prepare (Bare *bare)
{
  for (guint i = 0; i < G_N_ELEMENTS (statements); i++) {
    PGresult *result = PQprepare (bare->db, statements[i].name, statements[i].sql, 0, NULL);
    if (PQresultStatus (result) != PGRES_COMMAND_OK)
      g_error ("bare: %s: %s", statements[i].name, PQerrorMessage (bare->db));
    PQclear (result);
  }
}

static void
put_int32 (GByteArray *array, gint32 number)
{
  gint32 big = GINT32_TO_BE (number);

  g_byte_array_append (array, (const guint8 *)&big, sizeof big);
}

/* An array in PostgreSQL's binary form; its elements follow by put_element(). */
static GByteArray *
array_new (gint32 type, gint32 count)
{
  GByteArray *array = g_byte_array_new ();

  put_int32 (array, 1); /* dimensions */
  put_int32 (array, 0); /* no NULLs */
  put_int32 (array, type);
  put_int32 (array, count);
  put_int32 (array, 1); /* lower bound */
  return array;
}

static void
put_element (GByteArray *array, gconstpointer data, gsize length)
{
  put_int32 (array, (gint32)length);
  g_byte_array_append (array, data, length);
}

static void
put_number (GByteArray *array, gint64 number)
{
  gint64 big = GINT64_TO_BE (number);

  put_element (array, &big, sizeof big);
}

/* @instance: comes first, as a text; then @count arrays, which are freed. */
static void
send_statement (Bare *bare, const char *name, const char *instance, guint count, ...)
{
  const char *values[MOST_VALUES];
  GByteArray *arrays[MOST_VALUES];
  int lengths[MOST_VALUES], formats[MOST_VALUES];
  int n = 0;
  va_list list;

  if (instance) {
    values[n] = instance;
    formats[n++] = 0;
  }
  va_start (list, count);
  for (guint i = 0; i < count; i++, n++) {
    arrays[i] = va_arg (list, GByteArray *);
    values[n] = (const char *)arrays[i]->data;
    lengths[n] = (int)arrays[i]->len;
    formats[n] = 1;
  }
  va_end (list);
  if (!PQsendQueryPrepared (bare->db, name, n, values, lengths, formats, 0))
    g_error ("bare: %s: %s", name, PQerrorMessage (bare->db));
  for (guint i = 0; i < count; i++)
    g_byte_array_unref (arrays[i]);
}

/* The result of the oldest statement whose result is still out. */
static PGresult *
await (Bare *bare)
{
  PGresult *result = PQgetResult (bare->db);
  ExecStatusType status = PQresultStatus (result);

  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_PIPELINE_SYNC)
    g_error ("bare: %s", PQerrorMessage (bare->db));
  if (status != PGRES_PIPELINE_SYNC)
    g_assert_null (PQgetResult (bare->db));
  return result;
}

static void
await_all (Bare *bare, guint count)
{
  for (guint i = 0; i < count; i++)
    PQclear (await (bare));
}

/* --- One batch --- */

static void
send_counts (Bare *bare)
{
  g_autoptr (GHashTable) texts = g_hash_table_new (NULL, NULL);
  GByteArray *numbers, *offsets;
  GHashTableIter iter;
  gpointer number, text;

  for (gsize i = 0; i < bare->count; i++) {
    gpointer partition = GINT_TO_POINTER (bare->messages[i]->partition);
    GString *open = g_hash_table_lookup (texts, partition);
    if (!open)
      g_hash_table_insert (texts, partition, open = g_string_new ("{"));
    g_string_append_printf (open, "%s%" G_GINT64_FORMAT, open->len > 1 ? "," : "",
                            bare->messages[i]->offset);
  }
  numbers = array_new (INT8, (gint32)g_hash_table_size (texts));
  offsets = array_new (TEXT, (gint32)g_hash_table_size (texts));
  g_hash_table_iter_init (&iter, texts);
  while (g_hash_table_iter_next (&iter, &number, &text)) {
    g_string_append_c (text, '}');
    put_number (numbers, GPOINTER_TO_INT (number));
    put_element (offsets, ((GString *)text)->str, ((GString *)text)->len);
    g_string_free (text, TRUE);
  }
  send_statement (bare, "count", INSTANCE, 2, numbers, offsets);
}

static void
send_delete (Bare *bare)
{
  GByteArray *ids = array_new (INT8, (gint32)bare->published->len);

  for (guint i = 0; i < bare->published->len; i++)
    put_number (ids, g_array_index (bare->published, gint64, i));
  g_array_set_size (bare->published, 0);
  send_statement (bare, "delete", INSTANCE, 1, ids);
}

/* The headers that the runner gives a record. */
static KafkaHeaders *
headers_new (Bare *bare)
{
  KafkaHeaders *headers = kafka_headers_new ();
  char text[80];

  g_snprintf (text, sizeof text, INSTANCE "-%" G_GUINT64_FORMAT, bare->next_id++);
  kafka_headers_set (headers, "dp-message-id", text);
  kafka_headers_set_int (headers, "dp-hop", 0);
  kafka_headers_set_int (headers, "dp-attempt", 0);
  kafka_headers_set_int (headers, "dp-replay", 0);
  g_snprintf (text, sizeof text, "00-%08x%08x%08x%08x-%08x%08x-01", g_random_int (),
              g_random_int (), g_random_int (), g_random_int (), g_random_int (),
              g_random_int () | 1);
  kafka_headers_set (headers, "traceparent", text);
  return headers;
}

static void
send_rows (Bare *bare)
{
  GByteArray *ids = array_new (TEXT, (gint32)bare->count);
  GByteArray *rows = array_new (INT8, (gint32)bare->count);
  GByteArray *keys = array_new (BYTEA, (gint32)bare->count);
  GByteArray *values = array_new (BYTEA, (gint32)bare->count);
  GByteArray *headers = array_new (BYTEA, (gint32)bare->count);

  for (gsize i = 0; i < bare->count; i++) {
    const rd_kafka_message_t *message = bare->messages[i];
    char id[80];
    gsize length;
    gconstpointer packed;

    g_snprintf (id, sizeof id, "dependents.bench.in/%d/%" G_GINT64_FORMAT, message->partition,
                message->offset);
    put_element (ids, id, strlen (id));
    put_number (rows, bare->last_row + 1 + (gint64)i);
    put_element (keys, message->key, message->key_len);
    put_element (values, message->payload, message->len);
    bare->headers[i] = headers_new (bare);
    bare->packed[i] = kafka_headers_pack (bare->headers[i]);
    packed = g_bytes_get_data (bare->packed[i], &length);
    put_element (headers, packed, length);
  }
  send_statement (bare, "inbox", NULL, 1, ids);
  send_statement (bare, "outbox", INSTANCE, 4, rows, keys, values, headers);
}

static void
publish (Bare *bare)
{
  for (gsize i = 0; i < bare->count; i++) {
    rd_kafka_message_t *message = bare->messages[i];
    rd_kafka_headers_t *headers = kafka_headers_to_rd (bare->headers[i]);
    gint64 id = ++bare->last_row;

    while (rd_kafka_producev (bare->producer, RD_KAFKA_V_RKT (bare->out),
                              RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_KEY (message->key, message->key_len),
                              RD_KAFKA_V_VALUE (message->payload, message->len),
                              RD_KAFKA_V_HEADERS (headers),
                              RD_KAFKA_V_OPAQUE (GSIZE_TO_POINTER (id)),
                              RD_KAFKA_V_END) != RD_KAFKA_RESP_ERR_NO_ERROR)
      rd_kafka_poll (bare->producer, 1);
  }
}

static void
on_report (rd_kafka_t *producer, const rd_kafka_message_t *message, void *data)
{
  Bare *bare = data;
  gint64 id = (gint64)GPOINTER_TO_SIZE (message->_private);

  (void)producer;
  if (message->err)
    g_error ("bare: not published: %s", rd_kafka_err2str (message->err));
  g_array_append_val (bare->published, id);
}

static void
store_offsets (Bare *bare)
{
  for (gsize i = 0; i < bare->count; i++) {
    const rd_kafka_message_t *message = bare->messages[i];
    if (i + 1 == bare->count || bare->messages[i + 1]->partition != message->partition)
      rd_kafka_offset_store (message->rkt, message->partition, message->offset);
  }
}

static void
do_batch (Bare *bare)
{
  rd_kafka_poll (bare->producer, 0);
  send_statement (bare, "begin", NULL, 0);
  send_statement (bare, "asynchronous", NULL, 0);
  send_counts (bare);
  send_delete (bare);
  send_statement (bare, "commit", NULL, 0);
  send_statement (bare, "begin", NULL, 0);
  send_rows (bare);
  send_statement (bare, "commit", NULL, 0);
  if (!PQpipelineSync (bare->db))
    g_error ("bare: %s", PQerrorMessage (bare->db));
  await_all (bare, 10); /* nine statements and the end of the trip */
  publish (bare);
  store_offsets (bare);
  for (gsize i = 0; i < bare->count; i++) {
    kafka_headers_free (bare->headers[i]);
    g_bytes_unref (bare->packed[i]);
    rd_kafka_message_destroy (bare->messages[i]);
  }
}

/* What an orderly end writes: the last deletions, and that nothing is open. */
static void
finish (Bare *bare)
{
  PGresult *result;

  rd_kafka_flush (bare->producer, 60000);
  send_delete (bare);
  if (!PQpipelineSync (bare->db))
    g_error ("bare: %s", PQerrorMessage (bare->db));
  await_all (bare, 2);
  PQexitPipelineMode (bare->db);
  result = PQexec (bare->db, "delete from deliveries where consumer = 'bare'");
  if (PQresultStatus (result) != PGRES_COMMAND_OK)
    g_error ("bare: %s", PQerrorMessage (bare->db));
  PQclear (result);
  rd_kafka_consumer_close (bare->consumer);
}

/* --- Start --- */

static rd_kafka_t *
client (rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
  char text[512];
  rd_kafka_t *handle = rd_kafka_new (type, conf, text, sizeof text);

  if (!handle)
    g_error ("bare: %s", text);
  return handle;
}

static rd_kafka_conf_t *
conf_new (const char *brokers, const char *const *settings)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  char text[512];

  if (rd_kafka_conf_set (conf, "bootstrap.servers", brokers, text, sizeof text))
    g_error ("bare: %s", text);
  for (; settings[0]; settings += 2)
    if (rd_kafka_conf_set (conf, settings[0], settings[1], text, sizeof text))
      g_error ("bare: %s", text);
  return conf;
}

static void
open_clients (Bare *bare, const char *brokers)
{
  /* clang-format off: pairs */
  static const char *const consuming[] = {
    "group.id", "dependents.bare",          "auto.offset.reset",
    "earliest", "enable.auto.offset.store", "false",
    NULL,
  };
  static const char *const producing[] = {
    /* as the runner's: lib/kafka/producer.c says why */
    "enable.idempotence", "true",           "max.in.flight",        "1",    "linger.ms", "2",
    "partitioner",        "murmur2_random", "socket.nagle.disable", "true", NULL,
  };
  /* clang-format on */
  rd_kafka_conf_t *conf = conf_new (brokers, producing);
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new (1);
  const struct rd_kafka_metadata *metadata = NULL;
  rd_kafka_resp_err_t error;

  rd_kafka_conf_set_dr_msg_cb (conf, on_report);
  rd_kafka_conf_set_opaque (conf, bare);
  bare->producer = client (RD_KAFKA_PRODUCER, conf);
  /* Known and connected before there is work. */
  bare->out = rd_kafka_topic_new (bare->producer, "dependents.bench.out", NULL);
  error = rd_kafka_metadata (bare->producer, 0, bare->out, &metadata, 10000);
  if (error)
    g_error ("bare: dependents.bench.out: %s", rd_kafka_err2str (error));
  rd_kafka_metadata_destroy (metadata);
  bare->consumer = client (RD_KAFKA_CONSUMER, conf_new (brokers, consuming));
  rd_kafka_poll_set_consumer (bare->consumer);
  rd_kafka_topic_partition_list_add (topics, "dependents.bench.in", RD_KAFKA_PARTITION_UA);
  if (rd_kafka_subscribe (bare->consumer, topics))
    g_error ("bare: cannot subscribe");
  rd_kafka_topic_partition_list_destroy (topics);
}

/* Errors of the consumer come as messages: nothing to write for them. */
static void
drop_errors (Bare *bare)
{
  gsize kept = 0;

  for (gsize i = 0; i < bare->count; i++) {
    if (bare->messages[i]->err)
      rd_kafka_message_destroy (bare->messages[i]);
    else
      bare->messages[kept++] = bare->messages[i];
  }
  bare->count = kept;
}

int
main (int argc, char **argv)
{
  Bare bare = { 0 };
  gint64 count = 0;
  rd_kafka_queue_t *queue;

  if (argc != 4 || !parse_int64 (argv[3], 1, G_MAXINT, &count)) {
    g_printerr ("usage: bare BROKERS DATABASE_URL COUNT\n");
    return 2;
  }
  bare.published = g_array_new (FALSE, FALSE, sizeof (gint64));
  bare.db = PQconnectdb (argv[2]);
  if (PQstatus (bare.db) != CONNECTION_OK)
    g_error ("bare: %s", PQerrorMessage (bare.db));
  prepare (&bare);
  PQenterPipelineMode (bare.db);
  open_clients (&bare, argv[1]);
  queue = rd_kafka_queue_get_consumer (bare.consumer);
  while (count > 0) {
    gssize taken = rd_kafka_consume_batch_queue (queue, WAIT_MS, bare.messages, BATCH);

    bare.count = MAX (taken, 0);
    drop_errors (&bare);
    if (bare.count > 0)
      do_batch (&bare);
    else
      rd_kafka_poll (bare.producer, 0);
    count -= (gint64)bare.count;
  }
  finish (&bare);
  rd_kafka_queue_destroy (queue);
  rd_kafka_destroy (bare.consumer);
  rd_kafka_topic_destroy (bare.out);
  rd_kafka_destroy (bare.producer);
  PQfinish (bare.db);
  g_array_unref (bare.published);
  return 0;
}
