/* Whose folder: the header X-Folder-URI. Source: README.md, rule 2. */
#pragma once

#include "http/server.h"

#define FOLDER_TYPE "VETERAN"

typedef struct {
  char *uri; /* VETERAN:KIND:ID, the key of the folder */
  char *kind, *id;
} Folder;

void folder_clear (Folder *folder);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Folder, folder_clear)

/* @disabled: kinds that are not enabled. NULL and @ret_folder filled, or a refusal. */
HttpReply *folder_read (const HttpServerRequest *request, char *const *disabled,
                        Folder *ret_folder);
