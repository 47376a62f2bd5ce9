"""Every writing call of BGS × every way in which it can go wrong, all at once, each with a claim of its own.

What must come of it stands in `expected`, and is derived from the table of unknown outcomes (lib/submission/README.md, rule 8), not from
what the programs do. A claim is compared with an undisturbed one of the same sample: whatever BGS carried out for its
Veteran must be the same, call by call, but for the one row that the table allows.

    acted, no answer        drop-after, delay past the read limit (acts when the client has gone)
    not acted, no answer    drop-before, hang, garbage, HTTP 502 with HTML, an answer of 40 MB
    refused                 a fault that passes, a fault for good

TROUBLE_ONLY=createNote/hang does one of them.
"""

import collections
import copy
import os
import re
import unittest

import claims
from pipeline import CONSUMERS, INSERT, PROC_UPDATE, PipelineTest, until

READ_LIMIT_MS = 2000
# Few at once, so that on a busy machine no call that nothing troubles takes as long as the read limit. The breaker stays
# out of it: that many claims in trouble are an outage to it.
# A call that is not sent in time is another start in the journal, and none of these troubles.
LIMITS = {"bgs_read_timeout_ms": READ_LIMIT_MS, "in_flight": 32, "breaker_failures": 1000,
          "send_within_ms": 3000, "unknown_settle_ms": 3500}
MINUTES = 150   # seconds, for all of them on a busy machine

# Somebody's data in an answer that is none: it must not be seen anywhere afterwards.
LEAK = "Quentin Leaky 666-98-7654 quentin.leaky@example.com"
HTML = f"<html><body><h1>502 Bad Gateway</h1><p>{LEAK}</p></body></html>"
PASSES = "TUX-20306 - An unexpected error was encountered"
FOR_GOOD = "ORA-20099: Error - File Number and Social Security number are different"
FOR_GOOD_CLASS = "bgs-identifiers-differ"

ACTED = ("drop-after", "delay")
NOT_ACTED = ("drop-before", "hang", "garbage", "html", "40-mb")
TROUBLES = ACTED + NOT_ACTED + ("fault-once", "fault-for-good")

# What that table says of each step: its name, when it comes, and what unknown means.
#   repeat   made again; what the first one may have left is an orphan draft
#   look     looked for by key: there → finished, else made again
#   insert   looked for, under the Veteran's lock; no attempt spent while it is in doubt
#   replace  made again: it replaces the whole row
#   once     not made again: a missing note is better than two
Step = collections.namedtuple("Step", "operation sample name when unknown")
STEPS = (
    Step("vnpProcCreate", "03", "create-proc", "set-up", "repeat"),
    Step("vnpProcFormCreate", "03", "create-proc-form/21-686C", "set-up", "look"),
    Step("vnpPtcpntCreate", "03", "create-veteran-participant", "before", "repeat"),
    Step("vnpPtcpntAddrsCreate", "03", "create-veteran-address", "before", "repeat"),
    Step("vnpPersonCreate", "03", "create-veteran-person", "before", "look"),
    Step("vnpPtcpntPhoneCreate", "03", "create-veteran-phone", "before", "repeat"),
    Step("vnpPtcpntRlnshpCreate", "03", "create-relationship/divorced-spouse", "before", "repeat"),
    Step("vnpChildSchoolCreate", "05", "create-school/student-1", "before", "repeat"),
    Step("vnpChildStudentCreate", "05", "create-student/student-1", "before", "look"),
    Step("vnpBnftClaimCreate", "03", "create-vnp-claim", "before", "repeat"),
    Step(INSERT, "03", "insert-benefit-claim", "insert", "insert"),
    Step("vnpBnftClaimUpdate", "03", "update-vnp-claim", "after", "replace"),
    Step("createNote", "04", "write-note", "after", "once"),
    Step(PROC_UPDATE, "03", "close-proc", "close", "replace"),
)
SAMPLES = sorted({step.sample for step in STEPS})
WRITES = {step.operation for step in STEPS}


