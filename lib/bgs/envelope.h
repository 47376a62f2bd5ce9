/* The SOAP envelope: building a request body element by element, reading a reply by local name.
 *
 * A body is built twice from the same code: once to be sent, and once without its clock fields
 * and audit fields, as the text that a digest is made of. What an element means is known to the
 * service's file alone. Source: README.md, facts 2 to 5. */
#pragma once

#include "bgs/audit.h"
#include "bgs/bgs.h"

typedef struct {
  const char *path;          /* after the base URL */
  const char *xml_namespace; /* of the body element */
  const char *operation;     /* its local name */
  gboolean is_qualified;     /* the elements inside have the namespace too (routing alone) */
  /* A read, or a write whose repeat does no harm (README.md): any fault counts as a refusal. FALSE:
   * only one that BGS is known to give, for a gateway's time-out is a well-formed fault too. */
  gboolean is_harmless;
} BgsOperation;

/* A request being written. */
typedef struct BgsBody BgsBody;
/* @audit NULL: a digest text; clock fields and audit fields are left out of it. */
BgsBody *bgs_body_new (const BgsOperation *operation, const BgsAudit *audit, gint64 now_ms);
void bgs_body_free (BgsBody *body);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BgsBody, bgs_body_free)

void bgs_body_open (BgsBody *body, const char *name);
void bgs_body_close (BgsBody *body, const char *name);
/* NULL: nil; "": an empty element; else the text, escaped. Returns nothing: what is missing is
 * found at the end. */
void bgs_body_text (BgsBody *body, const char *name, const char *value);
/* The same for what a person is or lives at: an echo of it in a fault is taken out of the
 * fault's text. */
void bgs_body_private (BgsBody *body, const char *name, const char *value);
/* The same for a value that BGS refuses to be without: NULL or blank makes the whole body an
 * error. */
void bgs_body_required (BgsBody *body, const char *name, const char *value);
void bgs_body_required_private (BgsBody *body, const char *name, const char *value);
/* An echo of @value is taken out of a fault's text; nothing is written. For what goes out beside
 * the body. */
void bgs_body_hide (BgsBody *body, const char *value);
/* @day: YYYY-MM-DD, or a timestamp whose first ten characters are that; NULL or blank: nil. Goes
 * out as noon UTC. */
void bgs_body_day (BgsBody *body, const char *name, const char *day);
void bgs_body_required_day (BgsBody *body, const char *name, const char *day);
/* This moment, UTC, whole seconds: a clock field. */
void bgs_body_now (BgsBody *body, const char *name);
void bgs_body_audit (BgsBody *body, BgsAuditOrder order);
/* The finished body element, or NULL and %BGS_ERROR_ARGUMENT naming operation and element. */
char *bgs_body_end (BgsBody *body, GError **error);
/* The text of a body made for a digest, whatever is missing from it; frees @body. */
char *bgs_body_digest (BgsBody *body);
const char *const *bgs_body_private_values (const BgsBody *body); /* NULL-terminated; borrowed */

/* A reply, parsed. */
typedef struct BgsReply BgsReply;
void bgs_reply_free (BgsReply *reply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BgsReply, bgs_reply_free)
typedef struct BgsNode BgsNode; /* an element of a reply; borrowed from it */

/**
 * bgs_reply_parse:
 * @private_values: what must not stand in a fault's text, see bgs_fault_text(); may be NULL
 *
 * Reads an answer to @operation: the element <operation>Response, in the operation's namespace,
 * alone in a SOAP 1.1 body.
 *
 * Errors: %BGS_ERROR_FAULT (a fault that refuses, with its useful text), %BGS_ERROR_UNPROVEN (a
 * fault that does not prove that nothing happened: see BgsOperation.is_harmless, and any that has
 * company in its body), %BGS_ERROR_UNKNOWN (anything else; the text names operation, status and
 * kind of trouble, never contents).
 */
BgsReply *bgs_reply_parse (const BgsOperation *operation, long status, GBytes *body,
                           const char *const *private_values, GError **error);
const BgsNode *bgs_reply_root (const BgsReply *reply);
/* The first child element of that local name, or NULL. */
const BgsNode *bgs_node_child (const BgsNode *node, const char *name);
/* The next sibling of the same local name, or NULL. */
const BgsNode *bgs_node_next (const BgsNode *node);
/* A child's text, trimmed; NULL when absent, nil or empty (an older server writes nil as an
 * empty element). */
char *bgs_node_child_text (const BgsNode *node, const char *name);
char *bgs_node_text (const BgsNode *node);
/* The same for an id: NULL too when it is 0 (nil, from an older server) or no decimal number. */
char *bgs_node_child_id (const BgsNode *node, const char *name);

/* The whole envelope around a finished body element. */
char *bgs_envelope (const BgsOperation *operation, const BgsAudit *audit,
                    const char *client_machine, const BgsCaller *caller, const char *body_element);
