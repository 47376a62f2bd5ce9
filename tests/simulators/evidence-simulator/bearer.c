/* The checks of a token, the signature first: nothing is believed before it. */
#include "evidence-simulator/bearer.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "control/jwt.h"
#include "base/cleanup.h" /* after jansson.h */
#include "evidence-simulator/fault.h"

#define ISSUER      "VAGOV"
#define USER_ID     "VAGOVSYSACCT"
#define STATION_ID  "283"
#define LIFE_S      (15 * 60)
#define TOLERANCE_S 30

struct Bearers {
  char *secret;
  GMutex lock;      /* guards what follows */
  GHashTable *seen; /* jti -> gint64, when its token expires */
};

Bearers *
bearers_new (const char *secret)
{
  Bearers *bearers = g_new0 (Bearers, 1);

  bearers->secret = g_strdup (secret);
  g_mutex_init (&bearers->lock);
  bearers->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return bearers;
}

void
bearers_free (Bearers *bearers)
{
  if (!bearers)
    return;
  g_free (bearers->secret);
  g_hash_table_unref (bearers->seen);
  g_mutex_clear (&bearers->lock);
  g_free (bearers);
}

void
bearers_clear (Bearers *bearers)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&bearers->lock);

  g_hash_table_remove_all (bearers->seen);
}

static gboolean
has_expired (gpointer jti, gpointer expires_at, gpointer now_s)
{
  (void)jti;
  return *(gint64 *)expires_at <= *(gint64 *)now_s;
}

/* FALSE: it has been seen already. */
static gboolean
is_first (Bearers *bearers, const char *jti, gint64 expires_at, gint64 now_s)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&bearers->lock);

  g_hash_table_foreach_remove (bearers->seen, has_expired, &now_s);
  return g_hash_table_insert (bearers->seen, g_strdup (jti),
                              g_memdup2 (&expires_at, sizeof expires_at));
}

static gboolean
claim_is (json_t *claims, const char *name, const char *wanted)
{
  return g_strcmp0 (json_string_value (json_object_get (claims, name)), wanted) == 0;
}

/* What is wrong with its times; NULL: nothing. */
static const char *
find_wrong_time (json_t *claims, gint64 now_s)
{
  json_t *issued_at = json_object_get (claims, "iat");
  json_t *expires_at = json_object_get (claims, "exp");

  if (!json_is_integer (issued_at) || !json_is_integer (expires_at))
    return "iat or exp is no integer";
  if (json_integer_value (issued_at) > now_s + TOLERANCE_S)
    return "iat is to come";
  if (json_integer_value (expires_at) <= now_s)
    return "exp is past";
  if (json_integer_value (expires_at) > json_integer_value (issued_at) + LIFE_S)
    return "exp is more than 15 minutes after iat";
  return NULL;
}

/* What is wrong with the token; NULL: nothing. */
static const char *
find_wrong (Bearers *bearers, const char *token, json_t *claims, gint64 now_s)
{
  const char *jti = json_string_value (json_object_get (claims, "jti"));
  const char *wrong = NULL;

  if (!json_is_object (claims))
    return "it cannot be read";
  if (!jwt_is_signed (token, bearers->secret))
    return "the signature";
  wrong = find_wrong_time (claims, now_s);
  if (wrong)
    return wrong;
  if (!claim_is (claims, "iss", ISSUER) || !claim_is (claims, "applicationID", ISSUER))
    return "iss or applicationID";
  if (!json_is_string (json_object_get (claims, "userID")) ||
      !json_is_string (json_object_get (claims, "stationID")))
    return "userID or stationID is no string";
  if (!jti || !text_is_uuid (jti))
    return "jti is no UUID";
  if (!is_first (bearers, jti, json_integer_value (json_object_get (claims, "exp")), now_s))
    return "jti has been seen";
  return NULL;
}

HttpReply *
bearers_refusal (Bearers *bearers, const HttpServerRequest *request, gint64 now_s)
{
  const char *token = jwt_of_bearer (g_hash_table_lookup (request->headers, "authorization"));
  g_autoptr (json_t) claims = NULL;
  const char *wrong = NULL;

  if (!token)
    return fault_outside (401, "UNAUTHORIZED", "No JWT Token in Header.");
  claims = jwt_read (token);
  wrong = find_wrong (bearers, token, claims, now_s);
  if (wrong) {
    log_info ("token refused", "wrong", wrong, NULL);
    return fault_reply ("VEFSERR40009", NULL, NULL);
  }
  if (!claim_is (claims, "userID", USER_ID) || !claim_is (claims, "stationID", STATION_ID))
    return fault_reply ("VEFSERR40301", NULL, NULL);
  return NULL;
}
