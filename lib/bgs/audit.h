/* The audit fields of a BGS call: five elements whose names begin with jrn, in one of two orders.
 *
 * Their values are the same for every call of a process. The prefix stays in this room.
 * Source: README.md, fact 4. */
#pragma once

#include <glib.h>

typedef struct {
  const char *station_id;  /* jrnLctnId */
  const char *username;    /* jrnUserId */
  const char *application; /* jrnObjId */
} BgsAudit;

typedef enum {
  BGS_AUDIT_PLAIN,  /* "J5": jrnDt, jrnLctnId, jrnStatusTypeCd, jrnUserId, jrnObjId */
  BGS_AUDIT_LISTED, /* "J5x": jrnDt, jrnLctnId, jrnObjId, jrnStatusTypeCd, jrnUserId */
  BGS_AUDIT_NOTE,   /* J5x with jrnSttTc = I in place of jrnStatusTypeCd */
} BgsAuditOrder;
