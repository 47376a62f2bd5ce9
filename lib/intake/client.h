/* The inside of an IntakeClient, for this room alone. */
#pragma once

#include "http/http.h"
#include "intake/answer.h"

/* A call of the API: @path behind its base, with the key. @body: JSON or NULL.
 * Errors: %INTAKE_ERROR, of HTTP or of the answer. Returns: an answer that intake_judge() takes. */
HttpAnswer *intake_call (IntakeClient *client, IntakeCall call, const char *path, const char *body,
                         GError **error);
/* A PUT to the storage, without the key. */
HttpAnswer *intake_put (IntakeClient *client, const HttpRequest *request, GError **error);
gint64 intake_client_connect_timeout_ms (const IntakeClient *client);
/* Whether documents may go to this URL: no less guarded than the API itself. */
gboolean intake_client_trusts (const IntakeClient *client, const char *url);
