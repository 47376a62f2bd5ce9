/* message.pml: the life of one message (lib/pipeline/README.md): inbox, token, verdict, settle, outbox, relay, offset,
 * retry tiers, look-tier. Two processes with one worker each, and a relay. Records 0 .. M-1 of the chain: the source
 * record, then its retries; the last slot is the result event. Every record may exist twice (published twice).
 * A record carries its hop, which grows with every record of the message, and its attempt, which grows only when one is
 * spent. ATTEMPTS failures end the message; a hop through look-tier (an insert that stays unknown) spends none.
 * trouble is spent on: a crash at any point, a partition that moves while the worker runs on, a heartbeat that is
 * missed by a living process, a relay that dies between publish and delete, an insert that stays unknown.
 *
 * Guards, off with -DNO_x: INBOX TOKEN HOP SETTLE_ATOMIC OUTBOX_RETRY RELAY COMMIT_LAST RETAKE
 *         (HOP out: the next record of a message keeps the number by which the inbox knows the one before)
 * Texts:  LOOK_SPENDS  a hop through look-tier spends an attempt
 *         STABLE_NAME  an outbox row names its process by a name that a restart takes over
 */
#ifndef TROUBLE
#define TROUBLE 3
#endif
#define M 4                     /* records of the chain: hops 0 .. M-1 */
#define ATTEMPTS 3
#define R M                     /* slot of the result event */
#define P 2

#define ABSENT 0
#define READY 1
#define TAKEN 2
#define COMMITTED 3

byte trouble = TROUBLE;
byte rst[2*(M+1)];              /* two copies of every record: one partition, worked on one at a time */
byte by[2*(M+1)];               /* who took it */
byte hop[M+1];                  /* in the record: part of the inbox key */
byte attempt[M+1];              /* in the record: spent before it */
bit inbox[M+1];                 /* by hop */
byte failures;                  /* verdicts RETRY that were settled */
byte row[M+1];                  /* outbox row of this record: 0 none, 1 waiting, 2 deleted at the delivery report */
byte rowp[M+1], rowinc[M+1];    /* the row names its process */
byte inc[P];                    /* start number of a process */
byte succ[M];                   /* how many different things were made of this record */
byte tok;                       /* run row */
byte owner;                     /* who has the partition: source and tiers move together (assignor range) */
byte ended;                     /* DONE or DEAD */
bit crash[P], up[P];

#ifdef NO_TOKEN
#define OWN true
#else
#define OWN (tok == my)
#endif
#ifdef NO_INBOX
#define SEEN false
#else
#define SEEN inbox[hop[m]]
#endif

#ifdef NO_HOP
#define HOP 0
#else
#define HOP 1
#endif

inline put (mm)                 /* a record appears in its topic; a third copy adds nothing */
{
  if
  :: rst[2*mm] == ABSENT -> rst[2*mm] = READY
  :: rst[2*mm] != ABSENT && rst[2*mm+1] == ABSENT && mm != R -> rst[2*mm+1] = READY
  :: else
  fi
}

inline outrow (mm)              /* an outbox row; its id is fixed when it is made */
{
  if :: row[mm] == 0 -> row[mm] = 1; rowp[mm] = p; rowinc[mm] = inc[p] :: else fi
}

