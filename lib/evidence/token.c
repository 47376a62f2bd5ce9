/* The token of one request. See token.h. */
#include "evidence/token.h"

#include <jwt.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

#define ISSUER  "VAGOV"
#define USER    "VAGOVSYSACCT"
#define STATION "283"
#define LIFE_S  (15 * 60)

static gboolean
add_claims (jwt_t *jwt, gint64 now_s)
{
  g_autofree char *id = text_new_uuid ();

  return jwt_add_grant (jwt, "jti", id) == 0 && jwt_add_grant_int (jwt, "iat", (long)now_s) == 0 &&
         jwt_add_grant_int (jwt, "exp", (long)(now_s + LIFE_S)) == 0 &&
         jwt_add_grant (jwt, "iss", ISSUER) == 0 &&
         jwt_add_grant (jwt, "applicationID", ISSUER) == 0 &&
         jwt_add_grant (jwt, "userID", USER) == 0 && jwt_add_grant (jwt, "stationID", STATION) == 0;
}

char *
evidence_token (const char *secret, gint64 now_s)
{
  jwt_t *jwt = NULL;
  char *made = NULL, *token = NULL;

  if (jwt_new (&jwt) == 0 &&
      jwt_set_alg (jwt, JWT_ALG_HS256, (const unsigned char *)secret, (int)strlen (secret)) == 0 &&
      add_claims (jwt, now_s))
    made = jwt_encode_str (jwt);
  token = g_strdup (made);
  free (made); /* libjwt's, not GLib's */
  jwt_free (jwt);
  return token;
}
