/* The object storage: signed locations, and the PUT to one. Its refusals are XML, as S3's are.
 * Source: README.md, "The location". */
#pragma once

#include "http/server.h"
#include "intake-simulator/uploads.h"

#define STORAGE_PATH "/services_user_content/vba_documents/"

typedef struct {
  GBytes *secret;     /* what locations are signed with */
  const char *scheme; /* of locations; borrowed */
  Uploads *uploads;
} Storage;

/* @host: as the client named us; part of what is signed. */
char *storage_location (const Storage *storage, const char *guid, const char *host);
HttpReply *storage_answer (const Storage *storage, const HttpServerRequest *request);
