/* SOAP 1.1 as BGS speaks it: reading a request, writing a reply in either dialect, and faults.
 *
 * Strict on purpose: path, method, namespaces and names must be right, and a fault is always HTTP
 * 500. What an operation does is not here. Source: lib/bgs/README.md, facts 1 to 5 and 26. */
#pragma once

#include <glib.h>
#include <libxml/tree.h>
#include "http/server.h"

typedef enum {
  DIALECT_NEW, /* header env:, prefix ns0, nil omitted */
  DIALECT_OLD, /* header S:, prefix ns2, nil as an empty element or 0 */
} Dialect;

/* Decides the shape of a service's faults. */
typedef enum { FAMILY_VNP, FAMILY_SHARE, FAMILY_VETSNET, FAMILY_MAPD, FAMILY_ROUTING } Family;

typedef struct {
  const char *path, *advertised_path; /* the second: what the WSDL says, NULL when the same */
  const char *name_space;
  const char *bean;
  Family family;
} Service;

const Service *service_of_path (const char *path);
const Service *service_of_bean (const char *bean); /* which must exist */

typedef struct {
  const HttpServerRequest *request; /* lives as long as the exchange */
  Dialect dialect;
  const Service *service; /* NULL: no SOAP service lies there */
  char *operation;        /* as the request names it; "" when it names none */
  xmlDoc *document;
  xmlNode *body; /* the operation's element */
  char *username;
  HttpReply *refusal; /* set: the request got no further */
} Call;

typedef struct {
  GHashTable *usernames; /* set of known ones */
  Dialect dialect;
} WireRules;

/* Reads the request up to the operation's element and checks what does not depend on the operation.
 */
Call *call_read (const HttpServerRequest *request, const WireRules *rules);
void call_free (Call *call);

gboolean wire_is_nil (xmlNode *element);
char *wire_text (xmlNode *element); /* text below the element; never NULL; owned by the caller */
/* The last child of that name; @name_space NULL: in no namespace. NULL when absent. */
xmlNode *wire_child (xmlNode *parent, const char *name_space, const char *name);
/* The text of such a child; NULL when absent or nil; owned by the caller. */
char *wire_child_text (xmlNode *parent, const char *name_space, const char *name);

/* Appends <name>value</name>; nothing for NULL, an empty element for "". */
void wire_append (GString *xml, const char *name, const char *value);

/* The envelope around whatever the body holds. */
GString *envelope_begin (const Call *call);
HttpReply *envelope_end (GString *xml, int status); /* takes @xml */

/* A reply: the envelope up to the operation's reply element, and its end. */
GString *reply_begin (const Call *call);
HttpReply *reply_end (const Call *call, GString *xml); /* takes @xml */

/* Faults. */
HttpReply *fault_client (const Call *call, const char *text);
/* In the shape of the service's family; vetsnet texts get "Bean-->operation-->" in front. */
HttpReply *fault_of_family (const Call *call, const char *text);
HttpReply *fault_not_found (const Call *call, const char *text); /* ResultNotFoundFault */
HttpReply *fault_number_format (const Call *call, const char *dto, const char *element,
                                const char *value);
/* A Java stack trace of 10 to 70 kB, of another length each time, around the useful text. */
HttpReply *fault_oracle (const Call *call, const char *text, const char *sql);
HttpReply *fault_java (const Call *call, const char *text);
