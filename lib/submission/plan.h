/* What a child claim tells BGS about people, as data: an ordered list of calls, made from the
 * claim's document alone.
 *
 * The plan knows no BGS ids, sends nothing and reads nothing, so it can be tested without a server;
 * submission.c carries it out. Values are in the structs of the bgs room, which says how
 * they go out; NULL is what the claim does not hold. Source: README.md, rules 1, 2, 6 and 7. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include "bgs/address.h"
#include "bgs/child-school.h"
#include "bgs/child-student.h"
#include "bgs/person.h"
#include "bgs/relationship.h"

#define PLAN_VETERAN (-1) /* instead of an index into persons */

/* The ids in the BGS structs (proc and participants) are empty: they are known only while the plan
 * is carried out. */
typedef struct {
  const char *slot;  /* "child-2": part of step names, so a stored contract */
  const char *field; /* where the name stands in the document */
  BgsPerson person;
  const BgsAddress *address; /* NULL: none is sent */
} PlanPerson;

typedef struct {
  const char *slot; /* that of the person who is @b: everybody is once */
  int a, b;         /* index into persons, or PLAN_VETERAN */
  BgsRelationship relationship;
} PlanRelationship;

typedef struct {
  int person;
  BgsChildSchool school;
  BgsChildStudent student;
} PlanStudent;

typedef enum {
  PLAN_PARTICIPANT, /* index into persons; the three calls of a person come in this order */
  PLAN_PERSON,
  PLAN_ADDRESS,
  PLAN_RELATIONSHIP, /* index into relationships */
  PLAN_SCHOOL,       /* index into students */
  PLAN_STUDENT,
} PlanCallKind;

typedef struct {
  PlanCallKind kind;
  guint index;
} PlanCall;

/* What a claim holds and BGS is not told as it stands, and what it leaves open. Nothing of a claim
 * is lost without one. */
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

typedef struct {
  GPtrArray *persons;                /* of PlanPerson * */
  GPtrArray *relationships;          /* of PlanRelationship * */
  GPtrArray *students;               /* of PlanStudent * */
  GArray *calls;                     /* of PlanCall, in the order in which they are to be made */
  const BgsAddress *veteran_address; /* NULL: the claim has none */
  /* Of Veteran and spouse; NULL: the claim says nothing about a marriage */
  const char *marital_status;
  const char *net_worth_over_limit; /* Y, N; NULL on a 674 */
  GPtrArray *findings;              /* of PlanFinding *; mostly empty */
  GStringChunk *texts;              /* private: owns all texts */
  const char *submission_day;       /* private; NULL: not known */
  GPtrArray *addresses;             /* private: of BgsAddress * */
  GHashTable *read;                 /* private: paths of the leaves that were read */
  GHashTable *set_aside;            /* private: paths that another answer makes count for nothing */
} Plan;

/* @submission_day: YYYY-MM-DD, after which nothing can have happened; NULL: not looked at
 * @form: a child's document, veteran_information merged in. What is nothing (claims/content.h) is
 *   not there. Never fails: what is not there is left out, and what is and cannot be told is a
 *   finding. */
Plan *plan_new (const char *form_type, const json_t *form, const char *submission_day);
gboolean plan_has (const Plan *plan, PlanWeight weight); /* a finding of that weight */
void plan_free (Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Plan, plan_free)
