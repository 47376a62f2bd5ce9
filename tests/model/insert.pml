/* insert.pml: the Veteran's lock, the increment, the insert and the look (lib/submission/README.md, rules 8 to 10).
 *
 * Two children of one Veteran, same type, same claim date (two 674, or two groups of one day: the hardest case
 * for "ours"). A Worker is one delivery of a child's record. trouble is spent on: another delivery while the old
 * worker runs on (a zombie; a crash is a zombie that never moves), a call without an answer (acted, lost, or still
 * on its way), a call that could not connect, an increment taken by another system, the failure of a child's group. A snooze is a guard that waits.
 * Time is one predicate: SETTLED(c) = "started + read limit + settle time is over", trusted to mean that no
 * request of c's insert can act any more.
 *
 * Guards, off with -DNO_x: TOKEN VETERAN_LOCK LOCK_CHECK RECHECK RESERVED LOOK OURS SETTLE_WAIT LAG_HOLD
 * Worlds: STALL     a process may sleep between "started" and the first byte for longer than the settle time
 *         CANCEL    a person clears or cancels a benefit claim that nobody has recorded yet
 *         SLOW      a request may act later than the settle time
 *         LAG       BGS refuses an increment as taken, and its list does not show the claim that has it (yet): three
 *                   attempts, then a person decides. Taken out with NO_LAG_HOLD, the refusal alone counts as
 *                   "somebody else has this one". -DLAGS_MAX=n allows n attempts; -DNEVER_HELD expects no hold, to
 *                   show that one is reached
 * Texts:  NEXT_INC  "not there -> next increment" (as it was first written). Without it the proposed text: the same
 *                   increment again; another one only when this one is seen taken by somebody else
 *         OURS_OPEN "ours" only while the insert is not ended (as written); without it also when it ended as "not there"
 *         NO_GONE   a claim that is CLR or CAN is not ours (as written); without it, it needs a person
 *         FINDER_TAKES_RUN  who settles the holder's insert takes the holder's run row (5.5 read to the letter)
 */
#ifndef TROUBLE
#define TROUBLE 3
#endif
#define NI 3                    /* increments */
#define FOREIGN 9

#define NONE 0
#define STARTED 1
#define LOOKED 2                /* settled as "not there"; the increment stays this child's */
#define FINISHED 3

byte trouble = TROUBLE;
byte tok[2];                    /* run row: token */
byte jst[2], jinc[2], ord[2];   /* journal of the insert: state, increment, ordinal */
byte jid[2];                    /* benefit claim recorded: increment + 1 */
byte lkc, lkt;                  /* veteran_locks: claim + 1 (0 = no row), token */
byte slot[NI];                  /* BGS: whose benefit claim has this increment: child + 1, FOREIGN, 0 = free */
byte made[2];                   /* benefit claims ever made for a child */
byte pend[2];                   /* insert journalled as started, the call not yet over at the client */
bit gone[NI];                   /* a claim of ours here was cleared or cancelled before anybody recorded it */
bit stopped[2];                 /* its group has failed: no further step starts */
byte late[2 * NI];              /* the client has gone, the request may still act */
bit unseen[NI];                 /* the list of benefit claims does not show this one */
byte lags[2];                   /* repeats refused as taken: each costs an attempt */
bit held[2];                    /* needs-person: the record has ended, the lock row stays, no further call */
#ifndef LAGS_MAX
#define LAGS_MAX 3
#endif
#define SHOWN(i) (slot[i] != 0 && !unseen[i])

#ifdef NO_TOKEN
#define OWN true
#define LOCKTOK true
#else
#define OWN (tok[c] == my)      /* 5.5: every journal write, lock and settlement is conditional on that token */
#define LOCKTOK (lkt == my)
#endif
#ifdef NO_VETERAN_LOCK
#define LOCKED true
#else
#define LOCKED (lkc == c + 1 && LOCKTOK)
#endif
#ifdef NO_LOCK_CHECK
#define STARTABLE true
#else
#define STARTABLE LOCKED        /* the start of the insert is conditional on the lock row as well */
#endif

#define FLYING(c) (late[(c)*NI] + late[(c)*NI+1] + late[(c)*NI+2] > 0)
#ifdef NO_SETTLE_WAIT
#define SETTLED(c) true
#elif defined(STALL)
#define SETTLED(c) (!FLYING(c))
#elif defined(SLOW)
#define SETTLED(c) (pend[c] == 0)
#else
#define SETTLED(c) (pend[c] == 0 && !FLYING(c))
#endif

#ifdef NO_RECHECK               /* the age is the lock row's, and only the lock row is compared */
#define AGED(c) true
#define UNCHANGED(c) true
#else                           /* proposed: the age is the insert's own, and it is still the insert that was looked for */
#define AGED(c) SETTLED(c)
#define UNCHANGED(c) (ord[c] == o)
#endif

#if defined(NEXT_INC) || defined(NO_RESERVED)
#define FREE(i) true
#else                           /* proposed: nobody uses an increment that another child has sent and not yet recorded */
#define FREE(i) !((jst[1-c] == STARTED || jst[1-c] == LOOKED) && jinc[1-c] == i)
#endif

