/* What the targets of this folder share. A target is one file: its seeds, and one function that
 * takes any bytes and holds what comes out against what the headers promise.
 *
 * With clang (preset fuzz) libFuzzer drives it: `./dev fuzz NAME [SECONDS]`. Everywhere else
 * driver.c does, over the seeds and a bounded number of mutations: that is what the tests labelled
 * fuzz run. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* A target's own, in libFuzzer's terms. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
int LLVMFuzzerInitialize (int *argc, char ***argv);
/* The general mutation: libFuzzer's, or driver.c's. Returns the new length. */
size_t LLVMFuzzerMutate (uint8_t *data, size_t size, size_t max_size);
/* Only some targets have one. */
size_t LLVMFuzzerCustomMutator (uint8_t *data, size_t size, size_t max_size, unsigned int seed);

/* Every target defines it: calls the fuzz_seed… functions for what its inputs look like. */
void fuzz_seeds (void);

void fuzz_seed (gconstpointer bytes, gsize length);
void fuzz_seed_text (const char *text);
/* A text with NUL bytes in it, written as a literal. */
#define FUZZ_SEED_LITERAL(text) fuzz_seed (text, sizeof (text) - 1)
/* Each file of a folder of this repository whose name ends with @suffix. */
void fuzz_seed_files (const char *folder, const char *suffix);
/* Each text of a C file of this repository, adjacent ones and macros of texts joined as the
 * compiler does; @before goes before each, @before_length bytes. So what the unit tests know are
 * seeds too. */
void fuzz_seed_literals (const char *file, gconstpointer before, gsize before_length);

/* @data cut at its NUL bytes: at most @max texts, the last one takes the rest up to its first NUL.
 * NULL-ended, owned. */
char **fuzz_texts (const uint8_t *data, size_t size, guint max);
/* Stands in for what was sent and must not come back: each byte 1 of @text becomes it. Owned. */
#define FUZZ_PRIVATE "Quexalotl"
char *fuzz_with_private (const char *text);
gboolean fuzz_holds_private (const char *text);

/* Valid UTF-8 without control characters: what may stand in a log line or an error. */
void fuzz_check_line (const char *text);

GPtrArray *fuzz_all_seeds (void); /* of GBytes *; for the driver */
