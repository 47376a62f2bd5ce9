"""For each guard of the protocol a small situation that goes wrong without it.

A situation is brought about with points at which processes die or stand still (lib/base/crash-point.h) and with rules of
the simulator; no chance is in it. It returns what is wrong at its end: with all guards nothing, without its own
something of the property named. The properties are those of the protocol's model:

  P1 one benefit claim per child                      P5 one chain per record, no death by an old replay
  P2 none adopted by the wrong child                  P6 no death after the insert
  P3 proc closed once, after all children             P8 all ends, nothing lost, or a person is asked
  P4 no claim that the package hides                  P9 one package a group
  P7 backup only for a failed group                   P12 no e-mail twice
"""

import functools
import time

import claims
from pipeline import BACKUP, BUSY, CONSUMERS, FOR_NOW, INSERT, NOTIFY, PROC_UPDATE, Pipeline, until
from servers import commit_offsets, end_offsets, remove_static_member

PARTITIONS = 12   # of every topic: schemas/topics.json

QUICK = {"bgs_connect_timeout_ms": 250, "send_within_ms": 250, "unknown_settle_ms": 500, "bgs_read_timeout_ms": 1000,
         "heartbeat_interval_ms": 300, "instance_timeout_ms": 1500, "kafka__session__timeout__ms": 20000}
# An attempt that has failed is out of the way for as long as a situation lasts.
LATE = "10m"
# No call that is held is given up, and none is put off, whatever the machine has to do meanwhile.
PATIENT = {"bgs_read_timeout_ms": 30000, "send_within_ms": 10000, "unknown_settle_ms": 11000}
NEVER_S = 6   # without its guard; a dead process's records are published after 1.5 s, by the relay
RETRY_LATE = {"retry_tiers": LATE + "*4", "look_tier": LATE}
FOR_GOOD = "ORA-20099: Error - File Number and Social Security number are different"
BOTH = claims.each_step_once()
DRAFT, SCHOOL, PERSON = "vnpBnftClaimCreate", "vnpChildSchoolCreate", "vnpPersonCreate"

SITUATIONS = {}   # by guard: property, function, settings
# Guards of the model that nothing here can be shown without.
NOT_SHOWN = {
    "STABLE_NAME": "each process also sweeps rows of its own name, so that such a row is late (60 s), not lost",
    "FINDER_TAKES_RUN": "whose run row is taken loses his token and takes the record again, see RETAKE",
}


def situation(guard, broken, **settings):
    def register(function):
        SITUATIONS[guard] = broken, function, settings
        return function
    return register


class Site:
    """Topics that situations use one after another. To make them takes a broker longer than any situation."""

    def __init__(self):
        with Pipeline() as maker:
            maker.settings["retry-tiers"] += "," + LATE
            maker.set_up()
            self.prefix, self.topics = maker.prefix, maker.topics
        until(lambda: end_offsets(self.topics, PARTITIONS), 60, "topics with leaders")

    def perform(self, guard, without):
        """What is wrong at the end of a guard's situation."""
        _, function, settings = SITUATIONS[guard]
        environment = {"CRASH_WITHOUT": guard if without else ""}
        with Stage(self, environment=environment, **{**QUICK, **settings}) as stage:
            stage.migrate()
            stage.start_api()
            return function(stage)


