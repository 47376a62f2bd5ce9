/* Drives a target where there is no libFuzzer: its seeds, then mutations of them, until
 * FUZZ_SECONDS or FUZZ_RUNS are over; the same ones in every run of the same FUZZ_SEED. Without
 * coverage to go by it finds less, and it needs nothing.
 *
 *   fuzz-NAME [FILE…]   runs these inputs alone, such as one that was kept
 *
 * An input that ends the program, or takes longer than FUZZ_LIMIT_S, is kept as crash-NAME in the
 * folder FUZZ_KEEP (here if it is not set), and its name is the last line. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define INPUT_MAX_BYTES 65536
#define CHANGES_MAX     6
#define LIMIT_S         20

/* Not every target has one. */
extern size_t LLVMFuzzerCustomMutator (uint8_t *data, size_t size, size_t max_size,
                                       unsigned int seed) __attribute__ ((weak));
/* Of the sanitizers; called when they have found something and before they end the program. */
extern void __sanitizer_set_death_callback (void (*callback) (void)) __attribute__ ((weak));

static GRand *chance;

/* --- What is under way, to be kept --- */

static const uint8_t *current;
static size_t current_size;
static char kept_path[4096];

static void
put_line (const char *text)
{
  /* Nobody is left to be told that stderr is gone. */
  if (write (STDERR_FILENO, text, strlen (text)) < 0)
    return;
}

/* Async-signal-safe. */
static void
keep_current (void)
{
  static volatile sig_atomic_t is_kept;
  int fd;

  if (is_kept || !current)
    return;
  is_kept = 1;
  fd = open (kept_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0 || write (fd, current, current_size) != (ssize_t)current_size || close (fd) != 0)
    put_line ("the input could not be kept as ");
  else
    put_line ("the input is kept: ");
  put_line (kept_path);
  put_line ("\n");
}

static void
on_signal (int number)
{
  if (number == SIGALRM)
    put_line ("this input takes too long\n");
  keep_current ();
  signal (number, SIG_DFL);
  raise (number);
}

static guint64
number_of (const char *name, guint64 fallback)
{
  const char *text = g_getenv (name);

  return text ? g_ascii_strtoull (text, NULL, 10) : fallback;
}

/* A copy of its own size, so that one byte behind the end is found. */
static void
run_one (const uint8_t *data, size_t size)
{
  uint8_t *copy = g_memdup2 (size ? data : (const uint8_t *)"", size ? size : 1);

  current = copy;
  current_size = size;
  alarm ((unsigned int)number_of ("FUZZ_LIMIT_S", LIMIT_S));
  LLVMFuzzerTestOneInput (copy, size);
  alarm (0);
  current = NULL;
  g_free (copy);
}

/* --- Mutations --- */

static size_t
below (size_t bound)
{
  return bound ? (size_t)g_rand_int_range (chance, 0, (gint32)bound) : 0;
}

static size_t
insert (uint8_t *data, size_t size, size_t max_size, const uint8_t *what, size_t length)
{
  size_t at = below (size + 1);

  length = MIN (length, max_size - size);
  memmove (data + at + length, data + at, size - at);
  memcpy (data + at, what, length);
  return size + length;
}

/* A piece of any seed: words that mean something here. */
static size_t
insert_piece (uint8_t *data, size_t size, size_t max_size)
{
  GPtrArray *seeds = fuzz_all_seeds ();
  gsize length;
  const uint8_t *bytes = g_bytes_get_data (seeds->pdata[below (seeds->len)], &length);
  size_t from = below (length);
  size_t most = below (2) ? 16 : 512;

  return length ? insert (data, size, max_size, bytes + from, 1 + below (MIN (length - from, most)))
                : size;
}

static size_t
erase (uint8_t *data, size_t size)
{
  size_t from = below (size);
  size_t most = below (2) ? 8 : INPUT_MAX_BYTES;
  size_t length = size ? 1 + below (MIN (size - from, most)) : 0;

  memmove (data + from, data + from + length, size - from - length);
  return size - length;
}