#ifdef NO_OURS
#define MATCH(c, i) SHOWN (i)
#else                           /* type, claim date, journal user agree; no other child has its id recorded */
#define MATCH(c, i) (SHOWN (i) && slot[i] != FOREIGN && jid[1 - (c)] != i + 1)
#endif

#ifdef OURS_OPEN
#define OWNED(c) (jst[c] == STARTED)
#else
#define OWNED(c) (jst[c] == STARTED || jst[c] == LOOKED)
#endif
#ifdef NO_GONE
#define GONE(c, i) false        /* "the status is neither CLR nor CAN" */
#else                           /* proposed: such a claim is no reason to insert again, it needs a person */
#define GONE(c, i) (gone[i] && (jst[c] == STARTED || jst[c] == LOOKED))
#endif

#define OPEN(c) (jst[c] != FINISHED)
#define RUNS(c) (OPEN (c) && !stopped[c] && !held[c])
#define AGAIN found = 0; repeat = 0; i = 0; o = 0; ht = 0; goto again
#define DROP found = 0; repeat = 0; i = 0; o = 0; ht = 0; goto drop

#ifdef LAG
inline lag (ii)
{
  if
  :: unseen[ii] = 1
  :: true
  fi
}
inline count_refusal () { if :: repeat && lags[c] < LAGS_MAX -> lags[c]++ :: else fi }
#else
inline lag (ii) { skip }
inline count_refusal () { skip }
#endif

inline act (cc, ii)             /* BGS: a modifier is unique among the Veteran's claims, else GUIE50010 */
{
  if
  :: slot[ii] == 0 -> slot[ii] = cc + 1; made[cc]++;
     assert (made[cc] <= 1);                     /* P1: at most one benefit claim per child */
     lag (ii)
  :: else
  fi
}

inline adopt (cc, ii)           /* journal: finished, with this id */
{
  jst[cc] = FINISHED; jid[cc] = ii + 1;
  assert (slot[ii] == cc + 1 || gone[ii])                    /* P2: no benefit claim is adopted by the wrong child */
}

inline release () { if :: lkc == c + 1 && LOCKTOK -> lkc = 0; lkt = 0 :: else fi }