class Stage(Pipeline):
    """A pipeline with the verbs that the situations are told in. It has a database of its own, and the topics of a site:
    its consumers begin where the records of earlier situations end."""

    def __init__(self, site, **settings):
        super().__init__(topic_prefix=site.prefix, **settings)
        self.is_without = self.environment["CRASH_WITHOUT"] != ""
        self.prefix = site.prefix
        self.base = end_offsets(site.topics, PARTITIONS)
        for consumer in (*CONSUMERS, BACKUP, NOTIFY):
            group = self.prefix + consumer
            remove_static_member(group, consumer)
            until(lambda group=group: commit_offsets(group, self.base), 30, f"no member is left in {group}", every=0.2)

    def close(self, is_failed):
        # Members that are not static leave when they are asked to; a site would have to wait for their session's end.
        leaving = [program for program in self.programs if program.name in (*CONSUMERS, BACKUP, NOTIFY) and program.runs()]
        for program in leaving:
            program.go_on()
            program.process.terminate()
        deadline = time.monotonic() + 3
        while any(program.runs() for program in leaving) and time.monotonic() < deadline:
            time.sleep(0.02)
        super().close(is_failed)

    def records(self, topic):
        """Without those of earlier situations."""
        def is_new(place):
            partition, offset = map(int, place.split("/"))
            return offset >= self.base[self.prefix + topic, partition]
        return [record for record in super().records(topic) if is_new(record[1]["offset"])]

    def submit_one(self, sample="03"):
        (guid,) = self.submit([claims.claim(sample, 1)], connections=1)
        return guid

    def member(self, name, environment=None):
        launch = {BACKUP: self.launch_backup, NOTIFY: self.launch_notify}.get(name, functools.partial(self.launch, name))
        return launch(environment=environment, kafka__group__instance__id=name)

    def dies_at(self, name, point, seconds=30):
        """Starts it and returns when it has died there."""
        program = self.member(name, {"CRASH_AT": point})
        until(lambda: not program.runs(), seconds, lambda: f"{name} dead at {point}; its log:\n{program.log()[-2000:]}")
        assert program.process.returncode == -9, program.log()[-2000:]

    def dies_in(self, name, operation, contains=""):
        """Starts it and kills it when BGS has such a call of it, which acts when let_go() is called."""
        self.hold(operation, contains)
        program = self.member(name)
        self.wait_call(operation, contains)
        program.kill()

    def stands_at(self, name, point, seconds=30):
        program = self.member(name, {"CRASH_STOP_AT": point})
        program.wait_stopped(seconds)
        return program

    def set_up_done(self):
        """The set-up is over, and proc-setup with it."""
        program = self.start("proc-setup")
        until(lambda: self.sql_one("select count(*) from inbox where consumer = 'proc-setup'") == "1"
              and self.sql_one("select count(*) from outbox") == "0", 20, "set-up")
        program.end()

    def child(self, form):
        """State and benefit claim."""
        (row,) = self.sql("select g.status, g.bgs_claim_id from saved_claim_groups g join saved_claims c "
                          f"on c.id = g.saved_claim_id where g.parent_claim_id <> g.saved_claim_id and c.form_id = '{form}'")
        return row

    def wait_child(self, form, *states, seconds=40):
        until(lambda: self.child(form)[0] in states, seconds, lambda: f"{form} in {states}; it is {self.child(form)}")
        return self.child(form)

    def verdicts(self, consumer):
        return [verdict for (verdict,) in self.sql(
            f"select verdict from inbox where consumer = '{consumer}' order by handled_at")]

    def wait_answered(self):
        until(lambda: not any(entry["status"] is None for entry in self.simulator.ledger()), 20, "nothing on its way")

    def group_state(self):
        (state,) = self.states()
        return state

    def hold(self, operation, contains=""):
        """The next such call waits, acts and is answered when let_go() is called."""
        self.simulator.rule(name=f"hold {operation}", operation=operation, contains=contains, do="hold", times=1)

    def let_go(self):
        self.simulator.let_go()
        self.wait_answered()

    def wait_call(self, operation, contains=""):
        return until(lambda: self.simulator.held(operation, contains), 30, f"{operation} on its way", every=0.01)

    def meet_insert(self, program):
        """While one is held it sends a second one, or waits; then the first one acts."""
        program.go_on()
        until(lambda: len(self.simulator.ledger(INSERT)) > 1 or program.has_settled("snooze"), 30,
              lambda: f"a second insert, or none; its log:\n{program.log()[-2000:]}", every=0.02)
        self.let_go()
        wrong = self.overlapping_inserts()
        if not wrong:
            self.wait_done(40)
        return wrong or self.overlapping_inserts()

    def make_lock_old(self):
        """Old enough to be taken over."""
        assert self.sql("update veteran_locks set since = since - interval '1 hour' returning token")

    def patience(self, seconds):
        """A bound for what does not come without the guard that is out; with it, long enough for a busy machine."""
        return seconds / BUSY if self.is_without else 40

    def overlapping_inserts(self):
        """An insert that was sent while another one of the Veteran was in doubt."""
        inserts = sorted((entry["at"], entry["ended_at"] or "Z") for entry in self.simulator.ledger(INSERT))
        return ["P2: an insert was sent while another one of the Veteran was in doubt"
                for before, after in zip(inserts, inserts[1:]) if after[0] < before[1]]

    def late_writes(self):
        return [f"P3: {operation} under proc {proc} after its close" for proc, operation in self.written_after_close()]


