/* pipelinectl replay plan, see replay.h. */
#include "replay.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "events/child-claim-ready.h"
#include "events/claim-submitted.h"
#include "events/papers-ready.h"
#include "kafka/log-scan.h"
#include "producers/pipelinectl/replay.sql.h"
#include "program/record.h"
#include "replay-file.h"
#include "replay-papers.h"
#include "replay-steps.h"
#include "operator/revive-papers.h"
#include "program/claim-record.h"

#define BROKER_MS 30000
#define BATCH_MAX 2000
/* Batches that are read and not decided yet. A line takes a seventh of what its record takes in librdkafka's
 * own store. */
#define AHEAD_MAX 32
/* Batches of which that is known. */
#define ASKED_MAX 4
#define DONE_MAX  400000 /* groups, of some 50 bytes each */
#define NOT_OURS  "it cannot be decoded: nobody knows whose it is"

static const char *const sources[] = { "claims.submitted", "claims.686c", "claims.674",
                                       "claims.evidence", NULL };

/* A record as it was read, of which very many are kept for a while. */
typedef struct {
  const char *topic; /* its stretch's */
  gint64 offset, claim_id;
  int partition;
  gboolean is_of_papers; /* that of its group's papers */
  const char *guid;      /* behind the id; NULL: it cannot be decoded */
  char message_id[];
} Line;

/* @guid NULL: it cannot be decoded. */
static Line *
line_new (const rd_kafka_message_t *message, const char *message_id, const char *guid,
          gint64 claim_id)
{
  gsize id_size = strlen (message_id) + 1, guid_size = guid ? strlen (guid) + 1 : 0;
  Line *line = g_malloc (sizeof *line + id_size + guid_size);

  line->topic = rd_kafka_topic_name (message->rkt);
  line->offset = message->offset;
  line->claim_id = claim_id;
  line->partition = message->partition;
  line->is_of_papers = FALSE;
  line->guid = guid ? line->message_id + id_size : NULL;
  memcpy (line->message_id, message_id, id_size);
  if (guid)
    memcpy (line->message_id + id_size, guid, guid_size);
  return line;
}

/* What goes from thread to thread. */
typedef struct {
  GPtrArray *lines;  /* of Line * */
  const char **done; /* of each line whose group is done its state, a constant; else NULL */
} Batch;

static Batch *
batch_new (void)
{
  Batch *batch = g_new0 (Batch, 1);

  batch->lines = g_ptr_array_new_with_free_func (g_free);
  return batch;
}

static void
batch_free (gpointer data)
{
  Batch *batch = data;

  g_ptr_array_unref (batch->lines);
  g_free (batch->done);
  g_free (batch);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Batch, batch_free)

typedef struct {
  Program *program;
  const ReplaySelectors *selectors;
  guint replays_max;
  ReplayWriter *writer;
  GString *text;        /* of a line */
  GPtrArray *stretches; /* of KafkaStretch * */
  GHashTable *sent;     /* run scope: the number of the record that sends it, as a pointer */
  /* Packed guid: its state, a constant; of groups that are done, which have a record a child and each
   * retry. The keys lie in done_keys. */
  GHashTable *done;
  GStringChunk *done_keys;
  gint64 n;
  gint64 nothing, with, refused, to_send, calls, looks, before_the_log;
} Planner;