def soap_fault(text):
    return ('<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            f"<s:Fault><faultcode>s:Server</faultcode><faultstring>{text}</faultstring></s:Fault></s:Body></s:Envelope>")


def rule_of(trouble):
    return {
        "drop-before": {"do": "drop-before", "times": 1},
        "drop-after": {"do": "drop-after", "times": 1},
        "hang": {"do": "hang", "times": 1},
        "delay": {"do": "delay", "delay_ms": READ_LIMIT_MS + 300, "times": 1},
        "garbage": {"do": "answer", "status": 200, "body": f"\u0001<<{LEAK}", "times": 1},
        "html": {"do": "answer", "status": 502, "headers": {"Content-Type": "text/html"}, "body": HTML, "times": 1},
        "40-mb": {"do": "answer", "status": 200, "body": LEAK + "x" * (1024 - len(LEAK)), "repeat": 40 * 1024, "times": 1},
        "fault-once": {"do": "answer", "status": 500, "body": soap_fault(PASSES), "times": 1},
        "fault-for-good": {"do": "answer", "status": 500, "body": soap_fault(FOR_GOOD)},
    }[trouble]


class Expected:
    """What must be there in the end. `more`: of the step's operation, carried out more often than undisturbed."""

    def __init__(self, step, trouble):
        acted = trouble in ACTED
        self.group, self.child = "success", "submitted"
        self.given_up = self.is_dead = False
        self.attempts = []                 # before the last one
        self.more = 0
        self.kinds = collections.Counter({"set-up-success": 1})   # monitoring events
        if trouble == "fault-for-good":
            self.refused_for_good(step)
        elif trouble == "fault-once":
            # A refusal has done nothing. It spends an attempt of the claim, but no more so once that has its benefit claim.
            self.journal, self.requests = ["failed", "finished"], 2
            self.attempts = ["failure"] if step.when in ("before", "insert") else []
            self.kinds["retry"] = 1
        else:
            self.unknown(step, acted)

    def refused_for_good(self, step):
        self.requests = 1
        if step.when in ("after", "close"):   # the child cannot die any more
            self.journal, self.given_up = ["given up"], True
            self.more = -1
            self.kinds.update({"given-up": 1, "needs-person": 1})
            return
        self.journal, self.is_dead = ["failed"], True
        self.group = "failure"
        self.child = "pending" if step.when == "set-up" else "dead"
        self.attempts = ["failure"] if step.when != "set-up" else []
        self.kinds["dead-letter"] = 1
        if step.when == "set-up":
            self.kinds.update({"set-up-success": -1, "set-up-failure": 1})

    def unknown(self, step, acted):
        """An attempt is spent where a step of a child is tried again before the insert, and nowhere else."""
        self.attempts = ["unknown"] if step.when == "before" else []
        if step.unknown != "insert":
            self.kinds["retry"] = 1
        if step.unknown in ("look", "insert"):
            self.journal, self.requests = (["finished"], 1) if acted else (["not there", "finished"], 2)
        elif step.unknown == "once":
            self.journal, self.requests = ["given up"], 1
            self.given_up = True
            self.more = 0 if acted else -1
            self.kinds.update({"given-up": 1, "needs-person": 1})
        else:
            self.journal, self.requests = ["unknown", "finished"], 2
            self.more = 1 if acted else 0
            if step.unknown == "repeat":
                self.kinds["orphan"] = 1


class Case:
    def __init__(self, number, step, trouble):
        self.number, self.step, self.trouble = number, step, trouble
        self.name = f"{step.operation}/{trouble}" if step else trouble
        self.sample = step.sample if step else trouble
        self.uid = f"m{number:05d}V{number:06d}"   # in the header of each of its requests, and nowhere else
        self.body = claims.claim(self.sample, number)
        self.body["user_data"]["veteran_information"]["icn"] = self.uid
        self.participant = self.body["user_data"]["veteran_information"]["participant_id"]
        self.expected = Expected(step, trouble) if step else None


def make_cases():
    wanted = os.environ.get("TROUBLE_ONLY")
    pairs = [(step, trouble) for step in STEPS for trouble in TROUBLES
             if wanted in (None, f"{step.operation}/{trouble}")]
    controls = [Case(number, None, sample) for number, sample in enumerate(SAMPLES, 1)]
    return controls, [Case(number, step, trouble) for number, (step, trouble) in enumerate(pairs, 101)]


class TroubleMatrix(PipelineTest):
    def test_every_write_and_every_trouble(self):
        self.controls, self.cases = make_cases()
        self.house = self.pipeline().set_up()
        for case in self.cases:
            self.house.simulator.rule(name=case.name, operation=case.step.operation, contains=f">{case.uid}<",
                                      **rule_of(case.trouble))
        self.house.start_api()
        for name in CONSUMERS:
            self.house.start(name, **LIMITS)
        everybody = self.controls + self.cases
        for case, guid in zip(everybody, self.house.submit([case.body for case in everybody])):
            case.guid = guid
        until(self.all_settled, MINUTES, self.tell_unsettled, every=0.3)
        self.read_everything()
        for case in self.controls:
            with self.subTest(control=case.sample):
                self.check_end(case, "success", "submitted")
        for case in self.cases:
            with self.subTest(case=case.name):
                self.check(case)
                self.check_can_fail(case)
        self.check_together()

    def all_settled(self):
        """Each group is where it should be, nothing waits, and all that is to be published is."""
        states = dict(self.house.sql("select claim_group_guid, status from saved_claim_groups "
                                     "where parent_claim_id = saved_claim_id"))
        return all(states.get(case.guid) == (case.expected.group if case.expected else "success")
                   for case in self.controls + self.cases) and self.house.sql(
                       "select (select count(*) from outbox), (select count(*) from step_journal where state = 'started')"
                       ) == [["0", "0"]]

    def tell_unsettled(self):
        states = dict(self.house.sql("select claim_group_guid, status from saved_claim_groups "
                                     "where parent_claim_id = saved_claim_id"))
        wrong = [f"{case.name}: {states.get(case.guid)}" for case in self.controls + self.cases
                 if states.get(case.guid) != (case.expected.group if case.expected else "success")]
        return f"each group where the table has it; not there: {wrong}"

    # --- What there is to see, read once

    def read_everything(self):
        house = self.house
        self.ledger = collections.defaultdict(list)
        for entry in house.simulator.ledger():
            uid = re.search(r"ExternalUid>([^<]*)<", entry["request"] or "")
            if uid and entry["operation"] in WRITES:
                self.ledger[uid[1]].append(entry)
        self.state = house.simulator.state()
        self.taken = {rule["name"]: rule["taken"] for rule in house.simulator.control("GET", "rules")}
        self.groups, self.parents, self.children = {}, {}, collections.defaultdict(list)
        for guid, claim, parent, status, proc, benefit in house.sql(
                "select claim_group_guid, saved_claim_id, parent_claim_id, status, coalesce(proc_id, ''), "
                "coalesce(bgs_claim_id, '') from saved_claim_groups"):
            if claim == parent:
                self.groups[guid], self.parents[guid] = (status, proc), claim
            else:
                self.children[guid].append((claim, status, benefit))
        self.journal = collections.defaultdict(list)
        for scope, step, state in house.sql("select scope, step, state from step_journal order by scope, step, ordinal"):
            self.journal[scope, step].append(state)
        self.attempts = collections.defaultdict(list)
        for claim, status in house.sql(
                "select s.saved_claim_id, a.status from bgs_submission_attempts a "
                "join bgs_submissions s on s.id = a.bgs_submission_id order by s.saved_claim_id, a.attempt_no"):
            self.attempts[claim].append(status)
        self.holds = dict(house.sql("select claim_id, reason from holds where resolved_at is null"))
        self.events = self.by_group("claim-events")
        self.monitoring = self.by_group("monitoring-events")
        self.mails = self.by_group("notifications")
        self.dead_letters = house.values("claims.dead-letter")

    def by_group(self, topic):
        """{guid: its events in order}; a double of one message id counts once."""
        found, seen = collections.defaultdict(list), set()
        for _, headers, fields in self.house.values(topic):
            if headers["dp-message-id"] not in seen:
                seen.add(headers["dp-message-id"])
                found[fields["claim_group_id"]].append(fields)
        for events in found.values():
            events.sort(key=lambda event: event.get("sequence", 0))
        return found

    # --- Checks

    def carried_out(self, case):
        return collections.Counter(entry["operation"] for entry in self.ledger[case.uid] if entry["acted"])

    def check_end(self, case, group, child):
        status, proc = self.groups[case.guid]
        self.assertEqual(status, group)
        self.assertEqual([row[1] for row in self.children[case.guid]], [child])
        return proc, self.children[case.guid][0]

    def check(self, case):
        step, expected = case.step, case.expected
        proc, (claim, _, benefit) = self.check_end(case, expected.group, expected.child)
        scope = case.guid if step.when in ("set-up", "close") else claim
        requests = [entry for entry in self.ledger[case.uid] if entry["operation"] == step.operation]
        # Of several steps that use the operation the troubled one is the first.
        others = 0 if expected.is_dead else sum(
            len(states) for (where, name), states in self.journal.items()
            if where == scope and name != step.name and name.rsplit("/", 1)[0] in self.names_of(step))
        self.assertGreater(self.taken[case.name], 0, "the trouble did not come")
        self.assertEqual(self.journal[scope, step.name], expected.journal, "the step's rows in the journal")
        self.assertEqual(len(requests) - others, expected.requests, "requests of the step")
        self.assertEqual(self.attempts[claim], expected.attempts + (["submitted"] if benefit else []), "attempts")
        self.check_effects_of(case, proc, benefit)
        self.check_told(case, claim)

    @staticmethod
    def names_of(step):
        return {
            "vnpPtcpntCreate": ("create-veteran-participant", "create-participant"),
            "vnpPersonCreate": ("create-veteran-person", "create-person"),
            "vnpPtcpntAddrsCreate": ("create-veteran-address", "create-address"),
        }.get(step.operation, ())

    def check_effects_of(self, case, proc, benefit):
        """BGS has carried out for this Veteran what it has for an undisturbed one, but for what the table allows."""
        step, expected = case.step, case.expected
        (control,) = [other for other in self.controls if other.sample == step.sample]
        usual, real = self.carried_out(control), self.carried_out(case)
        benefit_claims = [row for row in self.state["benefit_claims"] if row["participantVetID"] == case.participant]
        notes = [row for row in self.state["notes"] if row["clmId"] == benefit]
        if expected.is_dead:
            # What came before the step is there, the step and what comes after it is not.
            self.assertEqual(real[step.operation], 0)
            self.assertEqual(benefit_claims, [])
            return
        allowed = collections.Counter(usual)
        allowed[step.operation] += expected.more
        is_doubtful = step.operation == "vnpPtcpntRlnshpCreate" and expected.journal[0] == "unknown"
        if is_doubtful:
            allowed["createNote"] += 1   # which names the row that may exist twice
        self.assertEqual(+real, +allowed, "what BGS carried out")
        self.assertEqual([row["benefitClaimID"] for row in benefit_claims], [benefit], "benefit claims")
        self.assertLessEqual(len(notes), 1, "two notes")
        if is_doubtful:
            self.assertIn("divorced-spouse", notes[0]["txt"])
        forms = [row["formTypeCd"] for row in self.state["proc_forms"] if row["vnpProcId"] == proc]
        self.assertEqual(len(forms), 1, "proc forms")
        (row,) = [row for row in self.state["procs"] if row["vnpProcId"] == proc]
        closed = "MANUAL_VAGOV" if is_doubtful or step.sample == "04" else "Ready"
        if step.operation == PROC_UPDATE and expected.given_up:
            closed = "Started"
        self.assertEqual(row["vnpProcStateTypeCd"], closed, "the proc's state")

    def check_told(self, case, claim):
        """Events of every change, e-mails, monitoring; a person where one is needed; the dead letter where one is due."""
        step, expected = case.step, case.expected
        told = [(event["subject"], event["to_state"]) for event in self.events[case.guid]]
        due = [("GROUP", "accepted")]
        # A set-up has no rows of attempts; its event is all there is.
        set_up = {"fault-once": "failure", "fault-for-good": "failure"}.get(case.trouble, "unknown")
        due += [("ATTEMPT", status) for status in (expected.attempts if step.when != "set-up" else [set_up])]
        if expected.is_dead:
            due += [("CLAIM", "dead")] if step.when != "set-up" else []
            due += [("GROUP", "failure")]
        else:
            end = [("ATTEMPT", "submitted"), ("CLAIM", "submitted"), ("GROUP", "success")]
            given_up = [("STEP", "given up"), ("CLAIM", "needs-person")]
            due += sorted(end + (given_up if expected.given_up else []))
            told = told[:len(due) - len(end) - 2 * expected.given_up] + sorted(told[len(due) - len(end) - 2 * expected.given_up:])
        self.assertEqual(told, due, "events")
        self.assertEqual([event["sequence"] for event in self.events[case.guid]],
                         list(range(1, len(told) + 1)), "a gap in the events")
        kinds = collections.Counter(event["kind"] for event in self.monitoring[case.guid])
        self.assertEqual(+kinds, +expected.kinds, "monitoring events")
        self.assertEqual(sorted(mail["kind"] for mail in self.mails[case.guid]),
                         ["SUBMITTED"] if expected.is_dead else ["RECEIVED", "SUBMITTED"], "e-mails")
        person = self.holds.get(claim) or self.holds.get(self.parents[case.guid])
        self.assertEqual(person, f"gave up {step.name}" if expected.given_up else None, "a person")
        letters = [headers for _, headers, fields in self.dead_letters if fields["claim_group_id"] == case.guid]
        if not expected.is_dead:
            self.assertEqual(letters, [], "a dead letter")
            return
        self.assertEqual(len(letters), 1, "dead letters")
        self.assertEqual((letters[0]["dp-error-class"], letters[0]["dp-attempt"]), (FOR_GOOD_CLASS, "1"))
        self.assertIn("ORA-20099", letters[0]["dp-reason"])

    def check_can_fail(self, case):
        """Any of its expectations, altered, is seen to be wrong."""
        right = case.expected
        alterations = {
            "group": "processing", "child": "held", "journal": right.journal + ["finished"], "requests": right.requests + 1,
            "attempts": ["failure"] + right.attempts, "kinds": right.kinds + collections.Counter(orphan=1),
            "given_up": not right.given_up, "is_dead": not right.is_dead,
        }
        if not right.is_dead:
            alterations["more"] = right.more + 1
        for name, wrong in alterations.items():
            case.expected = copy.copy(right)
            setattr(case.expected, name, wrong)
            try:
                self.check(case)
            except AssertionError:
                continue
            finally:
                case.expected = right
            self.fail(f"{name} = {wrong} is not seen to be wrong")

    def check_together(self):
        """What holds over all of them."""
        entries = [entry for of_one in self.ledger.values() for entry in of_one]
        self.assertEqual([entry["seq"] for entry in entries if "PK_VNP_PROC_FORM" in (entry["response"] or "")], [],
                         "a proc form was made twice")
        self.assertEqual(self.house.sql("select * from veteran_locks"), [], "Veterans' locks left")
        self.assertEqual(self.house.records("quarantine"), [])
        made = [row["benefitClaimID"] for row in self.state["benefit_claims"]]
        recorded = [benefit for rows in self.children.values() for _, _, benefit in rows if benefit]
        self.assertEqual(sorted(made), sorted(recorded), "benefit claims made and recorded differ")
        places = [program.log() for program in self.house.programs] + [
            str(self.house.sql("select error_message from bgs_submission_attempts")), str(self.dead_letters),
            str(dict(self.events)), str(dict(self.monitoring))]
        for place in places:
            for word in ("Leaky", "666-98-7654", "quentin", "Bad Gateway"):
                self.assertNotIn(word, place, "something of an answer that was none is seen")


if __name__ == "__main__":
    unittest.main(verbosity=2)
