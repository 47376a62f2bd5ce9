/* Connections that leave this machine unprotected: told once at the start, for they work as well as
 * protected ones do, and nobody would look. */
#pragma once

#include <glib.h>

/* @host: a name or an address, the latter with or without brackets; a folder or an abstract name of
 * sockets, or nothing, is this machine too. Names are not looked up: but for localhost and its
 * children they are another machine's. */
gboolean host_is_this_machine (const char *host);

/* Warns, once a process and @setting, that the connection which @setting names goes to @host and is
 * @what ("unencrypted", "unverified"); @remedy says what would change that. Nothing for this
 * machine. None of them may hold a secret. */
void exposure_warn (const char *setting, const char *host, const char *what, const char *remedy);
