/* Two real forms, as somebody else has edited them: 686C-674.pdf and 21-674.pdf in the folder that
 * OTHER_FORMS names, with the maps of other-forms/. They are not ours to carry, so without the
 * variable there is nothing to test. What is on paper is held against the claim by the leaf test,
 * with PAPERS_FORMS. */
#include <unistd.h>

#include "support/group-of-claim.h"
#include "support/pdf-words.h"

#define MAPS SOURCE_DIR "/tests/unit/papers/other-forms/"

static void
link_file (const char *target, const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_cmpint (symlink (target, path), ==, 0);
}

static char *
make_folder (const char *forms)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("other-forms-XXXXXX", &error);
  g_autofree char *form_686c = g_build_filename (forms, "686C-674.pdf", NULL);
  g_autofree char *form_674 = g_build_filename (forms, "21-674.pdf", NULL);

  g_assert_no_error (error);
  link_file (form_686c, folder, "21-686c.pdf");
  link_file (form_674, folder, "21-674.pdf");
  link_file (MAPS "21-686c.json", folder, "21-686c.json");
  link_file (MAPS "21-674.json", folder, "21-674.json");
  return folder;
}

static void
remove_folder (const char *folder)
{
  static const char *const names[] = { "21-686c.pdf", "21-674.pdf", "21-686c.json", "21-674.json" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (folder, names[i], NULL);

    g_assert_cmpint (g_remove (path), ==, 0);
  }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
they_are_filled_too (void)
{
  const char *const check[] = { "qpdf", "--check", "PAPER", NULL };
  const char *forms = g_getenv ("OTHER_FORMS");
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = NULL;
  g_autoptr (Papers) papers = NULL;
  g_autoptr (json_t) parent =
      json_load_file (SOURCE_DIR "/tests/samples/claims/08_maximal_overflow.json", 0, NULL);
  g_autoptr (GroupOfClaim) group = group_of_claim (parent);

  if (!forms) {
    g_test_skip ("OTHER_FORMS names no folder with forms");
    return;
  }
  folder = make_folder (forms);
  papers = open_papers (folder, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < group->claim.child_count; i++) {
    g_autoptr (GBytes) paper = papers_print (papers, &group->claim, i, &error);
    g_autofree char *sound = NULL, *text = NULL;

    g_assert_no_error (error);
    sound = ask_about_paper (paper, check);
    text = text_of_paper (paper);
    g_assert_nonnull (strstr (text, i == 0 ? "M a x i m i l i a n o" : "Maximiliano"));
    g_assert_nonnull (strstr (text, "Additional Information"));
  }
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/papers/other-forms/they-are-filled-too", they_are_filled_too);
  return g_test_run ();
}
