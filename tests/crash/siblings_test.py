"""The claims of one group, on several processes at once: one success and one closer, or one death and one dead letter.

What must be seen is brought about: who is last, who is through, under way or not begun when a sibling dies. Beside that,
orders are drawn at random: rules make BGS slow here and there, two processes of each form share the claims. CRASH_SEED
repeats a draw.
"""

import collections
import datetime
import os
import random
import re
import unittest

import claims
from pipeline import CONSUMERS, INSERT, PipelineTest, until

FEW = 4       # groups of an order that is brought about
FORMS = {"form-686c": "21-686C", "form-674": "21-674"}
GROUPS = int(os.environ.get("CRASH_GROUPS", "30"))
SLOW = (INSERT, "vnpBnftClaimUpdate", "vnpChildStudentCreate", "vnpPtcpntRlnshpCreate", "vnpPersonCreate")
READS = ("find-regional-office", "find-location", "read-pension")   # steps that write nothing
FOR_GOOD = "insertBenefitClaim: Invalid zipcode."
FAULT = ('<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode>'
         f"<faultstring>{FOR_GOOD}</faultstring></s:Fault></s:Body></s:Envelope>")
AFTER_DEATH = {"stopped", "submitted"}


def ssn(veteran):
    return f"666{veteran:06d}"


