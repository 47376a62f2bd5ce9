"""The claims of one group, on several processes at once: one success and one closer, or one death and one dead letter.

The order in which siblings come is drawn at random: rules make BGS slow here and there, two processes of each form share
the claims. CRASH_SEED repeats a draw.
"""

import collections
import datetime
import os
import random
import re
import unittest

import claims
from pipeline import CONSUMERS, INSERT, PipelineTest, until

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
        self.assertGreater(len(drawn), 1, "always the same child closed: no order but one was tried")

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
        self.assertGreater(ended["stopped"], 0, "nobody was under way when a sibling died")
        self.assertGreater(ended["submitted"], 0, "nobody was through when a sibling died")

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
