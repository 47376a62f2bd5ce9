/* The packages that a group is sent by on the backup way, and their attempts, as rows. An attempt
 * is one location at the intake service, or one try that did not come so far. What a package shows
 * is its newest attempt. Columns: schemas/sql. */
#pragma once

#include "db/db.h"

/* The number of the package that is being made: one more than have been accepted. */
gboolean package_number (Db *db, const char *guid, guint *ret_number, GError **error);

/* A location was given: an attempt of its own, pending, and the package's uuid. @form_id: the
 * package's docType. The same uuid again changes nothing. */
gboolean package_attempt_begin (Db *db, const char *guid, guint number, const char *form_id,
                                const char *uuid, GError **error);
/* The attempt under way (pending or unknown) is over, or unknown for now; where none is under way,
 * one that had no location. @status unknown or failure. @error_message is neutral text. */
gboolean package_attempt_end (Db *db, const char *guid, guint number, const char *form_id,
                              const char *status, const char *error_class,
                              const char *error_message, GError **error);

/* What was sent, and when intake is first asked what has become of it. */
typedef struct {
  const char *uuid;
  guint document_count, page_count;
  gint64 ask_after_ms;
} PackageSent;
/* Accepted. FALSE without @error: it was before. */
gboolean package_accepted (Db *db, const char *guid, guint number, const PackageSent *sent,
                           GError **error);
