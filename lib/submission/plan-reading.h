/* The reading of one child's document: which of its places have been read, which of them another
 * answer makes count for nothing, and what was found on the way. It owns the texts of the plan that
 * comes out of it. */
#pragma once

#include <jansson.h>
#include "submission/plan-finding.h"
#include "submission/unread.h"

typedef struct {
  GPtrArray *findings;        /* of PlanFinding *, in the order of reading */
  const char *submission_day; /* YYYY-MM-DD; NULL: not known */
  GStringChunk *texts;        /* private */
  GHashTable *read;           /* private: paths of the leaves that were read */
  GHashTable *set_aside;      /* private: path to PlaceIs */
} PlanReading;

/* @submission_day: copied; may be NULL */
PlanReading *plan_reading_new (const char *submission_day);
void plan_reading_free (PlanReading *reading);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlanReading, plan_reading_free)

/* A copy that lives as long as the reading; NULL stays NULL. */
const char *plan_reading_keep (PlanReading *reading, const char *text);

/* Paths are the reading's: plan_reading_keep() has made them. */
void plan_reading_mark_read (PlanReading *reading, const char *path);
/* Another answer says that the place, and all below it, does not count. */
void plan_reading_set_aside (PlanReading *reading, const char *path, PlaceIs place_is);

/* Last of all: what of the document has been neither read nor set aside, as findings.
 * @content: as claim_content() gives it */
void plan_reading_find_unread (PlanReading *reading, const char *form_type, const json_t *content);
