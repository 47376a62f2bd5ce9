/* vnp proc: the tie between everything one claim group writes. Source: README.md, fact 6.
 *
 * A proc cannot be found by content. The rating engine reads one as soon as it says Ready. */
#pragma once

#include "bgs/bgs.h"

#define BGS_PROC_STARTED "Started"
#define BGS_PROC_READY   "Ready"
#define BGS_PROC_MANUAL  "MANUAL_VAGOV"

typedef struct {
  const char *state; /* BGS_PROC_STARTED or BGS_PROC_MANUAL */
} BgsProc;

/* Kept: vnpProcId, creatdDt (as sent; bgs_proc_update() wants it back). */
char *bgs_proc_create (BgsClient *client, const BgsCaller *caller, const BgsProc *proc,
                       GError **error);
char *bgs_proc_digest_text (const BgsProc *proc);

typedef struct {
  const char *proc_id;
  const char *state;      /* BGS_PROC_READY or BGS_PROC_MANUAL */
  const char *created_at; /* creatdDt as kept; NULL: not known, and then it is sent as now */
} BgsProcUpdate;

/* Replaces the row: every field goes out. Repeating it is harmless. Kept: "". */
char *bgs_proc_update (BgsClient *client, const BgsCaller *caller, const BgsProcUpdate *update,
                       GError **error);
char *bgs_proc_update_digest_text (const BgsProcUpdate *update);

/* TRUE with *ret_state NULL: no such proc. The finder was never recorded: a fault of it says
 * nothing about the proc. */
gboolean bgs_proc_find (BgsClient *client, const BgsCaller *caller, const char *proc_id,
                        char **ret_state, GError **error);
