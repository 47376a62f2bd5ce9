/* Binds the events room to a schema registry over HTTP. */
#pragma once

#include "events/codec.h"
#include "http/http.h"

/* RegistryAsk; data is a RegistryAccess. */
typedef struct {
  HttpClient *client;
  const char *url;
} RegistryAccess;
char *registry_ask (const char *method, const char *path, const char *body, gpointer access,
                    GError **error);
