/* What a claim holds and BGS is not told as it stands, and what it leaves open. Nothing of a claim
 * is lost without one. Source: README.md, "Nothing is lost in silence". */
#pragma once

#include <glib.h>

typedef enum {
  PLAN_TOLD,   /* told, and nothing more: it is adapted, or the Veteran did not choose it */
  PLAN_REVIEW, /* a person looks at the claim */
  PLAN_PAPER,  /* BGS cannot be told the claim at all: it goes by paper at once */
} PlanWeight;

typedef struct {
  const char *code;  /* static; see plan_finding_text() */
  const char *field; /* where in the document: "dependents_application/deaths/0/dependent_type" */
  const char *value; /* what an answer that no table names says, in ASCII; NULL: not told */
  PlanWeight weight;
} PlanFinding;

/* More are not kept; one of code "more" stands for the rest. */
#define PLAN_FINDINGS_MAX 100

/* What a code means, for people; for an unknown code the code itself. Never a value. */
const char *plan_finding_text (const char *code);

/* Adds to @findings (of PlanFinding *); the last that there is room for stands for the rest, unless
 * one of them is a PLAN_PAPER, which then takes its place. Texts are borrowed, not copied. */
void plan_finding_add (GPtrArray *findings, PlanWeight weight, const char *code, const char *field,
                       const char *value);
