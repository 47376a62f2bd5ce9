/* What the child thinks of a document: signature, then image or PDF. Knows no process and no
 * sandbox: the fuzz target calls it too. Source: README.md, "Verdicts". */
#pragma once

#include "press/child/stamp.h"
#include "press/child/verdict.h"

/* Writes the stamped document to stdout, which must be an empty file, and says in @ret_report what
 * became of it. What a refusal leaves there is worth nothing. */
void judge_document (const Bytes *document, const Stamps *stamps, PressReport *ret_report);

/* Does all that opens a file once: libraries find their tables, exceptions their unwinder. stdout
 * is empty again afterwards. FALSE: the samples of this program do not come out as they must. */
gboolean judge_warm_up (const Stamps *stamps);