static void
planner_clear (Planner *planner)
{
  g_clear_pointer (&planner->writer, replay_writer_free);
  if (planner->text)
    g_string_free (planner->text, TRUE);
  g_clear_pointer (&planner->stretches, g_ptr_array_unref);
  g_clear_pointer (&planner->sent, g_hash_table_unref);
  g_clear_pointer (&planner->done, g_hash_table_unref);
  g_clear_pointer (&planner->done_keys, g_string_chunk_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Planner, planner_clear)

/* --- Which stretches of which logs --- */

static gboolean
cut_by_selectors (Planner *planner, KafkaScan *scan, KafkaStretch *stretch, GError **error)
{
  const ReplaySelectors *selectors = planner->selectors;

  gint64 asked_to = selectors->to >= 0 ? MIN (selectors->to, stretch->from) : stretch->from;

  if (selectors->from >= 0 && selectors->from < asked_to)
    planner->before_the_log += asked_to - selectors->from;
  stretch->from = MAX (stretch->from, selectors->from);
  if (selectors->to >= 0)
    stretch->to = MIN (stretch->to, selectors->to);
  /* One that cannot tell may say that there is none: each record says when it was made. */
  if (selectors->since_ms >= 0 && stretch->from < stretch->to &&
      settings_boolean (program_settings_of (planner->program), "broker-admin")) {
    g_autoptr (GError) problem = NULL;
    gint64 offset = kafka_scan_offset_at (scan, stretch, selectors->since_ms, BROKER_MS, &problem);

    /* A broker that cannot tell is no reason not to look: each record says when it was made. */
    if (problem && !g_error_matches (problem, KAFKA_ERROR, KAFKA_ERROR_AWAY)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    stretch->from = MAX (stretch->from, offset);
  }
  return TRUE;
}

static gboolean
add_topic (Planner *planner, KafkaScan *scan, const char *topic, int partitions, GError **error)
{
  int only = planner->selectors->partition;

  for (int i = MAX (only, 0); i < (only < 0 ? partitions : MIN (only + 1, partitions)); i++) {
    KafkaStretch *stretch = kafka_scan_whole (scan, topic, i, BROKER_MS, error);

    if (!stretch)
      return FALSE;
    g_ptr_array_add (planner->stretches, stretch);
    if (!cut_by_selectors (planner, scan, stretch, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
find_stretches (Planner *planner, KafkaScan *scan, GError **error)
{
  const char *const *names =
      planner->selectors->topics ? (const char *const *)planner->selectors->topics : sources;
  g_autoptr (GHashTable) partitions = kafka_topic_partitions (
      outbox_kafka_handle (program_outbox (planner->program)), BROKER_MS, error);

  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  if (!partitions)
    return FALSE;
  for (; *names; names++) {
    g_autofree char *topic = program_topic (planner->program, *names);
    int count = GPOINTER_TO_INT (g_hash_table_lookup (partitions, topic));

    if (!g_hash_table_add (seen, (gpointer)*names)) /* named twice, read once */
      continue;
    if (count == 0) {
      g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS, "there is no topic %s", topic);
      return FALSE;
    }
    if (!add_topic (planner, scan, topic, count, error))
      return FALSE;
  }
  return TRUE;
}

/* --- Records --- */

/* Whose it is. */
typedef struct {
  char *guid; /* NULL: it cannot be decoded */
  gint64 claim_id;
  gboolean is_of_papers;
} Whose;

static gboolean
take_child (EventCodec *codec, GBytes *value, Whose *whose)
{
  g_autoptr (ChildClaimReady) child = child_claim_ready_decode (codec, value, NULL);

  if (!child)
    return FALSE;
  whose->guid = g_steal_pointer (&child->claim_group_id);
  whose->claim_id = child->claim_id;
  return TRUE;
}

static gboolean
take_group (EventCodec *codec, GBytes *value, Whose *whose)
{
  g_autoptr (ClaimSubmitted) group = claim_submitted_decode (codec, value, NULL);

  if (!group)
    return FALSE;
  whose->guid = g_steal_pointer (&group->claim_group_id);
  return TRUE;
}

static gboolean
take_papers (EventCodec *codec, GBytes *value, Whose *whose)
{
  g_autoptr (PapersReady) papers = papers_ready_decode (codec, value, NULL);

  if (!papers)
    return FALSE;
  whose->guid = g_steal_pointer (&papers->claim_group_id);
  whose->is_of_papers = TRUE;
  return TRUE;
}

/* Its topic says which it is likely to be. */
static void
decode (const Planner *planner, const rd_kafka_message_t *message, Whose *whose)
{
  EventCodec *codec = program_codec (planner->program);
  g_autoptr (GBytes) value =
      message->payload ? g_bytes_new_static (message->payload, message->len) : NULL;

  if (!value)
    return;
  if (g_str_has_suffix (rd_kafka_topic_name (message->rkt), sources[0]))
    (void)(take_group (codec, value, whose) || take_child (codec, value, whose) ||
           take_papers (codec, value, whose));
  else
    (void)(take_child (codec, value, whose) || take_papers (codec, value, whose) ||
           take_group (codec, value, whose));
}

static gboolean
is_wanted (const Planner *planner, const rd_kafka_message_t *message, const char *guid)
{
  const ReplaySelectors *selectors = planner->selectors;
  gint64 at_ms = rd_kafka_message_timestamp (message, NULL);
  g_autofree char *key = selectors->veteran ? record_key (message->key, message->key_len) : NULL;
  g_autofree char *cause = selectors->cause ? record_header (message, RECORD_ERROR_CLASS) : NULL;

  return (selectors->since_ms < 0 || at_ms >= selectors->since_ms) &&
         (selectors->until_ms < 0 || at_ms < selectors->until_ms) &&
         (!selectors->groups ||
          (guid && g_strv_contains ((const char *const *)selectors->groups, guid))) &&
         (!selectors->veteran || g_strcmp0 (key, selectors->veteran) == 0) &&
         (!selectors->cause || g_strcmp0 (cause, selectors->cause) == 0);
}

static void
ascii_lower (char *text)
{
  for (; *text; text++)
    *text = g_ascii_tolower (*text);
}

/* NULL: it is not selected. */
static Line *
line_of (const Planner *planner, const rd_kafka_message_t *message)
{
  Whose whose = { 0 };
  Line *line;
  g_autofree char *guid = NULL, *message_id = NULL;

  decode (planner, message, &whose);
  guid = whose.guid;
  if (text_is_uuid (guid))
    ascii_lower (guid); /* as the database tells it */
  else
    g_clear_pointer (&guid, g_free); /* nobody's, whatever wrote it */
  if (!is_wanted (planner, message, guid))
    return NULL;
  message_id = record_message_id (message);
  line = line_new (message, message_id, guid, whose.claim_id);
  line->is_of_papers = whose.is_of_papers;
  return line;
}

/* --- What would become of one --- */

/* Of what is ASCII and visible, as ids and the words here are. */
static void
append_quoted (GString *text, const char *words)
{
  g_string_append_c (text, '"');
  for (; *words; words++) {
    if (*words == '"' || *words == '\\')
      g_string_append_c (text, '\\');
    g_string_append_c (text, *words);
  }
  g_string_append_c (text, '"');
}

static void
append_number (GString *text, gint64 number)
{
  char digits[24];
  char *begin = digits + sizeof digits;

  *--begin = '\0';
  do
    *--begin = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  g_string_append (text, begin);
}

static void
append_member (GString *text, const char *name, const char *words)
{
  g_string_append (text, name);
  if (words)
    append_quoted (text, words);
  else
    g_string_append (text, "null");
}

/* By hand, for most of a million are alike. Left open: more members may follow. */
static void
begin_line (Planner *planner, const Line *line, const char *what, const char *why)
{
  GString *text = planner->text;

  g_string_assign (text, "{\"n\":");
  append_number (text, planner->n);
  append_member (text, ",\"topic\":", line->topic);
  g_string_append (text, ",\"partition\":");
  append_number (text, line->partition);
  g_string_append (text, ",\"offset\":");
  append_number (text, line->offset);
  append_member (text, ",\"message_id\":", line->message_id);
  append_member (text, ",\"group\":", line->guid);
  g_string_append (text, ",\"claim_id\":");
  if (line->claim_id)
    append_number (text, line->claim_id);
  else
    g_string_append (text, "null");
  if (line->is_of_papers)
    g_string_append (text, ",\"is_of_papers\":true");
  append_member (text, ",\"what\":", what);
  append_member (text, ",\"why\":", why);
}

static gboolean
end_line (Planner *planner, GError **error)
{
  g_string_append_c (planner->text, '}');
  return replay_writer_add_text (planner->writer, planner->text->str, planner->text->len, error);
}

/* Writes and reads that would be made, and looks. */
static void
count_steps (Planner *planner, const json_t *steps)
{
  for (gsize i = 0; i < json_array_size (steps); i++) {
    const char *next = json_string_value (json_object_get (json_array_get (steps, i), "next"));

    planner->calls += g_str_equal (next, "start") || g_str_equal (next, "again");
    planner->looks += g_str_equal (next, "look") || g_str_equal (next, "wait");
  }
}

static json_t *
steps_of (const Planner *planner, Db *db, const ReviveStanding *standing, GError **error)
{
  Sealer *sealer = program_sealer (planner->program);
  const Settings *settings = program_settings_of (planner->program);

  return standing->papers ? replay_papers_steps (db, sealer, settings, standing->papers, error)
                          : replay_steps_of (db, sealer, settings, standing->group, error);
}

/* Group and papers go on by records of their own. Owned. */
static char *
scope_of (const Line *line)
{
  return line->is_of_papers ? claim_record_scope_of_papers (line->guid) : g_strdup (line->guid);
}

static gboolean
add_steps (Planner *planner, Db *db, const Line *line, const ReviveStanding *standing,
           GError **error)
{
  g_autoptr (json_t) steps = steps_of (planner, db, standing, error);
  g_autofree char *told = steps ? text_of_json (steps) : NULL;
  const char *emails = standing->group ? standing->group->emails : NULL;

  if (!steps)
    return FALSE;
  count_steps (planner, steps);
  append_member (planner->text, ",\"fingerprint\":", revive_standing_fingerprint (standing));
  g_string_append (planner->text, ",\"steps\":");
  g_string_append (planner->text, told);
  append_member (planner->text, ",\"emails_not_again\":", emails ? emails : "");
  planner->to_send++;
  g_hash_table_insert (planner->sent, scope_of (line), GINT_TO_POINTER ((int)planner->n));
  return TRUE;
}

static ReviveKind
decide (const Planner *planner, const Line *line, const ReviveStanding *standing,
        const char **ret_why)
{
  ReviveKind kind =
      revive_standing_decide (standing, line->claim_id, planner->replays_max, ret_why);

  if (!line->guid)
    *ret_why = NOT_OURS;
  return kind;
}

static gboolean
write_decided (Planner *planner, Db *db, const Line *line, const ReviveStanding *standing,
               GError **error)
{
  const char *why;
  ReviveKind kind = decide (planner, line, standing, &why);
  g_autofree char *scope = line->guid ? scope_of (line) : NULL;
  gpointer first = scope ? g_hash_table_lookup (planner->sent, scope) : NULL;
  gboolean is_sent = kind == REVIVE_SEND || kind == REVIVE_BEGIN;

  begin_line (planner, line, is_sent && first ? "with" : revive_kind_name (kind), why);
  if (is_sent && first) {
    g_string_append (planner->text, ",\"with\":");
    append_number (planner->text, GPOINTER_TO_INT (first));
    planner->with++;
  } else if (is_sent && !add_steps (planner, db, line, standing, error)) {
    return FALSE;
  }
  planner->nothing += kind == REVIVE_NOTHING;
  planner->refused += kind == REVIVE_REFUSE;
  return end_line (planner, error);
}

static gboolean
write_done (Planner *planner, const Line *line, const char *state, GError **error)
{
  planner->nothing++;
  begin_line (planner, line, revive_kind_name (REVIVE_NOTHING),
              g_str_equal (state, "success") ? "the group is done" : "its package is on its way");
  return end_line (planner, error);
}

static gboolean
have_outcome (const RevivePapers *papers, const char *wanted)
{
  if (g_str_equal (wanted, papers->group_state))
    return TRUE;
  for (guint i = 0; i < papers->papers->len; i++)
    if (g_str_equal (((const RevivePaper *)g_ptr_array_index (papers->papers, i))->state, wanted))
      return TRUE;
  return FALSE;
}

static gboolean
has_outcome (const Planner *planner, const Line *line, const char *done_state,
             const ReviveStanding *standing)
{
  const char *wanted = planner->selectors->outcome;
  const ReviveGroup *group = standing->group;

  if (!wanted)
    return TRUE;
  if (standing->papers)
    return have_outcome (standing->papers, wanted);
  if (done_state || !group)
    return done_state && g_str_equal (wanted, done_state);
  if (g_str_equal (wanted, group->state))
    return TRUE;
  for (guint i = 0; i < group->children->len; i++) {
    const ReviveChild *child = g_ptr_array_index (group->children, i);

    if (child->claim_id == line->claim_id && g_str_equal (child->state, wanted))
      return TRUE;
  }
  return FALSE;
}

/* --- Which groups are done, in little memory --- */

#define PACKED_BYTES 16

/* Of a guid as text, lower case. */
static void
pack (const char *guid, char *ret_packed)
{
  gsize digits = 0;

  for (; *guid; guid++) {
    guint8 value = (guint8)g_ascii_xdigit_value (*guid);

    if (*guid == '-')
      continue;
    if (digits % 2 == 0)
      ret_packed[digits / 2] = (char)(value << 4);
    else
      ret_packed[digits / 2] |= (char)value;
    digits++;
  }
}

static guint
hash_packed (gconstpointer packed)
{
  guint32 parts[PACKED_BYTES / 4];

  memcpy (parts, packed, sizeof parts);
  return parts[0] ^ parts[1] ^ parts[2] ^ parts[3];
}

static gboolean
equal_packed (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, PACKED_BYTES) == 0;
}

/* NULL: not known. */
static const char *
done_state (const Planner *planner, const char *guid)
{
  char packed[PACKED_BYTES];

  pack (guid, packed);
  return g_hash_table_lookup (planner->done, packed);
}

static void
keep_done (Planner *planner, const char *guid, const char *state)
{
  char packed[PACKED_BYTES];

  if (g_hash_table_size (planner->done) >= DONE_MAX)
    return;
  pack (guid, packed);
  g_hash_table_insert (planner->done,
                       g_string_chunk_insert_len (planner->done_keys, packed, PACKED_BYTES),
                       (gpointer)state);
}

/* Those that @done says nothing of yet are asked for. */
static gboolean
ask_for_done (Planner *planner, const GPtrArray *lines, const GArray *places, const char **done,
              Db *db, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_REPLAY_DONE, "N", lines);
  const char *states;

  if (!rows)
    return FALSE;
  states = db_rows_text (rows, 0, "states");
  g_assert (strlen (states) == lines->len);
  for (guint i = 0; i < lines->len; i++) {
    const char *state = states[i] == 's' ? "success" : states[i] == 'p' ? "processing" : NULL;

    done[g_array_index (places, guint, i)] = state;
    if (state)
      keep_done (planner, g_ptr_array_index (lines, i), state);
  }
  return TRUE;
}

/* That a group is done says nothing of its papers. */
static gboolean
is_of_group (const Line *line)
{
  return line->guid && !line->is_of_papers;
}

static gboolean
find_done (Planner *planner, Batch *batch, Db *db, GError **error)
{
  g_autoptr (GPtrArray) guids = g_ptr_array_sized_new (batch->lines->len);
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (guint));

  batch->done = g_new0 (const char *, batch->lines->len);
  for (guint i = 0; i < batch->lines->len; i++) {
    const Line *line = g_ptr_array_index (batch->lines, i);

    batch->done[i] = is_of_group (line) ? done_state (planner, line->guid) : NULL;
    if (!is_of_group (line) || batch->done[i])
      continue;
    g_ptr_array_add (guids, (gpointer)line->guid);
    g_array_append_val (places, i);
  }
  return guids->len == 0 || ask_for_done (planner, guids, places, batch->done, db, error);
}

static gboolean
find_others (const Batch *batch, Db *db, ReviveFacts *ret_found, GError **error)
{
  g_autoptr (GPtrArray) guids = g_ptr_array_new (), of_papers = g_ptr_array_new ();

  for (guint i = 0; i < batch->lines->len; i++) {
    Line *line = g_ptr_array_index (batch->lines, i);

    if (line->guid && !batch->done[i])
      g_ptr_array_add (line->is_of_papers ? of_papers : guids, (gpointer)line->guid);
  }
  return revive_find_both (db, guids, of_papers, ret_found, error);
}

static gboolean
write_batch (Planner *planner, Batch *batch, Db *db, GError **error)
{
  g_auto (ReviveFacts) found = { 0 };

  if (!find_others (batch, db, &found, error))
    return FALSE;
  for (guint i = 0; i < batch->lines->len; i++) {
    const Line *line = g_ptr_array_index (batch->lines, i);
    const ReviveStanding standing = revive_standing_of (&found, line->guid, line->is_of_papers);
    const char *done = batch->done[i];

    if (!has_outcome (planner, line, done, &standing))
      continue;
    planner->n++;
    if (!(done ? write_done (planner, line, done, error)
               : write_decided (planner, db, line, &standing, error)))
      return FALSE;
  }
  return TRUE;
}

/* --- Three threads: one reads, one asks which groups are done, one decides and writes --- */

/* Between two of them. */
typedef struct {
  guint most; /* batches that lie here */
  GMutex lock;
  GCond changed;
  GQueue batches; /* of Batch * */
  gboolean is_over, is_given_up;
} Channel;

static void
channel_init (Channel *channel, guint most)
{
  *channel = (Channel){ .most = most, .batches = G_QUEUE_INIT };
  g_mutex_init (&channel->lock);
  g_cond_init (&channel->changed);
}

static void
channel_clear (Channel *channel)
{
  g_queue_clear_full (&channel->batches, batch_free);
  g_cond_clear (&channel->changed);
  g_mutex_clear (&channel->lock);
}

/* FALSE: nobody wants more. */
static gboolean
channel_put (Channel *channel, Batch *batch)
{
  gboolean is_wanted;

  g_mutex_lock (&channel->lock);
  while (channel->batches.length >= channel->most && !channel->is_given_up)
    g_cond_wait (&channel->changed, &channel->lock);
  is_wanted = !channel->is_given_up;
  g_queue_push_tail (&channel->batches, batch);
  g_cond_broadcast (&channel->changed);
  g_mutex_unlock (&channel->lock);
  return is_wanted;
}

/* NULL: there are no more. */
static Batch *
channel_take (Channel *channel)
{
  Batch *batch;

  g_mutex_lock (&channel->lock);
  while (channel->batches.length == 0 && !channel->is_over)
    g_cond_wait (&channel->changed, &channel->lock);
  batch = g_queue_pop_head (&channel->batches);
  g_cond_broadcast (&channel->changed);
  g_mutex_unlock (&channel->lock);
  return batch;
}

/* @flag: is_over, nothing more comes; is_given_up, nothing more is wanted. */
static void
channel_tell (Channel *channel, gboolean *flag)
{
  g_mutex_lock (&channel->lock);
  *flag = TRUE;
  g_cond_broadcast (&channel->changed);
  g_mutex_unlock (&channel->lock);
}

/* A problem is the thread's own until it has ended. */
typedef struct {
  Planner *planner;
  KafkaScan *scan;
  Batch *filling; /* the reader's; NULL: an empty one */
  Channel read, asked;
  GError *read_problem, *ask_problem;
  gboolean is_ended; /* the reader's, as its problem is */
} Threads;

/* By a signal. */
static gboolean
is_ended (Threads *work)
{
  work->is_ended = work->is_ended || program_wait_for_stop (work->planner->program, 0);
  return work->is_ended;
}

/* FALSE: nobody wants more. */
static gboolean
hand_over (Threads *work)
{
  Batch *batch = g_steal_pointer (&work->filling);

  return channel_put (&work->read, batch);
}

static gboolean
take_record (const rd_kafka_message_t *message, gpointer data)
{
  Threads *work = data;
  Line *line;

  if (!message)
    return !is_ended (work);
  line = line_of (work->planner, message);
  if (!line)
    return TRUE;
  if (!work->filling)
    work->filling = batch_new ();
  g_ptr_array_add (work->filling->lines, line);
  return work->filling->lines->len < BATCH_MAX || (hand_over (work) && !is_ended (work));
}

static gpointer
read_batches (gpointer data)
{
  Threads *work = data;

  (void)kafka_scan_read (work->scan, BROKER_MS, take_record, work, &work->read_problem);
  if (work->filling)
    (void)hand_over (work);
  channel_tell (&work->read, &work->read.is_over);
  return NULL;
}

static gboolean
with_database (Threads *work, Batch *batch,
               gboolean (*act) (Planner *planner, Batch *batch, Db *db, GError **error),
               GError **error)
{
  DbPool *pool = program_pool (work->planner->program);
  Db *db = db_pool_take (pool, error);
  gboolean is_done = db && act (work->planner, batch, db, error);

  db_pool_give (pool, db);
  return is_done;
}

static gpointer
ask_for_batches (gpointer data)
{
  Threads *work = data;
  gboolean goes_on = TRUE;

  while (goes_on) {
    g_autoptr (Batch) batch = channel_take (&work->read);

    goes_on = batch && with_database (work, batch, find_done, &work->ask_problem) &&
              channel_put (&work->asked, g_steal_pointer (&batch));
  }
  channel_tell (&work->read, &work->read.is_given_up);
  channel_tell (&work->asked, &work->asked.is_over);
  return NULL;
}

static gboolean
decide_all (Threads *work, GError **error)
{
  for (;;) {
    g_autoptr (Batch) batch = channel_take (&work->asked);

    if (!batch)
      return TRUE;
    if (!with_database (work, batch, write_batch, error))
      return FALSE;
  }
}

/* --- The whole --- */

static gboolean
read_all (Planner *planner, KafkaScan *scan, GError **error)
{
  Threads work = { .planner = planner, .scan = scan };
  GThread *reader, *asker;
  GError *problem = NULL;

  channel_init (&work.read, AHEAD_MAX);
  channel_init (&work.asked, ASKED_MAX);
  reader = g_thread_new ("reader", read_batches, &work);
  asker = g_thread_new ("asker", ask_for_batches, &work);
  (void)decide_all (&work, &problem);
  channel_tell (&work.asked, &work.asked.is_given_up);
  g_thread_join (asker);
  g_thread_join (reader);
  channel_clear (&work.read);
  channel_clear (&work.asked);
  /* The first of them ended the others. */
  if (!problem)
    problem = g_steal_pointer (&work.ask_problem);
  if (!problem)
    problem = g_steal_pointer (&work.read_problem);
  if (!problem && work.is_ended)
    g_set_error_literal (&problem, KAFKA_ERROR, KAFKA_ERROR_AWAY,
                         "ended by a signal: there is no plan");
  g_clear_error (&work.ask_problem);
  g_clear_error (&work.read_problem);
  if (problem)
    g_propagate_error (error, problem);
  return !problem;
}

static gboolean
write_head (Planner *planner, GError **error)
{
  g_autofree char *now = clock_format_iso (clock_database_now_ms ());
  json_t *stretches = json_array ();
  g_autoptr (json_t) head = NULL;

  for (guint i = 0; i < planner->stretches->len; i++) {
    const KafkaStretch *stretch = g_ptr_array_index (planner->stretches, i);

    if (stretch->from < stretch->to)
      (void)json_array_append_new (
          stretches,
          json_pack ("{s:s,s:i,s:I,s:I}", "topic", stretch->topic, "partition", stretch->partition,
                     "from", (json_int_t)stretch->from, "to", (json_int_t)stretch->to));
  }
  head = json_pack ("{s:i,s:s,s:i,s:o}", "replay_plan", 1, "made_at", now, "replays_max",
                    (int)planner->replays_max, "read", stretches);
  return replay_writer_add (planner->writer, head, error);
}

static json_t *
totals_of (const Planner *planner)
{
  return json_pack ("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:i}", "records", (json_int_t)planner->n,
                    "nothing", (json_int_t)planner->nothing, "groups_to_send",
                    (json_int_t)planner->to_send, "with_another", (json_int_t)planner->with,
                    "refused", (json_int_t)planner->refused, "calls", (json_int_t)planner->calls,
                    "looks", (json_int_t)planner->looks, "before_the_log",
                    (json_int_t)planner->before_the_log, "replays_max", (int)planner->replays_max);
}

gboolean
replay_plan (Program *program, const ReplaySelectors *selectors, guint replays_max,
             const char *path, json_t **ret_totals, GError **error)
{
  g_auto (Planner)
      planner = { .program = program, .selectors = selectors, .replays_max = replays_max };
  g_autoptr (KafkaScan) scan = kafka_scan_new (program_settings_of (program), error);
  g_autoptr (json_t) totals = NULL;

  if (!scan)
    return FALSE;
  planner.stretches = g_ptr_array_new_with_free_func (kafka_stretch_free);
  planner.text = g_string_new (NULL);
  planner.sent = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  planner.done = g_hash_table_new (hash_packed, equal_packed);
  planner.done_keys = g_string_chunk_new (65536);
  planner.writer = replay_writer_new (path, error);
  if (!planner.writer || !find_stretches (&planner, scan, error) || !write_head (&planner, error) ||
      !kafka_scan_begin (scan, planner.stretches, error) || !read_all (&planner, scan, error))
    return FALSE;
  totals = totals_of (&planner);
  if (planner.n > 0 &&
      !replay_writer_finish (planner.writer, program_sealer (program), totals, error))
    return FALSE;
  *ret_totals = g_steal_pointer (&totals);
  return planner.n > 0;
}
