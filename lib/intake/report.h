/* What has become of packages. Reads: all may be asked again. */
#pragma once

#include "intake/answer.h"

#define INTAKE_REPORT_MAX_IDS 1000

/* One package, as it is now; one that the API does not know is %INTAKE_STATUS_ERROR with DOC105, as
 * in a report. Waits at most intake-timeout-ms. @guid: as a create gave it. */
IntakeUpload *intake_find_upload (IntakeClient *client, const char *guid, GError **error);

/**
 * intake_report:
 * @guids: 1 to INTAKE_REPORT_MAX_IDS, NULL-terminated
 *
 * Many at once; the API's answers may be an hour old. Waits at most intake-timeout-ms.
 * Returns: guid -> IntakeUpload, of those that were asked for; of one that is not in it there is
 * no news.
 */
GHashTable *intake_report (IntakeClient *client, const char *const *guids, GError **error);
