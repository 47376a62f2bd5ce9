/* attachment-press: opens one foreign document, alone and shut in, and ends.
 *
 *   in      descriptor 0  the document, a PDF, PNG or JPEG
 *           descriptor 3  the stamps, a PDF of ours; arguments: "X,Y" for each of its pages
 *   out     descriptor 1  the stamped PDF
 *           descriptor 4  a PressReport
 *   status  0 reported, 3 out of memory, 4 not the document's doing; anything else: a crash
 *
 * Before the document is read the report says "too complex" already: from then on nothing that
 * happens is anybody else's doing, whatever a child that was taken over says at its end.
 *
 * lib/press starts it and judges its end. Not a byte of the document is read before the walls
 * stand. Source: lib/press/README.md. */
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "press/child/attempt.h"
#include "press/child/judge.h"
#include "press/child/sandbox.h"

static gboolean map_file (int fd, Bytes *ret_bytes);
static gboolean read_places (int argc, char **argv, PressPlace *ret_places);
static gboolean let_memory_end_it (void);
static gboolean report_to_parent (const PressReport *report);

int
main (int argc, char **argv)
{
  static char output_buffer[65536];
  PressPlace places[PRESS_MAX_STAMPS];
  Stamps stamps = { NULL };
  Bytes document, stamps_file;
  PressReport report;

  gboolean is_ready;

  setvbuf (stdout, output_buffer, _IOFBF, sizeof output_buffer);
  is_ready = map_file (PRESS_FD_DOCUMENT, &document) && map_file (PRESS_FD_STAMPS, &stamps_file) &&
             read_places (argc, argv, places) &&
             stamps_open (&stamps, &stamps_file, places, (guint)argc - 1) &&
             judge_warm_up (&stamps) && let_memory_end_it () && sandbox_enter () &&
             report_to_parent (&(PressReport){ .refusal = PRESS_TOO_COMPLEX });
  if (is_ready) {
    ATTEMPT ();
    judge_document (&document, &stamps, &report);
  }
  stamps_close (&stamps);
  return is_ready && report_to_parent (&report) ? PRESS_EXIT_REPORTED : PRESS_EXIT_OWN;
}

/* Mapping reads nothing yet. An empty file has no pages to map. */
static gboolean
map_file (int fd, Bytes *ret_bytes)
{
  struct stat about;

  if (fstat (fd, &about) != 0)
    return FALSE;
  ret_bytes->length = (gsize)about.st_size;
  ret_bytes->data = (const unsigned char *)"";
  ret_bytes->is_mapped = about.st_size > 0;
  if (ret_bytes->is_mapped)
    ret_bytes->data = mmap (NULL, ret_bytes->length, PROT_READ, MAP_PRIVATE, fd, 0);
  return ret_bytes->data != MAP_FAILED;
}

static gboolean
read_places (int argc, char **argv, PressPlace *ret_places)
{
  if (argc < 1 || argc - 1 > PRESS_MAX_STAMPS)
    return FALSE;
  for (int i = 1; i < argc; i++) {
    char *end = NULL;

    ret_places[i - 1].x = g_ascii_strtod (argv[i], &end);
    if (end == argv[i] || *end != ',')
      return FALSE;
    ret_places[i - 1].y = g_ascii_strtod (end + 1, &end);
    if (*end != '\0')
      return FALSE;
  }
  return TRUE;
}

static void
end_of_memory (void)
{
  _exit (PRESS_EXIT_MEMORY);
}

/* libqpdf makes a warning of an allocation that fails while it reads an object, and goes on with
 * null in its place: a page would be empty and nobody would know. C++ lets a program say what
 * happens first; there is no name for it in C. One arena, for others need mprotect(). */
static gboolean
let_memory_end_it (void)
{
  typedef void (*Handler) (void);
  Handler (*set_new_handler) (Handler) = NULL;

  *(void **)&set_new_handler = dlsym (RTLD_DEFAULT, "_ZSt15set_new_handlerPFvvE");
  if (!set_new_handler)
    return FALSE;
  set_new_handler (end_of_memory);
  (void)mallopt (M_ARENA_MAX, 1); /* a sanitizer's allocator has none */
  return TRUE;
}

static gboolean
report_to_parent (const PressReport *report)
{
  return lseek (PRESS_FD_REPORT, 0, SEEK_SET) == 0 &&
         write (PRESS_FD_REPORT, report, sizeof *report) == (ssize_t)sizeof *report;
}
