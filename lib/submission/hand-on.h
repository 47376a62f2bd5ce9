/* When BGS has all claims of a group, its papers are handed on: a row for each, and one record for
 * all, in the transaction in which the last child is submitted. Source: README.md, rule 13. */
#pragma once

#include "base/settings.h"
#include "pipeline/run.h"

/* evidence: whether papers are stored at all. */
extern const Setting hand_on_settings[];

/* Once a group, by whoever has become its closer: a second time changes nothing. Where evidence is
 * off nobody stores them; what the Veteran has attached is told of then. */
gboolean hand_on_papers (Transaction *transaction, Run *run, const char *guid,
                         gint64 parent_claim_id, GError **error);
