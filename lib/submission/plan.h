/* What a child claim tells BGS about people, as data: an ordered list of calls, made from the
 * claim's document alone by planner.c.
 *
 * The plan knows no BGS ids and sends nothing, so it can be tested without a server; submission.c
 * carries it out. Values are in the structs of the bgs room, which says how they go out; NULL is
 * what the claim does not hold. Source: README.md, rules 1, 2, 6 and 7. */
#pragma once

#include "base/cleanup.h"
#include "bgs/address.h"
#include "bgs/child-school.h"
#include "bgs/child-student.h"
#include "bgs/person.h"
#include "bgs/relationship.h"
#include "submission/plan-finding.h"
#include "submission/plan-reading.h"

#define PLAN_VETERAN (-1) /* instead of an index into persons */

/* The ids in the BGS structs (proc and participants) are empty: they are known only while the plan
 * is carried out. */
typedef struct {
  const char *slot;  /* "child-2": part of step names, so a stored contract */
  const char *field; /* where the name stands in the document */
  BgsPerson person;
  const BgsAddress *address; /* NULL: none is sent */
} PlanPerson;

/* Relationships are called group by group, in this order. Source: README.md, rule 2. */
typedef enum {
  PLAN_LINKS_STEPCHILD_LEFT,
  PLAN_LINKS_OTHER_PARENT,
  PLAN_LINKS_OF_SPOUSE,
  PLAN_LINKS_OF_VETERAN,
  PLAN_LINKS_COUNT
} PlanLinks;

typedef struct {
  PlanLinks group;
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

typedef struct {
  GPtrArray *persons;                /* of PlanPerson * */
  GPtrArray *relationships;          /* of PlanRelationship * */
  GPtrArray *students;               /* of PlanStudent * */
  GArray *calls;                     /* of PlanCall, in the order in which they are to be made */
  const BgsAddress *veteran_address; /* NULL: the claim has none */
  /* Of Veteran and spouse; NULL: the claim says nothing about a marriage */
  const char *marital_status;
  const char *net_worth_over_limit; /* Y, N; NULL on a 674 */
  GPtrArray *findings;              /* of PlanFinding *, the reading's; mostly empty */
  GPtrArray *addresses;             /* private: of BgsAddress * */
  PlanReading *reading;             /* private: owns all texts */
} Plan;

/* For planner.c and what it calls: a plan of nothing, and its next call. @submission_day: as of
 * planner_plan() */
Plan *plan_new (const char *submission_day);
void plan_call (Plan *plan, PlanCallKind kind, guint index);

gboolean plan_has (const Plan *plan, PlanWeight weight); /* a finding of that weight */
void plan_free (Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Plan, plan_free)