# --- A message

@situation("INBOX", "P5", **RETRY_LATE)
def settled_and_delivered_again(stage):
    """form-686c dies before it has stored the offset of a record whose attempt has failed and is settled."""
    stage.submit_one()
    stage.set_up_done()
    stage.simulator.refuse("vnpPtcpntCreate", FOR_NOW)
    stage.dies_at("form-686c", "offset/before-store")
    again = stage.member("form-686c").wait_ready()
    until(lambda: again.metric("doubles_total") + again.metric("messages_total") > 0, 20, "delivered again")
    until(lambda: stage.sql_one("select count(*) from outbox") == "0", 20, "all published")
    # One that the dead process had published and not deleted is published again, and dropped by its id: it says the same.
    waiting = {headers["dp-not-before"] for _, headers, _ in stage.records(f"form-686c.retry-{LATE}")}
    return [] if len(waiting) == 1 else [f"P5: {len(waiting)} records wait for one attempt of a child"]


@situation("STALE", "P5")
def record_of_an_older_replay(stage):
    """While a child's record waits, a person has the group redriven; what the old record comes to must not count."""
    guid = stage.submit_one()
    stage.set_up_done()
    stage.sql(f"update saved_claim_groups set replay = 1 where claim_group_guid = '{guid}'")
    stage.simulator.refuse("vnpPtcpntCreate", FOR_GOOD)
    stage.member("form-686c")
    until(lambda: stage.sql_one("select count(*) from inbox where consumer = 'form-686c'") == "1", 20, "a verdict")
    return [] if stage.group_state() == "accepted" else ["P5: a record of an older replay has failed the group"]


def wait_for_next_record(stage):
    """proc-setup is started again: the child's record comes, or it never will."""
    again = stage.member("proc-setup").wait_ready()
    until(lambda: again.metric("doubles_total") + again.metric("messages_total") > 0, 20, "delivered again")
    try:
        until(lambda: stage.records("claims.686c"), stage.patience(NEVER_S), "the child's record", every=0.2)
    except TimeoutError:
        return ["P8: the set-up is settled, and the child's record never comes"]
    return []


@situation("SETTLE_ATOMIC", "P8", **PATIENT)   # not a snooze: it settles nothing
def dies_amid_a_settlement(stage):
    stage.submit_one()
    stage.dies_at("proc-setup", "settle/amid")
    return wait_for_next_record(stage)


@situation("RELAY", "P8")
def dies_between_commit_and_publishing(stage):
    stage.submit_one()
    while not stage.verdicts("proc-setup"):
        stage.dies_at("proc-setup", "outbox/before-publish")   # the first time that may be an event of before
    return wait_for_next_record(stage)


def fails_once(stage):
    """A claim whose first attempt fails for a moment."""
    stage.submit_one()
    stage.set_up_done()
    stage.simulator.refuse("vnpPtcpntCreate", FOR_NOW, times=1)


def wait_for_second_attempt(stage):
    try:
        stage.wait_child("21-686C", "submitted", seconds=stage.patience(NEVER_S))
    except TimeoutError:
        return ["P8: the claim's first attempt is settled, and there is no second one"]
    return []


@situation("OUTBOX_RETRY", "P8")
def dies_between_a_retry_and_its_publishing(stage):
    fails_once(stage)
    stage.dies_at("form-686c", "settle/after-commit")
    while not stage.sql("select hop from inbox where consumer = 'form-686c' and verdict = 'RETRY'"):
        stage.dies_at("form-686c", "settle/after-commit")   # that was a snooze
    stage.member("form-686c").wait_ready()
    return wait_for_second_attempt(stage)


@situation("HOP", "P8")
def second_record_of_a_message(stage):
    fails_once(stage)
    stage.member("form-686c").wait_ready()
    return wait_for_second_attempt(stage)


