/* Who may come in: tokens with roles from a file, as a bearer for JSON, or once by a form for a
 * cookie. What a person does not type again lives in this process alone: a restart, or another
 * token file, asks everybody again. */
#pragma once

#include "base/settings.h"
#include "http/server.h"

typedef struct Door Door;
extern const Setting door_settings[]; /* web-token-file, web-session */
/* Errors: G_FILE_ERROR. @is_secure: over TLS. */
Door *door_new (const Settings *settings, gboolean is_secure, GError **error);
void door_free (Door *door);

typedef struct {
  char *name;       /* the token's */
  gboolean may_act; /* its role is act */
  char *csrf;       /* to be sent back with what acts; NULL: came with a bearer, and may not act */
} Caller;
void caller_free (Caller *caller);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Caller, caller_free)

typedef enum {
  DOOR_OPEN,
  DOOR_STRANGER, /* no token, an unknown one, or a cookie that holds no more */
  DOOR_CLOSED,   /* ten failures within a minute from that address: nobody comes in from there */
} DoorAnswer;

/* @is_json: a bearer counts too. @ret_caller: owned; set when it is open. Thread safe, as all. */
DoorAnswer door_ask (Door *door, const HttpServerRequest *request, gboolean is_json,
                     Caller **ret_caller);
/* By a token that somebody has typed. @ret_cookie: a Set-Cookie value, owned; set when it is
 * open. */
DoorAnswer door_let_in (Door *door, const HttpServerRequest *request, const char *token,
                        char **ret_cookie);
/* Forgets who has come with this request's cookie; a Set-Cookie value that takes it away, owned. */
char *door_let_out (Door *door, const HttpServerRequest *request);

/* Whether a form was sent by a page of ours, as the browser tells: another one's is refused. */
gboolean door_is_own_form (const HttpServerRequest *request);
/* Whether nobody can come in, as the file stands now. */
gboolean door_lets_nobody_in (Door *door);
