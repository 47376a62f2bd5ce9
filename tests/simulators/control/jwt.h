/* A JWT (HS256) as a service reads it, by hand: what a client's library makes is held against the
 * standard, not against that library. Pure. */
#pragma once

#include <glib.h>
#include <jansson.h>

/* The token of an Authorization header, inside it; NULL when that names another scheme, or is NULL. */
const char *jwt_of_bearer (const char *authorization);
/* The claims, a new reference; NULL: not three parts of JSON, or a header that is not HS256 and JWT. */
json_t *jwt_read (const char *token);
/* @token: one that jwt_read() could read. */
gboolean jwt_is_signed (const char *token, const char *secret);
