/* Kinds of identifiers, and what each looks like. */
#include "evidence-simulator/folder.h"

#include <string.h>

#include "evidence-simulator/fault.h"

static const struct {
  const char *kind, *pattern;
} kinds[] = {
  { "PARTICIPANT_ID", "^[0-9]{1,15}$" },
  { "SSN", "^[0-9]{9}$" },
  { "FILENUMBER", "^[0-9]{8,9}$" },
  { "ICN", "^[0-9]{10}V[0-9]{6}$" },
  { "EDIPI", "^[0-9]{10}$" },
  { "SEARCH", "^.+$" },
};

void
folder_clear (Folder *folder)
{
  g_clear_pointer (&folder->uri, g_free);
  g_clear_pointer (&folder->kind, g_free);
  g_clear_pointer (&folder->id, g_free);
}

static gboolean
is_identifier (const char *kind, const char *id)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kind, kinds[i].kind) == 0)
      return g_regex_match_simple (kinds[i].pattern, id, G_REGEX_DOLLAR_ENDONLY, 0);
  return FALSE;
}

HttpReply *
folder_read (const HttpServerRequest *request, char *const *disabled, Folder *ret_folder)
{
  const char *uri = g_hash_table_lookup (request->headers, "x-folder-uri");
  g_auto (GStrv) words = g_strsplit (uri ? uri : "", ":", 3);

  if (g_strv_length (words) != 3 || strcmp (words[0], FOLDER_TYPE) != 0 ||
      !is_identifier (words[1], words[2]))
    return fault_reply ("VEFSERR40008", uri, NULL);
  if (g_strv_contains ((const char *const *)disabled, words[1]))
    return fault_reply ("VEFSERR40059", words[1], NULL);
  *ret_folder =
      (Folder){ .uri = g_strdup (uri), .kind = g_strdup (words[1]), .id = g_strdup (words[2]) };
  return NULL;
}