class Siblings(PipelineTest):
    def setUp(self):
        seed = int(os.environ.get("CRASH_SEED") or random.randrange(1 << 32))
        print(f"CRASH_SEED={seed}", flush=True)
        self.chance = random.Random(seed)

    def start(self, copies):
        pipeline = self.pipeline(simulator_options=["--answer-delay-ms=10"])
        pipeline.set_up()
        pipeline.start_api()
        programs = [pipeline.launch(name) for name in CONSUMERS for _ in range(copies)]
        for program in programs:
            program.wait_ready()
        return pipeline

    def make_slow(self, pipeline):
        for number in range(24):
            pipeline.simulator.rule(name=f"slow-{number}", operation=self.chance.choice(SLOW), do="delay",
                                    delay_ms=self.chance.randrange(100, 900), skip=self.chance.randrange(0, 12),
                                    times=self.chance.randrange(1, 8))

    def children(self, pipeline):
        """Group's guid: [(form, state, claim id, moment of its last change)]."""
        found = collections.defaultdict(list)
        for guid, form, state, claim, at in pipeline.sql(
                "select g.claim_group_guid, c.form_id, g.status, c.id, extract (epoch from g.updated_at) "
                "from saved_claim_groups g join saved_claims c on c.id = g.saved_claim_id "
                "where g.parent_claim_id <> g.saved_claim_id order by c.id"):
            found[guid].append((form, state, claim, float(at)))
        return found

    def changes(self, pipeline):
        """Group's guid: the states that its events tell, each event once and in their sequence, as any reader takes them."""
        events = {headers["ce_id"]: value for _, headers, value in pipeline.values("claim-events")
                  if value["subject"] == "GROUP"}
        found = collections.defaultdict(list)
        for value in sorted(events.values(), key=lambda value: value["sequence"]):
            found[value["claim_group_id"]].append(value["to_state"])
        return found

    def prepare(self, **settings):
        """Claims are set up; their children's records wait for consumers that are started as an order needs them."""
        pipeline = self.pipeline(**settings).set_up()
        pipeline.start_api()
        pipeline.start("proc-setup")
        return pipeline

    @staticmethod
    def submit_both_forms(pipeline, first_veteran, count):
        """Groups of one 686c and two 674s, and what each request of theirs holds."""
        veterans = range(first_veteran, first_veteran + count)
        bodies = [claims.claim("07", veteran) for veteran in veterans]
        uids = [f"s{veteran:05d}V000000" for veteran in veterans]
        for body, uid in zip(bodies, uids):
            body["user_data"]["veteran_information"]["icn"] = uid
        return pipeline.submit(bodies), uids

    @staticmethod
    def start_two(pipeline, name):
        programs = [pipeline.launch(name) for _ in range(2)]
        for program in programs:
            program.wait_ready()
        return programs

    def wait_children(self, pipeline, guids, form, state):
        def all_there():
            children = self.children(pipeline)
            return all(child[1] == state for guid in guids for child in children[guid] if child[0] == form)
        until(all_there, 60, lambda: f"{form} of all groups {state}: {self.children(pipeline)}", every=0.1)

    def test_whoever_is_last_closes(self):
        """All children of one form are through before anybody reads the other form's records; then the other way round."""
        pipeline = self.prepare()
        for number, (first, last) in enumerate((("form-686c", "form-674"), ("form-674", "form-686c"))):
            guids, _ = self.submit_both_forms(pipeline, 1 + number * FEW, FEW)
            programs = self.start_two(pipeline, first)
            self.wait_children(pipeline, guids, FORMS[first], "submitted")
            self.assertEqual(pipeline.sql_one("select count(*) from saved_claim_groups where closer is not null and "
                                              "claim_group_guid in ('" + "', '".join(guids) + "')"), "0")
            programs += self.start_two(pipeline, last)
            pipeline.wait_done(60)
            closers = pipeline.sql("select c.form_id from saved_claim_groups g join saved_claims c on c.id = g.closer where "
                                   "g.claim_group_guid in ('" + "', '".join(guids) + "')")
            self.assertEqual(closers, [[FORMS[last]]] * FEW)
            self.assertEqual([program.end() for program in programs], [0] * len(programs))
        pipeline.check_effects(self)

    def test_siblings_of_one_that_dies(self):
        """One sibling is through, one is in a call, one has not begun."""
        pipeline = self.prepare(bgs_read_timeout_ms=120000)
        simulator = pipeline.simulator
        (through, under_way), uids = self.submit_both_forms(pipeline, 1, 2)
        simulator.hold("vnpPersonCreate", uids[1])
        self.start_two(pipeline, "form-686c")
        self.wait_children(pipeline, [through], "21-686C", "submitted")
        until(lambda: simulator.held("vnpPersonCreate", uids[1]), 60, "the other 686c in a call")
        for uid in uids:
            simulator.refuse(INSERT, FOR_GOOD, contains=uid, name=uid)
        self.start_two(pipeline, "form-674")

        def states(guid):
            return [(form, state) for form, state, *_ in self.children(pipeline)[guid]]
        died = [("21-674", "dead"), ("21-674", "stopped")]
        until(lambda: states(through) == [("21-686C", "submitted"), *died], 60, lambda: states(through), every=0.1)
        until(lambda: states(under_way) == [("21-686C", "pending"), *died], 60, lambda: states(under_way), every=0.1)
        sent = len([entry for entry in simulator.ledger() if uids[1] in entry["request"]])
        simulator.let_go()
        until(lambda: states(under_way) == [("21-686C", "stopped"), *died], 60, lambda: states(under_way), every=0.1)
        self.assertEqual(len([entry for entry in simulator.ledger() if uids[1] in entry["request"]]), sent,
                         "BGS was called for a group that had failed")
        until(lambda: pipeline.sql_one("select count(*) from outbox") == "0", 20, "all published")
        self.assertEqual(sorted(value["claim_group_id"] for _, _, value in pipeline.values("claims.dead-letter")),
                         sorted((through, under_way)))
        self.assertEqual(pipeline.states(), {"failure": "2"})

    def test_any_order_has_one_closer(self):
        pipeline = self.start(copies=2)
        self.make_slow(pipeline)
        kinds = [self.chance.choice(("06", "07", "07")) for _ in range(GROUPS)]
        guids = pipeline.submit([claims.claim(kind, number) for number, kind in enumerate(kinds, 1)])
        pipeline.wait_done(120)
        pipeline.check_effects(self)

        changes = self.changes(pipeline)
        for guid in guids:
            self.assertEqual(changes[guid].count("success"), 1, guid)
        closers = pipeline.sql(
            "select g.claim_group_guid, c.form_id, c.id = (select max (saved_claim_id) from saved_claim_groups s "
            "where s.claim_group_guid = g.claim_group_guid) from saved_claim_groups g join saved_claims c on c.id = g.closer "
            "where g.parent_claim_id = g.saved_claim_id")
        self.assertEqual({guid for guid, *_ in closers}, set(guids))
        both_forms = {guid for guid, kind in zip(guids, kinds) if kind == "07"}
        drawn = collections.Counter((form, is_last) for guid, form, is_last in closers if guid in both_forms)
        print(f"closers of {len(both_forms)} groups of both forms (form, is the last child): {dict(drawn)}", flush=True)

    def test_one_dies(self):
        pipeline = self.start(copies=2)
        victims = [self.chance.randrange(3) for _ in range(GROUPS)]
        for number, victim in enumerate(victims, 1):   # the first, second or third insert of this Veteran
            pipeline.simulator.rule(name=f"refuse-{number}", operation=INSERT, contains=ssn(number), skip=victim, times=1,
                                    do="answer", status=500, body=FAULT)
        self.make_slow(pipeline)   # after these: the first rule that fits takes a request
        kinds = [self.chance.choice(("06", "07")) for _ in range(GROUPS)]
        guids = pipeline.submit([claims.claim(kind, number) for number, kind in enumerate(kinds, 1)])

        def all_ended():
            return pipeline.states() == {"failure": str(GROUPS)} and all(
                state in AFTER_DEATH | {"dead"} for group in self.children(pipeline).values() for _, state, *_ in group)

        until(all_ended, 120, lambda: f"all groups in failure: {pipeline.states()}, {self.children(pipeline)}", every=0.3)
        until(lambda: pipeline.sql_one("select count(*) from outbox") == "0", 60, "outbox empty")

        children, changes = self.children(pipeline), self.changes(pipeline)
        letters = collections.Counter(value["claim_group_id"] for value in {
            headers["dp-message-id"]: value for _, headers, value in pipeline.values("claims.dead-letter")}.values())
        ended = collections.Counter()
        for guid in guids:
            states = collections.Counter(state for _, state, *_ in children[guid])
            self.assertEqual(states["dead"], 1, children[guid])
            self.assertEqual(changes[guid], ["accepted", "failure"])
            self.assertEqual(letters[guid], 1, "dead letters of one group")
            ended += states
        self.assertEqual(set(letters), set(guids))
        print(f"{GROUPS} groups, children: {dict(ended)}", flush=True)
        self.assertEqual(pipeline.records("quarantine"), [])
        self.check_nothing_after_death(pipeline, children)
        self.assertLessEqual(set(ended), AFTER_DEATH | {"dead"})

    def check_nothing_after_death(self, pipeline, children):
        """No step starts in a group that has failed, and BGS sees no write of it, but for calls that were out."""
        procs = dict(pipeline.sql("select claim_group_guid, proc_id from saved_claim_groups "
                                  "where parent_claim_id = saved_claim_id"))
        steps = pipeline.sql("select scope, step, extract (epoch from started_at), extract (epoch from finished_at) "
                             "from step_journal where step not in ('" + "', '".join(READS) + "')")
        writes = collections.defaultdict(list)
        for entry in pipeline.simulator.ledger():
            proc = re.search(r"<(?:\w+:)?vnpProcId>(\d+)<", entry["request"] or "")
            if proc and re.search("Create|Update", entry["operation"] or ""):
                writes[proc[1]].append(entry)
        calls_out = 0
        for guid, group in children.items():
            (death,) = [at for _, state, _, at in group if state == "dead"]
            scopes = {guid} | {claim for _, _, claim, _ in group}
            late = [step for step in steps if step[0] in scopes and float(step[2]) > death]
            self.assertEqual(late, [], f"steps started after the death of {guid} at {death}")
            out = [step for step in steps if step[0] in scopes and (not step[3] or float(step[3]) > death)]
            seen = [entry["operation"] for entry in writes[procs[guid]] if moment(entry["at"]) > death]
            self.assertLessEqual(len(seen), len(out), f"writes of {guid} after its death: {seen}, calls out: {out}")
            calls_out += len(out)
        self.assertGreater(sum(map(len, writes.values())), GROUPS * 5, "the ledger shows no writes")
        print(f"{calls_out} calls were out when their group failed", flush=True)

    def test_one_of_a_hundred(self):
        pipeline = self.start(copies=1)
        poisoned = self.chance.randrange(1, 101)
        pipeline.simulator.rule(name="poison", operation=INSERT, contains=ssn(poisoned), do="answer", status=500, body=FAULT)
        guids = pipeline.submit([claims.claim("03", number) for number in range(1, 101)])
        until(lambda: pipeline.states() == {"success": "99", "failure": "1"}, 120,
              lambda: f"99 in success and one in failure: {pipeline.states()}", every=0.2)
        ((guid, seconds),) = pipeline.sql(
            "select claim_group_guid, extract (epoch from max (updated_at) - min (created_at)) from saved_claim_groups "
            "where claim_group_guid = (select claim_group_guid from saved_claim_groups where status = 'dead') group by 1")
        self.assertEqual(guid, guids[poisoned - 1])
        ((last,),) = pipeline.sql("select extract (epoch from max (updated_at) - min (created_at)) from saved_claim_groups")
        print(f"dead {float(seconds):.1f} s after it came, all through after {float(last):.1f} s", flush=True)
        # Its own way is as long as anybody's: it has waited for no tier, whose shortest round is seconds here.
        attempts = pipeline.sql_one("select count(*) from bgs_submission_attempts a join bgs_submissions s on "
                                    "s.id = a.bgs_submission_id join saved_claim_groups g on g.saved_claim_id = s.saved_claim_id "
                                    "where g.status = 'dead'")
        self.assertEqual(attempts, "1", "attempts of the poisoned claim")
        self.assertLess(float(seconds), 30)
        self.assertEqual(len(pipeline.records("claims.dead-letter")), 1)
        self.assertEqual(pipeline.records("quarantine"), [])


def moment(text):
    """The ledger's time as seconds since the epoch."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


if __name__ == "__main__":
    unittest.main(verbosity=2)
