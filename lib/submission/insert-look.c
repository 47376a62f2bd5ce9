/* The look, increments. See insert-look.h. */
#include "submission/insert-look.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/crash-point.h"
#include "base/text.h"

/* What BGS gives may be reserved for another child; so many are tried from there on. */
#define INCREMENTS_TRIED_MAX 10

/* --- The look. --- */

static gboolean
is_over (const BgsClaimRow *claim)
{
  return g_strcmp0 (claim->status, "CLR") == 0 || g_strcmp0 (claim->status, "CAN") == 0;
}

/* Its increment is as journalled, its type or day is not. */
static gboolean
differs (const InsertNote *note, const BgsClaimRow *claim)
{
  return GUARD (OURS) && (g_strcmp0 (note->claim_type, claim->claim_type) != 0 ||
                          g_strcmp0 (note->day, claim->received_day) != 0);
}

/* Somebody else's name stands first on it. */
static gboolean
is_by_another (const BgsClaimRow *claim, const char *username)
{
  return GUARD (OURS) && claim->first_user && g_ascii_strcasecmp (claim->first_user, username) != 0;
}

/* Increment, type and day are those that were journalled before the insert was sent. */
static const InsertNote *
note_of (const GPtrArray *notes, const BgsClaimRow *claim)
{
  for (guint i = notes->len; i > 0; i--) {
    const InsertNote *note = g_ptr_array_index (notes, i - 1);

    if (g_strcmp0 (note->increment, claim->increment) != 0)
      continue;
    if (!differs (note, claim))
      return note;
  }
  return NULL;
}

/* May be ours: the note that it agrees with; NULL: it is not. */
static const InsertNote *
candidate_note (const GPtrArray *notes, const BgsClaimRow *claim, const char *username)
{
  const InsertNote *note = GUARD (GONE) || !is_over (claim) ? note_of (notes, claim) : NULL;

  return note && !is_by_another (claim, username) ? note : NULL;
}

InsertLook
insert_look (const GPtrArray *notes, const GPtrArray *claims, const char *username)
{
  InsertLook look = { .sight = INSERT_NOT_THERE };
  const InsertNote *last = notes->len ? g_ptr_array_index (notes, notes->len - 1) : NULL;
  guint candidates = 0;

  for (guint i = 0; i < claims->len; i++) {
    const BgsClaimRow *claim = g_ptr_array_index (claims, i);
    const InsertNote *note = candidate_note (notes, claim, username);

    if (note) {
      candidates++;
      look.claim = claim;
      look.note = note;
      continue;
    }
    if (last && !is_over (claim) && g_strcmp0 (claim->increment, last->increment) == 0)
      look.is_taken = TRUE;
  }
  if (candidates == 0)
    return look;
  /* Ours in all but its state, or nobody knows whose: neither adopted nor a reason to insert. */
  if (candidates > 1 || g_strcmp0 (look.claim->status, "PEND") != 0 || !look.claim->first_user)
    return (InsertLook){ .sight = INSERT_UNCLEAR };
  look.sight = INSERT_FOUND;
  look.is_taken = FALSE;
  return look;
}

/* What BGS does not tell is left out. */
char *
insert_look_candidates (const GPtrArray *notes, const GPtrArray *claims, const char *username)
{
  g_autoptr (json_t) candidates = json_array ();

  for (guint i = 0; i < claims->len; i++) {
    const BgsClaimRow *claim = g_ptr_array_index (claims, i);

    if (candidate_note (notes, claim, username))
      (void)json_array_append_new (
          candidates, json_pack ("{s:s*,s:s*,s:s*,s:s*,s:s*}", "benefit_claim_id", claim->claim_id,
                                 "status", claim->status, "type", claim->claim_type, "increment",
                                 claim->increment, "received", claim->received_day));
  }
  return text_of_json (candidates);
}

static gboolean
is_in_use (const char *increment, const GPtrArray *claims)
{
  for (guint i = 0; i < claims->len; i++) {
    const BgsClaimRow *claim = g_ptr_array_index (claims, i);

    if (!is_over (claim) && g_strcmp0 (claim->increment, increment) == 0)
      return TRUE;
  }
  return FALSE;
}

gboolean
increment_is_reserved (const char *increment, const GPtrArray *reserved_notes)
{
  for (guint i = 0; i < reserved_notes->len; i++) {
    const InsertNote *note = g_ptr_array_index (reserved_notes, i);

    if (g_str_equal (note->increment, increment))
      return TRUE;
  }
  return FALSE;
}

char *
increment_next_free (const char *asked, const GPtrArray *claims, const GPtrArray *reserved_notes)
{
  gint64 number;

  if (!parse_int64 (asked, 0, 999 - INCREMENTS_TRIED_MAX, &number))
    return NULL;
  for (gint64 next = number; next < number + INCREMENTS_TRIED_MAX; next++) {
    g_autofree char *increment = g_strdup_printf ("%03" G_GINT64_FORMAT, next);

    if (!is_in_use (increment, claims) && !increment_is_reserved (increment, reserved_notes))
      return g_steal_pointer (&increment);
  }
  return NULL;
}

/* What is kept of an insert, made from a claim that was found in its place: the same names. */
