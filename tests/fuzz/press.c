/* Foreign documents, judged as the child does but in this process: there is a verdict for any
 * bytes; what was taken is a PDF that is taken again, with the same pages and nothing left to be
 * removed. */
#include "press/child/judge.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fuzz.h"

static const char stamps_file[] =
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    "2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 40 10]/Contents 4 0 R>>endobj\n"
    "4 0 obj<</Length 12>>stream\n0 0 9 9 re f\nendstream endobj\n"
    "trailer<</Root 1 0 R/Size 5>>\n%%EOF\n";

void
fuzz_seeds (void)
{
  fuzz_seed_files ("tests/fuzz/press", ".seed");
}

/* The judgement writes to stdout. Never closed: the stamps serve all inputs. */
static const Stamps *
ready (void)
{
  static Stamps stamps;
  const Bytes file = { (const unsigned char *)stamps_file, sizeof stamps_file - 1, FALSE };
  const PressPlace place = { 5, 770 };

  if (stamps.pdf)
    return &stamps;
  g_assert_cmpint (dup2 (memfd_create ("fuzz", 0), STDOUT_FILENO), ==, STDOUT_FILENO);
  g_assert_true (stamps_open (&stamps, &file, &place, 1));
  g_assert_true (judge_warm_up (&stamps));
  return &stamps;
}

/* What was written; owned. stdout is empty afterwards. */
static GBytes *
take_result (void)
{
  off_t length = (fflush (stdout), lseek (STDOUT_FILENO, 0, SEEK_END));
  char *data = g_malloc ((gsize)length);

  g_assert_cmpint (pread (STDOUT_FILENO, data, (size_t)length, 0), ==, length);
  g_assert_cmpint (ftruncate (STDOUT_FILENO, 0), ==, 0);
  rewind (stdout);
  return g_bytes_new_take (data, (gsize)length);
}

static GBytes *
judge (const void *data, gsize length, PressReport *report)
{
  const Bytes document = { data, length, FALSE };

  judge_document (&document, ready (), report);
  g_assert_cmpuint (report->refusal, <, PRESS_REFUSALS);
  g_assert_cmpuint (report->notes & ~(guint32)PRESS_NOTES_ALL, ==, 0);
  return take_result ();
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  PressReport report, again;
  g_autoptr (GBytes) result = judge (data, size, &report);
  g_autoptr (GBytes) second = NULL;

  if (report.refusal != PRESS_FINE)
    return 0;
  g_assert_cmpuint (report.pages, >, 0);
  second = judge (g_bytes_get_data (result, NULL), g_bytes_get_size (result), &again);
  g_assert_cmpuint (again.refusal, ==, PRESS_FINE);
  g_assert_cmpuint (again.pages, ==, report.pages);
  g_assert_cmpuint (again.notes & (PRESS_NOTE_SCRIPTS_REMOVED | PRESS_NOTE_DECRYPTED), ==, 0);
  return 0;
}
