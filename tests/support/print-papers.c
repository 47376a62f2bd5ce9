/* print-papers CLAIM.json FOLDER [FORMS-DIR]: writes the papers of a claim into FOLDER, to be
 * looked at. Prints their names. */
#include <stdio.h>

#include "support/group-of-claim.h"

static gboolean
print (Papers *papers, const PapersClaim *claim, guint child, const char *folder, GError **error)
{
  g_autoptr (GBytes) paper = papers_print (papers, claim, child, error);
  g_autofree char *path =
      g_strdup_printf ("%s/%u-%s.pdf", folder, child + 1, claim->children[child].form_type);

  if (!paper || !g_file_set_contents (path, g_bytes_get_data (paper, NULL),
                                      (gssize)g_bytes_get_size (paper), error))
    return FALSE;
  printf ("%s\n", path);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Papers) papers = argc >= 3 ? open_papers (argv[3], &error) : NULL;
  g_autoptr (json_t) parent = papers ? json_load_file (argv[1], 0, NULL) : NULL;
  g_autoptr (GroupOfClaim) group = parent ? group_of_claim (parent) : NULL;
  gboolean printed = group != NULL;

  for (guint i = 0; printed && i < group->claim.child_count; i++)
    printed = print (papers, &group->claim, i, argv[2], &error);
  if (!printed)
    fprintf (stderr, "print-papers: %s\n",
             error ? error->message : "usage: print-papers CLAIM.json FOLDER [FORMS-DIR]");
  return printed ? 0 : 1;
}
