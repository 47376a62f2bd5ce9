/* What the simulated BGS holds, and the operations of its services.
 *
 * An operation gets a call whose path, namespace and caller are in order, and answers it.
 * Operations run in many threads at once; each store locks for itself. */
#pragma once

#include <glib.h>
#include <jansson.h>
#include "rows.h"
#include "wire.h"

typedef struct Vnp Vnp;             /* rows of VNP services and notes */
typedef struct Corporate Corporate; /* Veterans and their benefit claims */

typedef struct {
  GHashTable *usernames;
  gint dialect;           /* atomic; a Dialect */
  gboolean column_limits; /* refuse values longer than a column */
  guint max_open_claims;
  guint large_replies;                 /* old claims of every Veteran, in replies only */
  gboolean claim_owner_is_participant; /* else whoever the file number belongs to */
  const char *bid_token;               /* "": any */
  Vnp *vnp;
  Corporate *corporate;
} Bgs;

typedef struct Operation Operation;
struct Operation {
  const char *name, *bean;
  HttpReply *(*carry_out) (Bgs *bgs, const Call *call, const Operation *operation);
  TableId table;       /* VNP services */
  gboolean in_chicago; /* the reply's dates are in US Central */
};

/* vnp.c */
Vnp *vnp_new (void);
void vnp_free (Vnp *vnp);
void vnp_clear (Vnp *vnp);
void vnp_add_state (Vnp *vnp, json_t *state);
HttpReply *vnp_create (Bgs *bgs, const Call *call, const Operation *operation);
HttpReply *vnp_update (Bgs *bgs, const Call *call, const Operation *operation);
HttpReply *vnp_find (Bgs *bgs, const Call *call, const Operation *operation);
HttpReply *note_create (Bgs *bgs, const Call *call, const Operation *operation);

/* corporate.c */
Corporate *corporate_new (void);
void corporate_free (Corporate *corporate);
void corporate_clear (Corporate *corporate);
void corporate_add_state (Corporate *corporate, json_t *state);
/* Remembers who a corporate participant is, at first use; NULL for what is not known. */
void corporate_learn (Corporate *corporate, const char *ptcpnt_id, const char *file_number,
                      const char *ssn);
void corporate_set_flash (Corporate *corporate, const char *ptcpnt_id, gboolean has_flash);
void corporate_set_pension (Corporate *corporate, const char *ptcpnt_id, gboolean has_pension);
gboolean corporate_has_pension (Corporate *corporate, const char *ptcpnt_id);
/* Control calls; see README.md. */
HttpReply *corporate_plant (Corporate *corporate, const HttpServerRequest *request);
HttpReply *corporate_describe (Corporate *corporate, const HttpServerRequest *request);
HttpReply *increment_find (Bgs *bgs, const Call *call, const Operation *operation);
HttpReply *claim_insert (Bgs *bgs, const Call *call, const Operation *operation);
HttpReply *claims_of_file (Bgs *bgs, const Call *call, const Operation *operation);
HttpReply *claim_find (Bgs *bgs, const Call *call, const Operation *operation);
HttpReply *claim_details_of_ptcpnt (Bgs *bgs, const Call *call, const Operation *operation);
HttpReply *claim_detail (Bgs *bgs, const Call *call, const Operation *operation);

/* office-calls.c */
HttpReply *offices_find (Bgs *bgs, const Call *call, const Operation *operation);
HttpReply *office_route (Bgs *bgs, const Call *call, const Operation *operation);