@situation("COMMIT_LAST", "P8", bgs_read_timeout_ms=3500)
def dies_amid_a_claim(stage):
    """Later than the next commit of offsets, which comes once a second."""
    stage.submit_one()
    stage.set_up_done()
    stage.simulator.rule(name="slow", operation=DRAFT, do="delay", delay_ms=3000, times=1)
    stage.dies_at("form-686c", "call/after/create-vnp-claim")
    again = stage.member("form-686c").wait_ready()
    try:
        stage.wait_child("21-686C", "submitted", seconds=stage.patience(NEVER_S))
    except TimeoutError:
        assert again.metric("records_in_flight") + again.metric("records_snoozing") == 0, "it is still at work"
        return ["P8: the claim is lost: nobody has its record"]
    return []


@situation("RETAKE", "P8", bgs_read_timeout_ms=4000)
def token_taken_by_a_sleeper(stage):
    """A process that has lost the partition wakes up, takes the run row and dies. Whose row it was still has the record."""
    guid = stage.submit_one()
    stage.set_up_done()
    stage.hold(DRAFT)
    program = stage.member("form-686c")
    stage.wait_call(DRAFT)
    stage.sql("update runs set token = nextval ('tokens') where scope <> '" + guid + "'")   # as `own` does, and nothing more
    stage.let_go()
    try:
        stage.wait_child("21-686C", "submitted", seconds=stage.patience(NEVER_S))
    except TimeoutError:
        assert program.runs()
        return ["P8: the record is forgotten by the process that has it"]
    return []


# --- A child's insert

def claim_that_is_cleared_before_the_look(stage):
    """The insert acts, the answer is lost, and a clerk clears the claim: a person must decide."""
    stage.submit_one()
    stage.set_up_done()
    stage.dies_in("form-686c", INSERT)
    stage.let_go()
    (made,) = stage.simulator.state()["benefit_claims"]
    stage.simulator.control("POST", "benefit-claims", {"bnftClaimId": made["bnftClaimId"], "statusTypeCd": "CLR"})
    stage.member("form-686c")
    state, _ = stage.wait_child("21-686C", "held", "submitted", "dead")
    count = len(stage.simulator.state()["benefit_claims"])
    wrong = [f"P1: {count} benefit claims for one child"] if count != 1 else []
    return wrong + ([] if state == "held" or wrong else [f"P8: the child is {state}, and nobody was asked"])


situation("LOOK", "P1")(claim_that_is_cleared_before_the_look)
situation("GONE", "P1")(claim_that_is_cleared_before_the_look)


def insert_that_acts_after_the_look(stage):
    """The insert acts later than anybody thought possible: after the look that did not find it, before the repeat."""
    stage.submit_one()
    stage.set_up_done()
    stage.hold(INSERT)
    looked = stage.stands_at("form-686c", "insert/after-settled")
    stage.let_go()
    looked.go_on()
    stage.wait_child("21-686C", "submitted")
    count = len(stage.simulator.state()["benefit_claims"])
    return [f"P1: {count} benefit claims for one child"] if count != 1 else []


situation("OURS_OPEN", "P1")(insert_that_acts_after_the_look)
situation("SAME_INC", "P1")(insert_that_acts_after_the_look)


@situation("OURS", "P2")
def clerks_claim_of_the_same_increment(stage):
    """The insert is lost on its way, and a clerk opens another type of claim under the increment that we wanted."""
    stage.submit_one()
    stage.set_up_done()
    stage.simulator.rule(name="lost", operation=INSERT, do="drop-before", times=1)
    stage.dies_at("form-686c", "call/after/insert-benefit-claim")
    stage.simulator.control("POST", "benefit-claims", {"ptcpntId": "600000001", "cpClaimEndPrdctTypeCd": "130"})
    stage.member("form-686c")
    _, adopted = stage.wait_child("21-686C", "submitted")
    planted = [claim["bnftClaimId"] for claim in stage.simulator.state()["benefit_claims"] if claim["is_planted"]]
    assert len(planted) == 1
    return ["P2: a clerk's claim was adopted"] if adopted in planted else []


