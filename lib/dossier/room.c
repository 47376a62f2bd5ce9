/* A bound, shared. See room.h. */
#include "dossier/room.h"

struct DossierRoom {
  gint64 max_bytes;
  GMutex lock;
  gint64 taken_bytes; /* guarded by lock */
};

DossierRoom *
dossier_room_new (gint64 max_bytes)
{
  DossierRoom *room = g_new0 (DossierRoom, 1);

  room->max_bytes = max_bytes;
  g_mutex_init (&room->lock);
  return room;
}

void
dossier_room_free (DossierRoom *room)
{
  if (!room)
    return;
  g_mutex_clear (&room->lock);
  g_free (room);
}

gboolean
dossier_room_take (DossierRoom *room, gint64 bytes)
{
  gboolean is_free;

  g_mutex_lock (&room->lock);
  is_free = room->taken_bytes == 0 || bytes <= room->max_bytes - room->taken_bytes;
  if (is_free)
    room->taken_bytes += bytes;
  g_mutex_unlock (&room->lock);
  return is_free;
}

void
dossier_room_give (DossierRoom *room, gint64 bytes)
{
  g_mutex_lock (&room->lock);
  room->taken_bytes -= bytes;
  g_mutex_unlock (&room->lock);
}
