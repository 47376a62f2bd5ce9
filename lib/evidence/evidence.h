/* The Claims Evidence API: Veterans' electronic folders. Where it is, who we are, one paper into a
 * folder, and whether a folder has it. What can go wrong stands here, what it means in verdicts.h.
 *
 * A file's name is unique in its folder, so that an upload of unknown outcome is looked for by it
 * before it is made again. Nothing is repeated in this room. Source: README.md. */
#pragma once

#include <glib.h>
#include "base/settings.h"

#define EVIDENCE_ERROR (evidence_error_quark ())
GQuark evidence_error_quark (void);
typedef enum {
  EVIDENCE_ERROR_NOT_SENT,      /* not connected: nothing has happened */
  EVIDENCE_ERROR_OWN,           /* nothing was sent, for want of something of this process */
  EVIDENCE_ERROR_BETWEEN,       /* something between us and the service refuses, not the service */
  EVIDENCE_ERROR_UNKNOWN,       /* sent, and no usable answer: the paper may be in the folder */
  EVIDENCE_ERROR_UNAVAILABLE,   /* the service says "later"; the paper may be in the folder */
  EVIDENCE_ERROR_BUSY,          /* too many at once: nothing has happened */
  EVIDENCE_ERROR_TOKEN,         /* our token is not taken, nor is a second one: nobody's would be */
  EVIDENCE_ERROR_CONFIGURATION, /* our address: no paper's fault */
  EVIDENCE_ERROR_FAULT,         /* a refusal that another try may mend, or may not */
  EVIDENCE_ERROR_REFUSED,       /* for good: this paper, or this folder */
} EvidenceError;

typedef struct EvidenceClient EvidenceClient; /* thread safe */

/* evidence-url, evidence-secret, evidence-timeout-ms, evidence-connect-timeout-ms,
 * evidence-ca-file, evidence-verify-tls, evidence-max-connection-age-s */
extern const Setting evidence_settings[];
/* Errors: %SETTINGS_ERROR_INVALID: an address that is none. */
EvidenceClient *evidence_client_new (const Settings *settings, GError **error);
void evidence_client_free (EvidenceClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvidenceClient, evidence_client_free)

/* Whose folder: by the first of these that is there. NULL: nobody's. Owned; personal data, so it
 * stands in no log. */
char *evidence_folder (const char *participant_id, const char *ssn);

/* One paper; all borrowed. Memory or a file, never both. */
typedef struct {
  const char *folder;       /* of evidence_folder() */
  const char *content_name; /* unique in the folder, 4 to 256 characters, with an extension */
  gint64 document_type;     /* as the service numbers them */
  const char *received_day; /* YYYY-MM-DD */
  GBytes *bytes;            /* a PDF; NULL: fd has it */
  int fd;                   /* read from its first byte, whatever its offset */
  gsize length;
} EvidencePaper;

typedef struct {
  char *uuid;                 /* of the file in the folder */
  gboolean is_told_other_md5; /* the service says that it has stored other bytes than were sent */
} EvidenceFile;
void evidence_file_free (EvidenceFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvidenceFile, evidence_file_free)

/**
 * evidence_upload:
 *
 * Puts the paper into the folder, read while it goes out: nothing of it is whole in memory but what
 * was given so. Waits at most evidence_upload_limit_ms(): a token that is not taken is made anew
 * once.
 *
 * Errors: %EVIDENCE_ERROR. After %EVIDENCE_ERROR_UNKNOWN and %EVIDENCE_ERROR_UNAVAILABLE it may be
 * in the folder: look for its name before it is sent again. After all others it is not there by
 * this call.
 */
EvidenceFile *evidence_upload (EvidenceClient *client, const EvidencePaper *paper, GError **error);

/**
 * evidence_find:
 * @ret_uuid: of the file with that name, owned; NULL: the folder has none
 *
 * Waits at most twice evidence-timeout-ms.
 */
gboolean evidence_find (EvidenceClient *client, const char *folder, const char *content_name,
                        char **ret_uuid, GError **error);

/* The longest that a call may be under way before its first byte: the connect limit. */
gint64 evidence_call_limit_ms (const Settings *settings);
/* The longest that evidence_upload() of so many bytes may take: evidence-timeout-ms and a second
 * for each million bytes begun, for each of two tokens. */
gint64 evidence_upload_limit_ms (const Settings *settings, gsize bytes);
