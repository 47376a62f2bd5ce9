/* mail.pml: one e-mail. VA Notify has no look and no key by which it would know a repeated POST: who has not had its answer waits
 * for a callback, which may never come. A Worker is one delivery of the request. trouble is spent on: another delivery while the
 * old worker runs on, a call without an answer (accepted, lost, or still on its way), a refusal, and a record that is quarantined.
 *
 * Guards, off with -DNO_x: ONCE
 */
#ifndef TROUBLE
#define TROUBLE 3
#endif
mtype = { NONE, STARTED, FINISHED, GIVEN_UP };
mtype = { REQUESTED, SENT, DELIVERED, UNKNOWN, FAILED };

byte trouble = TROUBLE;
mtype jst = NONE;               /* journal of the call */
mtype ledger = REQUESTED;
byte tok, jtok;                 /* run row; who has started the call */
byte pend, flying;              /* POST not yet over at the client; whose client has gone */
byte mails;                     /* that VA Notify has accepted */
bit told, silent, settled;      /* a callback has come; it never will; the request has its inbox row */

#define OWN     (tok == my)
#define SETTLED (pend == 0 && flying == 0)

inline accept ()
{
  mails++;
  assert (mails <= 1)                            /* P12: no e-mail twice */
}

inline settle_as (state)        /* a callback may have said more by now */
{
  if :: ledger == REQUESTED -> ledger = state :: else fi;
  settled = 1
}

proctype Worker ()
{
  byte my;

  atomic { tok++; my = tok };
again:
  if
  :: !OWN || settled -> goto over
  :: atomic { OWN && !settled && jst == STARTED && SETTLED && told -> jst = FINISHED; goto again }
#ifdef NO_ONCE
  :: atomic { OWN && !settled && jst == STARTED && SETTLED && !told -> jst = NONE; goto again }
#else
  :: atomic { OWN && !settled && jst == STARTED && SETTLED && !told -> jst = GIVEN_UP; goto again }
#endif
  :: atomic { OWN && !settled && jst == GIVEN_UP -> settle_as (UNKNOWN); goto over }
  :: atomic { OWN && !settled && jst == FINISHED -> settle_as (SENT); goto over }
  :: atomic { OWN && !settled && jst == NONE && ledger != REQUESTED -> settled = 1; goto over }
  :: atomic { OWN && !settled && jst == NONE && ledger == REQUESTED -> jst = STARTED; jtok = my; pend++ }
  :: atomic { trouble > 0 && OWN && !settled -> trouble--;                                /* quarantined */
              if
              :: jst == STARTED -> jst = GIVEN_UP; settle_as (UNKNOWN)
              :: jst == NONE -> settle_as (FAILED)
              :: else -> settle_as (UNKNOWN)
              fi;
              goto over }
  fi;
  if
  :: atomic { pend--; accept () };
     atomic {
       if
       :: jst == STARTED && jtok == my ->
          jst = FINISHED;
          if :: ledger == REQUESTED || ledger == UNKNOWN -> ledger = SENT :: else fi
       :: else
       fi;
       goto again
     }
  :: atomic { trouble > 0 -> trouble--; pend--;                                           /* refused */
              if :: jst == STARTED && jtok == my -> jst = NONE :: else fi;
              goto again }
  :: atomic { trouble > 0 -> trouble--; pend--; accept (); goto again }                   /* unknown: accepted */
  :: atomic { trouble > 0 -> trouble--; pend--; goto again }                              /* unknown: lost */
  :: atomic { trouble > 0 -> trouble--; pend--; flying++; goto again }
  fi;
over:
  skip
}

active proctype World ()
{
end:
  do
  :: atomic { flying > 0 -> flying--; accept () }
  :: atomic { mails > 0 && !told && !silent -> if :: told = 1; ledger = DELIVERED :: silent = 1 fi }
  :: atomic { trouble > 0 && !settled && tok > 0 -> trouble--; run Worker () }
  od
}

init
{
  run Worker ();
end:
  timeout -> assert (settled && ledger != REQUESTED);     /* P8: it ends, or is told as unknown */
  assert (ledger != FAILED || mails == 0)                 /* P12: none is told as not sent that is out */
}