proctype Worker (byte c)
{
  byte my, i, o, ht;
  bit found, repeat;

  atomic { tok[c]++; my = tok[c] };

again:
  if                                             /* the lock row, or snooze */
  :: !OPEN (c) || stopped[c] || held[c] -> goto over     /* a stopped child leaves its lock row behind: it ages */
  :: !OWN && OPEN (c) -> goto drop
#ifdef NO_VETERAN_LOCK
  :: OWN && RUNS (c) -> skip
#else
  :: atomic { OWN && RUNS (c) && lkc == 0 -> lkc = c + 1; lkt = my }
  :: atomic { OWN && RUNS (c) && lkc == c + 1 -> lkt = my }
  :: atomic { OWN && RUNS (c) && lkc == 2 - c && held[1-c] ->          /* behind a claim that a person decides on */
       held[c] = 1; goto over }
  :: atomic { OWN && RUNS (c) && lkc == 2 - c && !held[1-c] && AGED (1 - c) ->       /* the finder looks for the holder's insert */
       ht = lkt; o = ord[1-c]; i = jinc[1-c];
       found = OWNED (1 - c) && MATCH (1 - c, i) };
     atomic {                                    /* settles it, and takes the row over */
       if
       :: OWN && lkc == 2 - c && lkt == ht && UNCHANGED (1 - c) ->
          lkc = c + 1; lkt = my;
#ifdef FINDER_TAKES_RUN
          tok[1-c]++;
#endif
          if
          :: found && OPEN (1 - c) -> adopt ((1-c), i)
          :: !found && GONE ((1-c), i) -> jst[1-c] = FINISHED                  /* needs-person */
          :: !found && !GONE ((1-c), i) && jst[1-c] == STARTED ->
#ifdef NEXT_INC
             jst[1-c] = NONE
#else
             jst[1-c] = LOOKED
#endif
          :: else
          fi
       :: else
       fi;
       AGAIN
     }
#endif
  fi;

  if                                             /* found started: wait, look, then decide */
  :: jst[c] == STARTED || jst[c] == LOOKED ->
#ifndef NO_LOOK
     atomic {
       if
       :: SETTLED (c) -> i = jinc[c]; found = OWNED (c) && MATCH (c, i); repeat = !SHOWN (i)
       :: !OWN -> DROP
       fi
     };
     if
     :: !found && GONE (c, i) ->
        atomic {
          if
          :: OWN && LOCKED && OPEN (c) -> jst[c] = FINISHED; release (); goto over     /* needs-person */
          :: else -> AGAIN
          fi
        }
     :: found ->
        atomic {
          if
          :: OWN && LOCKED && OPEN (c) -> adopt (c, i); release (); goto over
          :: OWN && !(LOCKED && OPEN (c)) -> AGAIN
          :: else -> DROP
          fi
        }
     :: else
     fi;
#endif
#ifdef NEXT_INC
     repeat = 0
#endif
#ifdef NO_LAG_HOLD
     if :: lags[c] > 0 -> repeat = 0 :: else fi
#else
     if
     :: repeat && lags[c] == LAGS_MAX ->         /* refused as taken, and nobody shown: a person decides */
        atomic {
          if
          :: OWN && LOCKED && OPEN (c) -> held[c] = 1;
#ifdef NEVER_HELD
             assert (!held[c]);
#endif
             goto over
          :: OWN && !(LOCKED && OPEN (c)) -> AGAIN
          :: else -> DROP
          fi
        }
     :: else
     fi
#endif
  :: else
  fi;

  atomic {
    if
    :: repeat
    :: !repeat ->                                /* the next increment: the lowest free, or a counter */
       if
       :: slot[0] == 0 && FREE (0) -> i = 0      /* the finder of increments does not lag */
       :: slot[1] == 0 && FREE (1) -> i = 1
       :: slot[2] == 0 && FREE (2) -> i = 2
       :: else -> goto over                      /* all taken: out of bounds here */
       fi
    fi
  };

  atomic {                                       /* journal: started */
    if
    :: OWN && STARTABLE && OPEN (c) && !stopped[c] -> jst[c] = STARTED; jinc[c] = i; ord[c]++; pend[c]++
    :: OWN && !(STARTABLE && OPEN (c) && !stopped[c]) -> AGAIN
    :: !OWN -> DROP
    fi
  };

  if                                             /* the call */
  :: atomic { slot[i] == 0 -> pend[c]--; act (c, i) };
     atomic {                                    /* finished, and the lock row deleted, in one transaction */
       if
       :: OWN && jst[c] == STARTED -> adopt (c, i); release (); goto over
       :: OWN && jst[c] != STARTED -> AGAIN
       :: else -> DROP
       fi
     }
  :: atomic {                                    /* GUIE50010: first send, never ours; a repeat looks again */
       slot[i] != 0 -> pend[c]--; count_refusal () };
     goto failed
  :: atomic { trouble > 0 -> trouble--; pend[c]-- };
     goto failed                                                              /* not connected */
  :: atomic { trouble > 0 -> trouble--; pend[c]--; act (c, i); AGAIN }        /* unknown: acted */
  :: atomic { trouble > 0 -> trouble--; pend[c]--; AGAIN }                    /* unknown: never arrives */
  :: atomic { trouble > 0 -> trouble--; pend[c]--; late[c*NI + i]++; AGAIN }  /* unknown: acts later */
  fi;

failed:
  atomic {
    if
    :: OWN && jst[c] == STARTED -> jst[c] = (repeat -> LOOKED : NONE); release (); AGAIN
    :: OWN && jst[c] != STARTED -> AGAIN
    :: else -> DROP
    fi
  };

drop:                                            /* no row hit: no verdict, no offset, no further call */
over:
  skip
}

active proctype World ()
{
  byte k;
end:
  do
  :: atomic { late[0] > 0 -> late[0]--; act (0, 0) }
  :: atomic { late[1] > 0 -> late[1]--; act (0, 1) }
  :: atomic { late[2] > 0 -> late[2]--; act (0, 2) }
  :: atomic { late[3] > 0 -> late[3]--; act (1, 0) }
  :: atomic { late[4] > 0 -> late[4]--; act (1, 1) }
  :: atomic { late[5] > 0 -> late[5]--; act (1, 2) }
#ifdef LAG
  :: atomic { unseen[0] -> unseen[0] = 0 }
  :: atomic { unseen[1] -> unseen[1] = 0 }
  :: atomic { unseen[2] -> unseen[2] = 0 }
#endif
#ifdef CANCEL
  :: atomic { trouble > 0 && slot[0] == 1 && jid[0] != 1 -> trouble--; slot[0] = 0; gone[0] = 1 }
  :: atomic { trouble > 0 && slot[1] == 1 && jid[0] != 2 -> trouble--; slot[1] = 0; gone[1] = 1 }
#endif
  :: atomic { trouble > 0 && slot[0] == 0 -> trouble--; slot[0] = FOREIGN; lag (0) }
  :: atomic { trouble > 0 && slot[1] == 0 -> trouble--; slot[1] = FOREIGN; lag (1) }
  :: atomic { trouble > 0 && OPEN (0) && !stopped[0] -> trouble--; stopped[0] = 1 }
  :: atomic { trouble > 0 && OPEN (0) && tok[0] > 0 -> trouble--; run Worker (0) }
  :: atomic { trouble > 0 && OPEN (1) && tok[1] > 0 -> trouble--; run Worker (1) }
  od
}

init
{
  atomic { run Worker (0); run Worker (1) };
end:                                             /* P8: nobody is stuck, no record is lost */
  timeout -> assert (((jst[0] == FINISHED || stopped[0] || held[0]) && (jst[1] == FINISHED || held[1])) ||
                     (slot[0] != 0) + (slot[1] != 0) + (slot[2] != 0) >= 2)
}