@situation("RESERVED", "P2", **RETRY_LATE)
def increment_that_another_child_has_sent(stage):
    """The 686c's insert is lost, sent again, refused for a moment: its increment is in doubt while it waits for its next
    attempt, and BGS offers it to the 674."""
    stage.submit_one(BOTH)
    stage.set_up_done()
    stage.simulator.rule(name="lost", operation=INSERT, do="drop-before", times=1)
    stage.simulator.refuse(INSERT, FOR_NOW, times=1)
    stage.member("form-686c")
    until(lambda: stage.simulator.ledger(INSERT)[1:] and stage.sql("select from veteran_locks") == []
          and stage.verdicts("form-686c") == ["RETRY"], 30, "a failed attempt")
    stage.member("form-674")
    stage.wait_child("21-674", "submitted")
    sent = [(scope, note.split()[0]) for scope, note in stage.sql(
        "select scope, note from step_journal where step = 'insert-benefit-claim' order by started_at")]
    assert len(sent) >= 3 and sent[0] == sent[1], sent
    others = [increment for scope, increment in sent if scope != sent[0][0]]
    return ["P2: an increment was used that another child has sent and not recorded"] if sent[0][1] in others else []


@situation("VETERAN_LOCK", "P2", **PATIENT)
def two_children_insert_at_once(stage):
    stage.submit_one(BOTH)
    stage.set_up_done()
    stage.hold(INSERT)
    second = stage.stands_at("form-674", "lock/before")
    stage.member("form-686c")
    stage.wait_call(INSERT)
    return stage.meet_insert(second)


@situation("LOCK_CHECK", "P2", **PATIENT)
def lock_taken_over_from_a_sleeper(stage):
    """The 686c has the Veteran's row and sleeps; the 674 takes it over and inserts; the 686c wakes and wants to insert."""
    stage.submit_one(BOTH)
    stage.set_up_done()
    sleeper = stage.stands_at("form-686c", "lock/after")
    stage.make_lock_old()
    stage.hold(INSERT)
    stage.member("form-674")
    stage.wait_call(INSERT)
    return stage.meet_insert(sleeper)


@situation("RECHECK", "P2", **PATIENT)
def insert_started_while_its_lock_is_taken_over(stage):
    """The 674 has found the Veteran's row old and nothing sent; before it takes the row over, its holder sends."""
    stage.submit_one(BOTH)
    stage.set_up_done()
    holder = stage.stands_at("form-686c", "lock/after")
    stage.make_lock_old()
    finder = stage.stands_at("form-674", "lock/before-take-over")
    stage.hold(INSERT)
    holder.go_on()
    stage.wait_call(INSERT)
    return stage.meet_insert(finder)


# --- A group

@situation("SETTLE_WAIT", "P3", bgs_read_timeout_ms=4500)
def request_that_acts_after_its_sender_died(stage):
    stage.submit_one()
    stage.set_up_done()
    stage.dies_in("form-686c", DRAFT)
    other = stage.member("form-686c").wait_ready()
    until(lambda: stage.simulator.ledger(PROC_UPDATE) or other.has_settled("snooze"), 30, "the close, or it waits")
    stage.let_go()
    stage.wait_done(30)
    return stage.late_writes()


@situation("SEND_WITHIN", "P3")
def sleeps_before_the_first_byte(stage):
    """A process sleeps between the start in its journal and the request; another one makes the step again, and goes on to
    the close."""
    stage.submit_one()
    stage.set_up_done()
    sleeper = stage.launch("form-686c", environment={"CRASH_STOP_AT": "start/after-commit/create-vnp-claim"},
                           kafka__session__timeout__ms=2000)
    sleeper.wait_stopped(30)
    stage.member("form-686c")
    stage.wait_done(30)
    sleeper.go_on()
    until(lambda: "no verdict" in sleeper.log(), 20, "nothing left in the sleeper's hands")
    stage.wait_answered()
    return stage.late_writes()


@situation("CLOSER", "P3", **PATIENT)
def first_child_is_through_before_the_second(stage):
    stage.submit_one(BOTH)
    stage.set_up_done()
    stage.hold(SCHOOL)
    first = stage.stands_at("form-686c", "submitted/before")
    stage.member("form-674")
    stage.wait_call(SCHOOL)
    first.go_on()
    until(lambda: stage.verdicts("form-686c"), 30, "a verdict")
    stage.let_go()
    until(lambda: stage.group_state() == "success", 30, "success")
    return stage.late_writes()