size_t
LLVMFuzzerMutate (uint8_t *data, size_t size, size_t max_size)
{
  static const uint8_t telling[] = { 0,   1,    2,    '"',  '\\', '\n', '\r', ' ',
                                     '<', '&',  '/',  ':',  '0',  '9',  '-',  '{',
                                     '[', 0x7f, 0x80, 0xc2, 0xe2, 0xfe, 0xff, '%' };
  uint8_t byte = below (2) ? telling[below (sizeof telling)] : (uint8_t)below (256);

  switch (below (7)) {
  case 0:
    return erase (data, size);
  case 1:
  case 2:
    return insert_piece (data, size, max_size);
  case 3:
    return insert (data, size, max_size, &byte, 1);
  case 4: /* a piece of itself, again */
    if (size > 0) {
      size_t from = below (size);
      size_t length = 1 + below (MIN (size - from, 64));
      g_autofree uint8_t *piece = g_memdup2 (data + from, length);

      return insert (data, size, max_size, piece, length);
    }
    return size;
  case 5:
    if (size > 0)
      data[below (size)] ^= (uint8_t)(1u << below (8));
    return size;
  default:
    if (size > 0)
      data[below (size)] = byte;
    return size;
  }
}

static void
run_mutation (uint8_t *room)
{
  GPtrArray *seeds = fuzz_all_seeds ();
  gsize size;
  const uint8_t *bytes = g_bytes_get_data (seeds->pdata[below (seeds->len)], &size);
  size_t changes = 1 + below (CHANGES_MAX);

  size = MIN (size, INPUT_MAX_BYTES);
  if (size > 0)
    memcpy (room, bytes, size);
  for (size_t i = 0; i < changes; i++)
    size = LLVMFuzzerCustomMutator
               ? LLVMFuzzerCustomMutator (room, size, INPUT_MAX_BYTES, g_rand_int (chance))
               : LLVMFuzzerMutate (room, size, INPUT_MAX_BYTES);
  run_one (room, size);
}

/* --- The program --- */

static int
run_files (int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    g_autofree char *text = NULL;
    g_autoptr (GError) error = NULL;
    gsize length;

    if (!g_file_get_contents (argv[i], &text, &length, &error)) {
      fprintf (stderr, "%s\n", error->message);
      return 2;
    }
    run_one ((const uint8_t *)text, length);
  }
  return 0;
}

int
main (int argc, char **argv)
{
  static const int deadly[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGALRM };
  gint64 until = g_get_monotonic_time () + (gint64)number_of ("FUZZ_SECONDS", 4) * G_USEC_PER_SEC;
  guint64 runs = number_of ("FUZZ_RUNS", 1000000), done = 0;
  const char *folder = g_getenv ("FUZZ_KEEP");
  g_autofree char *name = g_path_get_basename (argv[0]);
  g_autofree char *here = g_canonicalize_filename (folder ? folder : ".", NULL);
  g_autofree uint8_t *room = g_malloc (INPUT_MAX_BYTES);
  GPtrArray *seeds;

  g_snprintf (kept_path, sizeof kept_path, "%s/crash-%s", here, name);
  /* The sanitizers keep the signals of a bad address; their callback comes then. */
  for (gsize i = 0; i < G_N_ELEMENTS (deadly); i++)
    if (!__sanitizer_set_death_callback || (deadly[i] != SIGSEGV && deadly[i] != SIGBUS))
      signal (deadly[i], on_signal);
  if (__sanitizer_set_death_callback)
    __sanitizer_set_death_callback (keep_current);

  LLVMFuzzerInitialize (&argc, &argv);
  if (argc > 1)
    return run_files (argc, argv);

  chance = g_rand_new_with_seed ((guint32)number_of ("FUZZ_SEED", 1));
  seeds = fuzz_all_seeds ();
  for (guint i = 0; i < seeds->len; i++) {
    gsize size;
    const uint8_t *data = g_bytes_get_data (seeds->pdata[i], &size);

    run_one (data, size);
  }
  while (done < runs && g_get_monotonic_time () < until) {
    run_mutation (room);
    done++;
  }
  g_rand_free (chance);
  fprintf (stderr, "%s: %u seeds, %" G_GUINT64_FORMAT " mutations\n", name, seeds->len, done);
  return 0;
}