proctype Process (byte p)
{
  byte m, r, my, v;

start:
  atomic { up[p] = 1; crash[p] = 0 };
  {
end:
    do
    :: atomic {                                  /* take */
         if
         :: owner == p && rst[0] == READY -> r = 0
         :: owner == p && rst[1] == READY -> r = 1
         :: owner == p && rst[2] == READY -> r = 2
         :: owner == p && rst[3] == READY -> r = 3
         :: owner == p && rst[4] == READY -> r = 4
         :: owner == p && rst[5] == READY -> r = 5
         :: owner == p && rst[6] == READY -> r = 6
         :: owner == p && rst[7] == READY -> r = 7
         fi;
         rst[r] = TAKEN; by[r] = p; m = r / 2 };
#ifdef NO_COMMIT_LAST
       rst[r] = COMMITTED;
#endif
look:  if
       :: SEEN -> goto commit                    /* there already: acknowledge, nothing else */
       :: else
       fi;
       atomic { tok++; my = tok };               /* own it */
       if                                        /* handle: the verdict */
       :: v = 1                                  /* DONE, or DEAD for good */
       :: m < M - 1 && attempt[m] + 1 < ATTEMPTS -> v = 2                      /* RETRY */
       :: attempt[m] + 1 >= ATTEMPTS -> v = 4                                  /* RETRY, and no attempt is left: DEAD */
       :: atomic { m < M - 1 && trouble > 0 -> trouble--; v = 3 }              /* insert unknown: look-tier */
       fi;
#ifdef NO_OUTBOX_RETRY
       if :: v == 2 -> atomic { hop[m+1] = hop[m] + HOP; attempt[m+1] = attempt[m] + 1; succ[m]++; put ((m+1)) } :: else fi;
#endif
#ifdef NO_SETTLE_ATOMIC
       atomic { if :: OWN && !SEEN -> inbox[hop[m]] = 1 :: else -> goto commit fi };
       if
       :: atomic { true ->
#else
       atomic {                                  /* settle: state, inbox, outbox in one transaction */
         if
         :: OWN && !SEEN -> inbox[hop[m]] = 1;
#endif
            if
            :: v == 1 -> ended++; succ[m]++; outrow (R)
            :: v == 4 -> ended++; succ[m]++; outrow (R);
               assert (failures + 1 == ATTEMPTS) /* P10: attempts are burnt by failures alone */
            :: v == 2 ->
               failures++;
#ifndef NO_OUTBOX_RETRY
               hop[m+1] = hop[m] + HOP; attempt[m+1] = attempt[m] + 1; succ[m]++; outrow ((m+1))
#endif
            :: v == 3 ->
               hop[m+1] = hop[m] + HOP;
#ifdef LOOK_SPENDS
               attempt[m+1] = attempt[m] + 1;
#else
               attempt[m+1] = attempt[m];
#endif
               succ[m]++; outrow ((m+1))
            fi;
            assert (succ[m] <= 1);               /* P5: one chain: a record becomes one thing */
            assert (ended <= 1)                  /* P5: one end */
#ifdef NO_SETTLE_ATOMIC
         }
       fi;
#else
         :: OWN && SEEN -> goto commit           /* a conflict on the inbox: settled before */
         :: !OWN -> goto fenced                  /* no row hit: no verdict, no offset, no further call */
         fi
       };
#endif
       v = (v == 1 || v == 4 -> R : m + 1);
       if
       :: atomic { row[v] == 1 && rowp[v] == p -> put (v) };       /* publish */
          atomic { if :: row[v] == 1 -> row[v] = 2 :: else fi }    /* delivery report: delete */
       :: else
       fi;
commit:
       atomic {
         if
         :: rst[r] == TAKEN && by[r] == p -> rst[r] = COMMITTED    /* else refused: no longer ours */
         :: else
         fi };
       goto next;
fenced:
#ifndef NO_RETAKE
       /* proposed: a record whose partition is still ours is taken again */
       if :: rst[r] == TAKEN && by[r] == p -> goto look :: else fi;
#endif
next:
       atomic { m = 0; r = 0; my = 0; v = 0 }
    od
  } unless {
    atomic { crash[p] -> up[p] = 0; inc[p]++;
      m = 0;
      do
      :: m < 2*M -> if :: rst[m] == TAKEN && by[m] == p -> rst[m] = READY :: else fi; m++
      :: else -> break
      od;
      m = 0; r = 0; my = 0; v = 0 };
    goto start
  }
}

#ifdef STABLE_NAME
#define ORPHAN(mm) (!up[rowp[mm]])
#else                           /* proposed: an id made at the start of the process, never used again */
#define ORPHAN(mm) (inc[rowp[mm]] != rowinc[mm])
#endif

active proctype Relay ()        /* one is active (a lease); it may die and another go on, so rows may go out twice */
{
  byte m;
end:
#ifndef NO_RELAY
  do
  :: atomic { row[1] == 1 && ORPHAN (1) -> m = 1 }; goto pub
  :: atomic { row[2] == 1 && ORPHAN (2) -> m = 2 }; goto pub
  :: atomic { row[3] == 1 && ORPHAN (3) -> m = 3 }; goto pub
  :: atomic { row[R] == 1 && ORPHAN (R) -> m = R }; goto pub
  :: atomic { trouble > 0 && row[1] == 1 -> trouble--; m = 1 }; goto pub   /* a living process, taken for dead */
pub:
     atomic { put (m) };
     if
     :: atomic { row[m] = 2; m = 0 }
     :: atomic { trouble > 0 -> trouble--; m = 0 }                         /* died before the delete */
     fi
  od
#else
  false
#endif
}

active proctype World ()
{
  byte r;
end:
  do
  :: atomic { trouble > 0 && up[0] && !crash[0] && ended == 0 -> trouble--; crash[0] = 1 }
  :: atomic { trouble > 0 && up[0] && !crash[0] && ended == 1 && row[R] == 1 -> trouble--; crash[0] = 1 }
  :: atomic { trouble > 0 && up[1] && !crash[1] && ended == 0 -> trouble--; crash[1] = 1 }
  :: atomic { trouble > 0 && ended == 0 -> trouble--; owner = 1 - owner;   /* the partition moves, the worker runs on */
       r = 0;
       do
       :: r < 2*M -> if :: rst[r] == TAKEN -> rst[r] = READY :: else fi; r++
       :: else -> break
       od;
       r = 0 }
  od
}

init
{
  atomic { rst[0] = READY; run Process (0); run Process (1) };
end:                                             /* P8: nothing lost: it ends once, and the world hears of it */
  timeout -> assert (ended == 1 && rst[2*R] != ABSENT)
}