@situation("CLOSER_FIRST", "P3", bgs_read_timeout_ms=10000)   # a RETRY would stand where the closer should
def two_who_find_all_children_submitted(stage):
    """The 686c dies when it has said that it is submitted; the 674 is the closer, has closed, and sleeps; the 686c's
    record is delivered again, and finds everybody submitted."""
    stage.submit_one(BOTH)
    stage.set_up_done()
    stage.dies_at("form-686c", "submitted/after")
    closer = stage.stands_at("form-674", "settle/before-commit")
    other = stage.member("form-686c")
    until(lambda: stage.sql_one("select count(*) from inbox where consumer = 'form-686c'") == "1", 30,
          lambda: "a verdict; its log:\n" + other.log()[-2000:])
    closer.go_on()
    until(lambda: stage.group_state() == "success", 30, "success")
    closes = [entry for entry in stage.simulator.ledger(PROC_UPDATE) if entry["acted"]]
    return [] if len(closes) == 1 else [f"P3: the proc was closed {len(closes)} times"]


@situation("GROUP_CHECK", "P4", bgs_read_timeout_ms=30000)
def sibling_of_a_child_that_dies(stage):
    """The 674 is refused for good while the 686c waits for an answer: the group goes by paper, and the 686c must stop."""
    stage.submit_one(BOTH)
    stage.set_up_done()
    stage.simulator.hold(PERSON, "Marisol")
    stage.simulator.refuse(SCHOOL, FOR_GOOD)
    stage.member("form-686c")
    stage.wait_call(PERSON)
    stage.member("form-674")
    stage.wait_child("21-674", "dead")
    stage.simulator.let_go()
    stage.wait_child("21-686C", "stopped", "submitted")
    made = stage.simulator.state()["benefit_claims"]
    return ["P4: a benefit claim was made after the group had failed"] if made else []


@situation("TOKEN", "P6", **PATIENT)
def verdict_of_a_sleeper(stage):
    """A process has come to DEAD and sleeps before it settles; another one has the claim now, and its insert is sent."""
    stage.submit_one()
    stage.set_up_done()
    stage.simulator.refuse("findBenefitClaimTypeIncrement", FOR_GOOD, times=1)
    sleeper = stage.launch("form-686c", environment={"CRASH_STOP_AT": "settle/before-commit"},
                           kafka__session__timeout__ms=2000)
    sleeper.wait_stopped(30)
    stage.hold(INSERT)
    stage.member("form-686c")
    stage.wait_call(INSERT)
    sleeper.go_on()
    until(lambda: stage.verdicts("form-686c") or sleeper.metric("tokens_lost_total"), 30, "the sleeper's verdict, or none")
    stage.let_go()
    until(lambda: stage.group_state() != "accepted", 30, "the group's end")
    assert len(stage.simulator.state()["benefit_claims"]) == 1
    state, _ = stage.child("21-686C")
    return [] if state == "submitted" else [f"P6: the child is {state} after its insert"]


@situation("QUARANTINE_LATE", "P6", quarantine_after=2)
def record_that_kills_its_process_after_the_insert(stage):
    stage.submit_one()
    stage.set_up_done()
    for _ in range(6):
        program = stage.member("form-686c", {"CRASH_AT": "call/before/update-vnp-claim"})
        until(lambda: not program.runs() or stage.child("21-686C")[0] != "pending", 30, "a death or an end")
        if program.runs():
            break
    state, _ = stage.child("21-686C")
    assert stage.records("quarantine"), "not quarantined"
    return [] if state == "submitted" else [f"P6: the child is {state} after its insert"]


# --- The package

def refused_under_a_draft(stage):
    """The 686c's process has died with a person's row on its way, which is held, when the 674 is refused for good."""
    stage.start_intake()
    stage.submit_one(BOTH)
    stage.set_up_done()
    stage.simulator.refuse(SCHOOL, FOR_GOOD)
    stage.dies_in("form-686c", PERSON, "Marisol")
    stage.member("form-674")
    stage.wait_child("21-674", "dead")


@situation("BACKUP_WAIT", "P3", bgs_read_timeout_ms=12000)   # by then backup has seen that it has to wait
def row_that_acts_after_its_group_has_failed(stage):
    refused_under_a_draft(stage)
    program = stage.member(BACKUP).wait_ready()
    until(lambda: stage.group_state() == "processing" or program.has_settled("snooze"), 30, "the package, or it waits")
    stage.let_go()
    until(lambda: stage.group_state() == "processing", 40, "the package")
    (put,) = stage.intake.ledger("put")
    late = [entry for entry in stage.simulator.ledger(PERSON) if entry["ended_at"] > put["at"]]
    return ["P3: a row was written after the package had been sent"] if late else []


