/* A package goes out: a location is created, the package is PUT to it; both are journalled, and of
 * a PUT without an answer the service itself says what came of it.
 *
 *   create-location/P-N   package P's location N: guid and URL
 *   put-package/P-N       what became of it: "accepted MD5", "accepted" where the service says so,
 *                         "expired" or "refused": location N + 1 follows
 *
 * Within a location's life an unknown PUT is made again, the same bytes to the same place; after it
 * the guid is asked for. So a finished step stays finished, and one package is accepted a number.
 */
#pragma once

#include "intake/package.h"
#include "intake/upload.h"
#include "pipeline/run.h"

#define PACKAGE_FORM "686C-674-V2" /* docType, and form_id of its row */

/* Borrowed throughout. */
typedef struct {
  Run *run; /* of the group */
  IntakeClient *intake;
  const IntakePackage *package;
  /* What the package is made of, not its boundary: the same claim gives the same text */
  const char *request;
  guint package_no;
} Sending;

/**
 * sending_send:
 * @ret_uuid: the service's guid of what it has accepted; owned
 *
 * Errors: %PIPELINE_ERROR_SNOOZE and _LOOK_LATER (a PUT of unknown outcome), _DIGEST (another
 * package stands unknown), _DEAD (locations are refused one after another), %INTAKE_ERROR and those
 * of run_step().
 */
gboolean sending_send (const Sending *sending, char **ret_uuid, GError **error);
