/* Whose turn it is, see outbox-turns.h. */
#include "program/outbox-turns.h"

#define RETRY_MS     500
#define RETRY_MAX_MS 10000 /* while nothing at all is taken */

struct OutboxTurns {
  GQueue again; /* tickets to publish again at again_at_ms */
  gint64 again_at_ms, again_pause_ms;
  GQueue alone;      /* tickets to publish one at a time, from alone_at_ms on */
  guint64 alone_now; /* the one that is out; 0: none */
  gint64 alone_at_ms;
};

OutboxTurns *
outbox_turns_new (void)
{
  OutboxTurns *turns = g_new0 (OutboxTurns, 1);

  turns->again_pause_ms = RETRY_MS;
  return turns;
}

void
outbox_turns_free (OutboxTurns *turns)
{
  if (!turns)
    return;
  g_queue_clear_full (&turns->again, g_free);
  g_queue_clear_full (&turns->alone, g_free);
  g_free (turns);
}

void
outbox_turns_again (OutboxTurns *turns, guint64 ticket, gint64 now_ms)
{
  if (turns->again.length == 0)
    turns->again_at_ms = now_ms + turns->again_pause_ms;
  g_queue_push_tail (&turns->again, g_memdup2 (&ticket, sizeof ticket));
}

static gboolean
is_again_due (const OutboxTurns *turns, gint64 now_ms)
{
  return turns->again.length > 0 && now_ms >= turns->again_at_ms;
}

GQueue
outbox_turns_take_again (OutboxTurns *turns, gint64 now_ms)
{
  GQueue tickets = G_QUEUE_INIT;

  if (is_again_due (turns, now_ms)) {
    tickets = turns->again;
    g_queue_init (&turns->again);
    turns->again_pause_ms = MIN (2 * turns->again_pause_ms, RETRY_MAX_MS);
  }
  return tickets;
}

void
outbox_turns_note_taken (OutboxTurns *turns)
{
  turns->again_pause_ms = RETRY_MS;
}

void
outbox_turns_alone (OutboxTurns *turns, guint64 ticket)
{
  g_queue_push_tail (&turns->alone, g_memdup2 (&ticket, sizeof ticket));
}

void
outbox_turns_alone_again (OutboxTurns *turns, guint64 ticket, gint64 now_ms)
{
  turns->alone_at_ms = now_ms + RETRY_MS;
  outbox_turns_alone (turns, ticket);
}

static gboolean
is_alone_due (const OutboxTurns *turns, gint64 now_ms)
{
  return turns->alone.length > 0 && turns->alone_now == 0 && now_ms >= turns->alone_at_ms;
}

guint64
outbox_turns_next_alone (OutboxTurns *turns, gint64 now_ms)
{
  g_autofree guint64 *ticket = NULL;

  if (!is_alone_due (turns, now_ms))
    return 0;
  ticket = g_queue_pop_head (&turns->alone);
  turns->alone_now = *ticket;
  return turns->alone_now;
}

gboolean
outbox_turns_note_back (OutboxTurns *turns, guint64 ticket)
{
  if (turns->alone_now != ticket)
    return FALSE;
  turns->alone_now = 0;
  return TRUE;
}

gboolean
outbox_turns_are_due (const OutboxTurns *turns, gint64 now_ms)
{
  return is_again_due (turns, now_ms) || is_alone_due (turns, now_ms);
}

gint64
outbox_turns_due_ms (const OutboxTurns *turns, gint64 until_ms)
{
  gint64 due = until_ms;

  if (turns->again.length > 0)
    due = MIN (due, turns->again_at_ms);
  if (turns->alone.length > 0 && turns->alone_now == 0)
    due = MIN (due, turns->alone_at_ms);
  return due;
}
