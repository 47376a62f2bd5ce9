/* What all documents in hand may hold of attachments together; thread safe. A document stays in
 * hand until it is sent, and every worker may have some. */
#pragma once

#include <glib.h>

typedef struct DossierRoom DossierRoom;
DossierRoom *dossier_room_new (gint64 max_bytes);
void dossier_room_free (DossierRoom *room); /* nothing may be taken */

/* FALSE: others hold too much. What is larger than all there may be is let in alone. */
gboolean dossier_room_take (DossierRoom *room, gint64 bytes);
void dossier_room_give (DossierRoom *room, gint64 bytes);
