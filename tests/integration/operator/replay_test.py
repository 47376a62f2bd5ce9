"""pipelinectl replay: what a plan says is what its apply does, for every step and every way in which its call can end.

Usage: with-postgres replay_test.py PROGRAMS
"""

import collections
import json
import os
import pathlib
import subprocess
import tempfile

from stage import FOR_NOW, Request, Stage, main
from steps import call_of

SAMPLE = "03_686c_report_divorce"
# The writing calls of that claim, each once; the proc's close is the group's.
CALLS = ("vnpPtcpntCreate", "vnpPtcpntAddrsCreate", "vnpPersonCreate", "vnpPtcpntPhoneCreate", "vnpPtcpntRlnshpCreate",
         "vnpBnftClaimCreate", "insertBenefitClaim", "vnpBnftClaimUpdate")
LOOK = "findBnftClaimDetailByPtcpntId"


class ReplayTest(Stage):
    settings = {"retry-tiers": "100ms,1h", "look-tier": "1h", "instance-timeout-ms": "3000",
                "heartbeat-interval-ms": "500", "breaker-failures": "1000"}

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="replay-")
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "plan"

    def plan(self, *selectors, status=0):
        """(totals, the records' lines)."""
        code, said, complaint = self.ctl("replay", "plan", self.file, "--json", *selectors)
        self.assertEqual(code, status, said + complaint)
        if status:
            return complaint, []
        text = self.file.read_text()
        for what, canary in self.canaries:
            self.assertNotIn(canary, text + said + complaint, what)
        _, *lines, _ = [json.loads(line) for line in text.splitlines()]
        return json.loads(said), lines

    def apply(self, *options, status=0, file=None):
        code, said, complaint = self.ctl("replay", "apply", file or self.file, "--json", "--yes", "--reason",
                                         "BGS is mended", *options)
        self.assertEqual(code, status, said + complaint)
        return json.loads(said) if said else complaint

    def of_groups(self, guids):
        return [word for guid in guids for word in ("--group", guid)]

    def replay_number(self, guid):
        return self.value(f"select replay from saved_claim_groups where claim_group_guid = '{guid}' "
                          "and parent_claim_id = saved_claim_id")

    def waiting(self, count=1):
        """Claims that wait for an hour, their phone call refused: [guid]."""
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_NOW, 0)
        guids = [self.submit(SAMPLE) for _ in range(count)]
        for guid in guids:
            self.await_true(lambda guid=guid: self.children_of(guid), "the claim")
            self.await_waiting(self.children_of(guid)[0][0], "form-686c.retry-1h")
        self.world.bgs("DELETE", "rules")
        return guids

    # ---- what is done

    def test_what_is_done_is_left_alone(self):
        guids = [self.submit(sample) for sample in (SAMPLE, "06_674_three_students")]
        for guid in guids:
            self.await_state(guid, "success")
        before = self.world.bgs("GET", "ledger")
        totals, lines = self.plan(*self.of_groups(guids))
        self.assertEqual((totals["records"], totals["nothing"], totals["calls"]), (2 + 1 + 3, 6, 0))
        self.assertEqual({line["what"] for line in lines}, {"nothing"})
        done = self.apply()
        self.assertEqual((done["sent"], done["refused"], done["is_whole"]), (0, 0, True))
        self.assertEqual(self.world.bgs("GET", "ledger"), before)
        self.assertEqual([self.replay_number(guid) for guid in guids], ["0", "0"])
        # A plan stands for the places that it has read, and every place is a record of that group.
        self.world.kafka.catch_up()
        for line in lines:
            record = self.record_at(line["topic"].removeprefix("dependents."), line["partition"], line["offset"])
            self.assertEqual(record.header("dp-message-id"), line["message_id"])

    def test_an_insert_that_was_set_back(self):
        guid = self.submit(SAMPLE)
        self.await_state(guid, "success")
        claim = self.children_of(guid)[0][0]
        made = self.value(f"select bgs_claim_id from saved_claim_groups where saved_claim_id = {claim}")
        self.world.rows(f"""
          update saved_claim_groups set status = 'accepted', closer = null where claim_group_guid = '{guid}'
            and parent_claim_id = saved_claim_id;
          update saved_claim_groups set status = 'pending', bgs_claim_id = null where saved_claim_id = {claim};
          delete from bgs_submission_attempts where bgs_submission_id in (select id from bgs_submissions where saved_claim_id = {claim});
          delete from bgs_submissions where saved_claim_id = {claim};
          update step_journal set state = 'started', finished_at = null, result_ciphertext = null, encrypted_kms_key = null
            where scope = '{claim}' and step = 'insert-benefit-claim';
          delete from step_journal where scope = '{claim}' and step = 'update-vnp-claim' or scope = '{guid}' and step = 'close-proc'""")
        self.await_true(lambda: self.value("select min (started_at) < clock_timestamp () - interval '3 seconds' from step_journal "
                                           f"where scope = '{claim}' and state = 'started'") == "t", "its settle time")
        before = len(self.world.bgs("GET", "ledger"))
        totals, lines = self.plan("--topic", "claims.686c", "--group", guid)
        line, = lines
        self.assertEqual(line["what"], "send")
        self.assertEqual([(step["step"], step["next"]) for step in line["steps"] if step["next"] != "give"],
                         [("insert-benefit-claim", "look"), ("update-vnp-claim", "start"), ("close-proc", "start")])
        self.assertEqual((totals["looks"], totals["calls"]), (1, 2))
        self.assertIn("received", line["emails_not_again"])
        self.apply()
        self.await_state(guid, "success")
        called = [entry["operation"] for entry in self.world.bgs("GET", "ledger")[before:]]
        self.assertEqual(called, [LOOK, "vnpBnftClaimUpdate", "vnpProcUpdate"])
        self.assertEqual(self.value(f"select bgs_claim_id from saved_claim_groups where saved_claim_id = {claim}"), made)
        self.assertEqual(len(self.world.bgs("GET", "state")["benefit_claims"]), 1)

    # ---- plan = apply

    def stop_at(self, operation, how):
        """A claim whose call of that name ends so each time, until it waits for an hour: its guid."""
        mark = f"1012{self.veterans + 1:06d}V998877"   # the ICN of the next Veteran, in each of his calls
        rule = {"operation": operation, "contains": mark, "times": 0}
        if how == "fault":
            rule.update({"do": "answer", "status": 500, "body": self.fault(FOR_NOW)})
        else:
            rule["do"] = how
        self.world.bgs("POST", "rules", rule)
        if operation == "insertBenefitClaim" and how != "fault":
            self.world.bgs("POST", "rules", {"operation": LOOK, "contains": mark, "times": 0, "do": "answer",
                                             "status": 500, "body": self.fault(FOR_NOW)})
        return self.submit(SAMPLE), mark

    def test_what_is_planned_is_what_is_done(self):
        cases = {}
        for operation in CALLS:
            for how in ("fault", "drop-before", "drop-after"):
                guid, mark = self.stop_at(operation, how)
                cases[guid] = (operation, how, mark)
        for guid, (operation, how, _) in cases.items():
            self.await_true(lambda guid=guid: self.children_of(guid), "the claim")
            self.await_waiting(self.children_of(guid)[0][0], "form-686c.retry-1h")
        self.world.bgs("DELETE", "rules")
        # No request of any can be under way any more.
        self.await_true(lambda: self.value("select coalesce (max (started_at) < clock_timestamp () - interval '3 seconds', true) "
                                           "from step_journal where state = 'started'") == "t", "the settle times")
        before = len(self.world.bgs("GET", "ledger"))
        totals, lines = self.plan(*self.of_groups(cases))
        planned = {line["group"]: line for line in lines if "steps" in line}
        self.assertEqual((set(planned), totals["groups_to_send"]), (set(cases), len(cases)))
        self.apply("--rate", "1000")
        for guid in cases:
            self.await_state(guid, "success")
        ledger = self.world.bgs("GET", "ledger")[before:]
        states = collections.Counter()
        for guid, (operation, how, mark) in cases.items():
            with self.subTest(operation=operation, how=how):
                called = collections.Counter(request.operation for request in map(Request, ledger)
                                             if request.is_write and mark in request.entry["request"])
                expected = collections.Counter()
                for step in planned[guid]["steps"]:
                    states[step["next"]] += 1
                    # What is looked for is made again where it is not there.
                    makes = {"start": 1, "again": 1, "look": how == "drop-before"}.get(step["next"], 0)
                    if call_of(step["step"]) and makes:
                        expected[call_of(step["step"])] += 1
                self.assertEqual(called, expected, planned[guid]["steps"])
                self.assertEqual(self.replay_number(guid), "1")
        self.assertGreater(min(states[word] for word in ("give", "start", "again", "look")), 0, states)

    # ---- what goes wrong with plans

    def test_what_has_changed_is_refused_by_name(self):
        changed, fine = guids = self.waiting(2)
        self.plan(*self.of_groups(guids))
        self.world.rows(f"update step_journal set token = token + 1000000 where scope = '{changed}' and step = 'create-proc'")
        done = self.apply(status=1)
        self.assertEqual((done["sent"], done["refused"]), (1, 1))
        self.assertEqual([(one["group"], one["why"]) for one in done["refusals"]],
                         [(changed, "it has changed since it was looked at")])
        self.await_state(fine, "success")
        self.assertEqual((self.state_of(changed), self.replay_number(changed)), ("accepted", "0"))
        # Applied once more it does nothing: each record has its outcome.
        again = self.apply()
        self.assertEqual((again["sent"], again["done_before"]), (0, 2))
        self.assertEqual(self.replay_number(fine), "1")
        status = self.ask("replay", "status")[0]
        self.assertEqual((status["to_send"], status["sent"], status["refused"]), (2, 1, 1))
        self.assertIsNotNone(status["ended_at"])

    def test_a_strangers_lock(self):
        """What is locked has no outcome yet: the others go, and the same command goes on with it."""
        held, fine = guids = self.waiting(2)
        self.plan(*self.of_groups(guids))
        with self.locked(held):
            done = self.apply(status=1)
        self.assertEqual((done["sent"], done["refused"], done["is_whole"]), (1, 0, False))
        self.await_state(fine, "success")
        again = self.apply()
        self.assertEqual((again["sent"], again["done_before"], again["is_whole"]), (1, 1, True))
        self.await_state(held, "success")

    def test_edited_or_cut_off(self):
        guid, = self.waiting()
        self.plan("--group", guid)
        text = self.file.read_text()
        for other in (text.replace('"what":"send"', '"what":"nothing"'), text[:len(text) // 2], "", "{}\n",
                      "\n".join(text.splitlines()[:-2] + text.splitlines()[-1:]) + "\n"):
            self.file.write_text(other)
            self.assertIn("make a plan anew", self.apply(status=2))
        self.assertEqual(self.replay_number(guid), "0")
        # Nor by one word, nor without a reason.
        self.file.write_text(text)
        self.assertEqual(self.ctl("replay", "apply", self.file, "--reason", "why not", answer="")[0], 2)
        self.assertEqual(self.ctl("replay", "apply", self.file, "--yes")[0], 2)
        self.assertEqual(self.replay_number(guid), "0")

    def test_nothing_matches(self):
        said, _ = self.plan("--group", "c0ffee00-0000-4000-8000-000000000000", status=3)
        self.assertIn("no record matches", said)
        self.assertEqual(list(self.file.parent.iterdir()), [])
        self.assertEqual(self.ctl("replay", "plan", self.file, "--topic", "claims.nobody")[0], 1)
        self.assertEqual(self.ctl("replay", "plan", self.file, "--since", "yesterday")[0], 2)
        self.assertEqual(self.ctl("replay", "plan", self.file, "--group", "17")[0], 2)

    def test_what_selects_nothing_is_no_word_for_all(self):
        for option, value, said in (("--partition", "-1", "--partition must be 0 at least"), ("--from-offset", "-2", "must be 0"),
                                    ("--to-offset", "-1", "must be 0"), ("--outcome", "faled", "do you mean failed?"),
                                    ("--outcome", "xyzzy", "there is no state xyzzy")):
            code, _, complaint = self.ctl("replay", "plan", self.file, option, value)
            self.assertEqual(code, 2, complaint)
            self.assertIn(said, complaint)
        for state in ("pending", "held", "failed", "by-intake"):
            self.assertIn(self.ctl("replay", "plan", self.file, "--outcome", state)[0], (0, 3), state)

    def test_nothing_but_a_plan_is_replaced(self):
        guid, = self.waiting()
        self.plan("--group", guid)
        self.plan("--group", guid)
        other, link, pipe = (self.file.with_name(name) for name in ("other", "link", "pipe"))
        other.write_text("not to be lost\n")
        link.symlink_to(self.file)
        os.mkfifo(pipe)
        for path in (other, link, pipe):
            code, _, complaint = self.ctl("replay", "plan", path, "--group", guid)
            self.assertEqual(code, 1, complaint)
            self.assertIn(f"{path}: it is there, and no", complaint)
        self.assertEqual((other.read_text(), link.is_symlink(), pipe.is_fifo()), ("not to be lost\n", True, True))
        self.assertEqual({one.name for one in self.file.parent.iterdir()}, {self.file.name, "other", "link", "pipe"})

    def test_a_line_without_an_end(self):
        """Such as a device's: it is refused, and not read into memory."""
        with open(self.file, "wb") as file:
            file.truncate(1 << 34)
        done = subprocess.run(["bash", "-c", 'ulimit -v 4000000; exec "$@"', "bash", self.world.programs_folder / "pipelinectl", "replay",
                               "apply", self.file, "--yes", "--reason", "a slip of the pen"], capture_output=True, text=True,
                              env=self.world.environment_of("pipelinectl", "operator"))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("a line is longer than any of a plan", done.stderr)

    def test_records_of_nobody(self):
        """A group of no such name, a group of a name that none can have, and what cannot be decoded: each is a line that says so."""
        guid, = self.waiting()
        self.world.kafka.catch_up()
        record = next(one for one in self.world.kafka.records if one.topic == "claims.submitted" and guid.encode() in one.value)
        for name in ("c0ffee00-0000-4000-8000-000000000000", "x" * 36, guid.upper()):
            value = record.value.replace(guid.encode(), name.encode())
            self.world.kafka.produce("claims.dead-letter", record.key, value, [("dp-message-id", f'"{name[:8]}\\'.encode())], 0)
        self.world.kafka.produce("claims.dead-letter", record.key, b"nonsense", [("dp-message-id", b"x" * 300)], 0)
        totals, lines = self.plan("--topic", "claims.dead-letter", "--partition", "0")
        self.assertEqual([(line["message_id"], line["what"], line["why"]) for line in lines], [
            ('"c0ffee00\\', "refuse", "the database does not have its group"),
            ('"xxxxxxxx\\', "refuse", "it cannot be decoded: nobody knows whose it is"),
            (f'"{guid[:8].upper()}\\', "nothing", "the group is set up"),
            ("dependents.claims.dead-letter/0/3", "refuse", "it cannot be decoded: nobody knows whose it is")])
        self.assertEqual((totals["records"], totals["refused"], totals["nothing"]), (4, 3, 1))

    def test_selectors(self):
        guid, other = self.waiting(2)
        key = self.value(f"select veteran_id from saved_claim_groups where claim_group_guid = '{guid}' limit 1")
        _, lines = self.plan("--group", guid.upper())
        self.assertEqual({line["group"] for line in lines}, {guid})
        _, lines = self.plan("--veteran", key)
        self.assertEqual({line["group"] for line in lines}, {guid})
        one = next(line for line in lines if line["claim_id"])
        _, lines = self.plan("--topic", "claims.686c", "--partition", str(one["partition"]), "--from-offset",
                             str(one["offset"]), "--to-offset", str(one["offset"] + 1))
        self.assertEqual([line["message_id"] for line in lines], [one["message_id"]])
        cause = self.value(f"select error_class from tier_waits where claim_group_guid = '{guid}'")
        _, lines = self.plan("--topic", "form-686c.retry-1h", "--cause", cause, "--outcome", "pending",
                             *self.of_groups([guid, other]))
        self.assertEqual({line["group"] for line in lines}, {guid, other})
        self.plan("--until", "2020-01-01T00:00:00Z", status=3)

    def test_killed_in_the_middle_and_two_at_once(self):
        guids = self.waiting(5)
        self.plan(*self.of_groups(guids))
        first = subprocess.Popen([self.world.programs_folder / "pipelinectl", "replay", "apply", self.file, "--yes", "--rate", "1",
                                  "--reason", "BGS is mended"], env=self.world.environment, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        try:
            self.await_true(lambda: int(self.value("select count (*) from replay_records where claim_group_guid = any "
                                                   f"('{{{','.join(guids)}}}'::uuid[])")) >= 2, "two to be sent")
            self.assertIn("another process is applying this plan", self.apply(status=1))
        finally:
            first.kill()
            first.wait()
        # The server notices that the connection is gone.
        self.await_true(lambda: self.value("select count (*) from pg_locks where locktype = 'advisory'") == "0", "its lock")
        done = self.apply()
        self.assertEqual(done["sent"] + done["done_before"], 5)
        self.assertGreaterEqual(done["done_before"], 2)
        for guid in guids:
            self.await_state(guid, "success")
            self.assertEqual(self.replay_number(guid), "1")
        self.assertEqual(len(self.world.bgs("GET", "state")["benefit_claims"]), 5)
        self.assertEqual(self.value("select count (*) from operator_actions where action = 'replay apply' and claim_group_guid = "
                                    f"any ('{{{','.join(guids)}}}'::uuid[])"), "5")


if __name__ == "__main__":
    main()
