/* A package goes out: a location is created, then the package is PUT to it. */
#pragma once

#include "intake/answer.h"
#include "intake/package.h"

/* How long a location is good for, from its create on. */
#define INTAKE_LOCATION_LIFE_MS (900 * 1000)

/**
 * intake_create_location:
 *
 * Waits at most intake-timeout-ms. A guid that is never used expires there by itself, so that of
 * unknown outcome another create is harmless.
 *
 * Errors: %INTAKE_ERROR; the quota that is used up is not asked.
 */
IntakeLocation *intake_create_location (IntakeClient *client, GError **error);

/**
 * intake_upload:
 * @location: exactly as the create gave it
 * @age_ms: of the location, since before its create was sent
 *
 * PUTs the package, once. The key does not go with it. Waits at most intake_upload_limit_ms().
 *
 * Errors: %INTAKE_ERROR_LOCATION, also without a call when the location is too old for one;
 * %INTAKE_ERROR_DAMAGED: what was stored has another MD5, and may be what the server takes unless
 * the same package is PUT again; %INTAKE_ERROR_ARGUMENT of intake_package_check(). Of unknown
 * outcome the same PUT may be repeated while the location lives; later intake_find_upload() tells.
 * Returns: the MD5 of what was sent and is stored, hexadecimal; owned.
 */
char *intake_upload (IntakeClient *client, const char *location, gint64 age_ms,
                     const IntakePackage *package, GError **error);

/* intake-timeout-ms and a second for each million bytes begun, but ending before the location does;
 * 0: too late. */
gint64 intake_upload_limit_ms (const IntakeClient *client, gsize bytes, gint64 age_ms);
