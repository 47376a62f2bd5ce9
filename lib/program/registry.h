/* The codec of the events room, bound to the schema registry that the settings name, if any. */
#pragma once

#include "base/settings.h"
#include "events/codec.h"

typedef struct Registry Registry;
/* @url: without a slash at its end; "": none is asked. */
Registry *registry_new (const char *url);
/* Of schema-registry-url. Errors: %SETTINGS_ERROR_INVALID. */
Registry *registry_open (const Settings *settings, GError **error);
void registry_close (Registry *registry); /* and its codec; NULL is let through */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Registry, registry_close)
EventCodec *registry_codec (Registry *registry);