@situation("BACKUP_SETTLES", "P8")
def row_whose_process_is_gone(stage):
    """Nobody comes back to end it."""
    refused_under_a_draft(stage)
    stage.let_go()
    program = stage.member(BACKUP).wait_ready()
    until(lambda: stage.group_state() == "processing" or program.metric("records_snoozing") and
          stage.sql_one("select clock_timestamp () > min (started_at) + interval '10 s' from step_journal "
                        "where state = 'started'") == "t", 40, "the package, or nothing")
    return [] if stage.group_state() == "processing" else ["P8: the group waits for a step that nobody ends"]


@situation("UNKNOWN_EXEMPT", "P8", outage_max_wait="48h", **RETRY_LATE)
def insert_given_out_as_unknown(stage):
    """An insert has acted, its answer is lost, and BGS cannot be asked for as long as form-686c may wait. Its claim goes by
    paper, and backup, which may wait longer, is not to wait for the same answer once more."""
    stage.start_intake()
    stage.submit_one()
    stage.set_up_done()
    stage.simulator.rule(name="lost", operation=INSERT, do="drop-after", times=1)
    stage.simulator.refuse("findBnftClaimDetailByPtcpntId", FOR_NOW)
    stage.launch("form-686c", kafka__group__instance__id="form-686c", outage_max_wait="1s", look_tier="200ms",
                 retry_tiers="200ms*4")
    stage.wait_child("21-686C", "dead")
    stage.member(BACKUP)
    until(lambda: stage.group_state() == "processing" or stage.verdicts(BACKUP), 40, "the package, or a verdict")
    return [] if stage.group_state() == "processing" else ["P8: the package waits for an insert that was given out as unknown"]


@situation("BACKUP_CHECK", "P7")
def group_that_begins_again_at_that_moment(stage):
    """Somebody has it begin again between backup's look at it and its beginning."""
    stage.start_intake()
    stage.submit_one()
    stage.set_up_done()
    stage.simulator.refuse(PERSON, FOR_GOOD, times=1)
    form = stage.member("form-686c")
    stage.wait_child("21-686C", "dead")
    form.kill()
    program = stage.member(BACKUP, {"CRASH_STOP_AT": "backup/before-begin"})
    program.wait_stopped(30)
    stage.sql("update saved_claim_groups set status = 'accepted' where parent_claim_id = saved_claim_id returning id")
    program.go_on()
    until(lambda: stage.verdicts(BACKUP), 30, "a verdict")
    begun = stage.sql_one("select backup_begun_at is not null from saved_claim_groups where parent_claim_id = saved_claim_id")
    return ["P7: backup has begun for a group that is accepted"] if begun == "t" else []


@situation("ASK", "P9")
def package_that_came_through_900_s_ago(stage):
    """The PUT is stored, its answer lost, and nobody looks before the location takes none any more."""
    stage.start_intake()
    stage.submit_one()
    stage.set_up_done()
    stage.simulator.refuse(PERSON, FOR_GOOD, times=1)
    stage.intake.rule(name="lost", operation="put", do="drop-after", times=1)
    stage.member("form-686c")
    stage.member(BACKUP)
    until(lambda: stage.intake.taken("lost"), 40, "the PUT")
    stage.sql("update step_journal set started_at = started_at - interval '900 s' where step = 'create-location/1-1' "
              "returning step")
    until(lambda: stage.group_state() in ("processing", "success", "failed"), 40, "the package")
    stored = [upload["guid"] for upload in stage.intake.state()["uploads"] if upload["puts"]]
    return [] if len(stored) == 1 else [f"P9: {len(stored)} packages were stored for one group"]


# --- E-mails

@situation("ONCE", "P12")
def email_whose_answer_dies_with_its_reader(stage):
    """VA Notify has taken it, and never tells what has become of it: nobody can know, and so nobody sends it again."""
    stage.start_notify("--notify-last-status=none")
    stage.submit_one()
    stage.dies_at(NOTIFY, "call/after/send-email")
    stage.member(NOTIFY)
    until(lambda: stage.sql_one("select state from claim_notifications") in ("unknown", "sent"), 30, "what became of it")
    count = len(stage.notify.state()["notifications"])
    return [f"P12: {count} e-mails were sent for one"] if count != 1 else []
