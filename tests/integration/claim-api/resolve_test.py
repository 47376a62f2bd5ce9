"""pipelinectl resolve: each answer, what it writes and what it frees, and what it refuses.

Claims are stored by claim-api; nobody works on them, so a hold is put there by statements that stand for a consumer's.

Usage: with-postgres resolve_test.py BUILD-DIRECTORY
"""
import json
import os
import pty
import subprocess
import sys
import unittest

from harness import House, sample, with_user

INSERT = "insert-benefit-claim"


class ResolveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House(sys.argv[1])
        cls.api = cls.house.api()
        cls.participant = 600000

    @classmethod
    def tearDownClass(cls):
        cls.api.stop()
        cls.house.close()

    def setUp(self):
        type(self).participant += 1
        self.sql = self.house.sql
        self.house.copy_outbox()

    def stored(self, name="claims/03_686c_report_divorce"):
        """A group as proc-setup leaves it: (guid, parent's id, child ids)."""
        answer = self.api.post(with_user(sample(name), participant_id=str(self.participant)))
        data = answer.json()["data"]
        guid, parent = data["attributes"]["guid"], int(data["id"])
        self.sql(f"update saved_claim_groups set proc_id = '77' where saved_claim_id = {parent}")
        self.sql("delete from published")
        report = self.api.status(guid).json()["data"]["attributes"]
        return guid, parent, [claim["claim_id"] for claim in report["claims"]]

    def hold(self, parent, claim, reason="the insert's benefit claim is not clear", behind="null"):
        self.sql(f"""
          update saved_claim_groups set status = 'held' where saved_claim_id = {claim} and saved_claim_id <> parent_claim_id;
          insert into holds (claim_group_id, claim_id, reason, behind_claim_id)
          select id, {claim}, $${reason}$$, {behind} from saved_claim_groups
          where saved_claim_id = {parent}""")

    def insert_row(self, claim, state="started", ordinal=1, digest="null"):
        finished = "null" if state == "started" else "clock_timestamp ()"
        self.sql(f"""insert into step_journal (scope, step, ordinal, token, state, digest, note, finished_at)
                     values ('{claim}', '{INSERT}', {ordinal}, nextval ('tokens'), '{state}', {digest},
                             'increment=130 type=130DPNEBNADJ day=2026-01-02', {finished})""")

    def lock(self, claim):
        self.sql(f"""insert into veteran_locks (veteran_id, claim_id, token)
                     select veteran_id, {claim}, nextval ('tokens') from saved_claim_groups where saved_claim_id = {claim}""")

    def resolve(self, *arguments, status=0):
        done = self.house.pipelinectl("resolve", *arguments, *([] if "--reason" in arguments else ["--reason", "asked BGS"]),
                                      "--yes")
        self.assertEqual(done.returncode, status, (arguments, done.stdout, done.stderr))
        return done

    def published(self):
        return self.sql("select topic from published order by topic").split()

    def replay_of(self, topic):
        # Headers are length-prefixed text: the number follows its name.
        raw = bytes.fromhex(self.sql(f"select encode (headers, 'hex') from published where topic = 'dependents.{topic}'"))
        return raw.split(b"dp-replay", 1)[1]

    def state(self, claim):
        return self.sql(f"select status from saved_claim_groups where saved_claim_id = {claim}")

    def inserts(self, claim):
        return self.sql(f"select state from step_journal where scope = '{claim}' and step = '{INSERT}' order by ordinal").split("\n")

    def locks(self, claim):
        return self.sql(f"select count(*) from veteran_locks where claim_id = {claim}")

    def test_adopt(self):
        for journal in (["started"], ["not there"], ["failed"], []):
            with self.subTest(journal):
                self.setUp()
                guid, parent, (claim,) = self.stored()
                for ordinal, state in enumerate(journal, 1):
                    self.insert_row(claim, state, ordinal)
                self.lock(claim)
                self.hold(parent, claim)
                adopted = str(600100 + self.participant)
                # Not by one word: nobody has seen this number.
                self.assertIn("--unseen", self.resolve(claim, "--adopt", adopted, status=1).stderr)
                self.resolve(claim, "--adopt", adopted, "--unseen")
                self.assertEqual(self.state(claim), "pending")
                self.assertEqual(self.inserts(claim)[-1], "finished")
                self.assertEqual(self.locks(claim), "0")
                self.assertEqual(self.sql(f"select bgs_claim_id from bgs_submissions where saved_claim_id = {claim}"),
                                 str(600100 + self.participant))
                self.assertEqual(self.published(), ["dependents.claim-events", "dependents.claims.686c"])
                self.assertIn(b"1", self.replay_of("claims.686c")[:8])
                self.assertIsNone(self.api.status(guid).json()["data"]["attributes"]["needs_person"])
                self.assertEqual(self.sql(f"select resolution from holds where claim_id = {claim}"), "adopt: asked BGS")
                self.resolve(claim, "--adopt", "1", status=1)  # decided before
                self.sql("delete from veteran_locks")

    def test_not_by_one_word(self):
        """The plan is shown, and nothing done, before somebody says so; then who, what, when and why are written down."""
        guid, parent, (claim,) = self.stored()
        self.insert_row(claim)
        self.hold(parent, claim)
        self.sql(f"update holds set candidates = '[{{\"benefit_claim_id\": \"600777\"}}]' where claim_id = {claim}")
        _, other_parent, (other,) = self.stored()
        self.hold(other_parent, other, reason=f"behind {claim}", behind=claim)
        command = "resolve", claim, "--adopt", "600777", "--reason", "seen in BGS"
        done = self.house.pipelinectl(*command)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        for words in (f"claim {claim} of group {guid}, held", "seen: 600777", "1 claims behind it are freed", "say so with --yes"):
            self.assertIn(words, done.stderr)
        for answer, code, state in ("n", 2, "held"), ("y", 0, "pending"):
            self.assertEqual(self.at_terminal(answer, *command), code, answer)
            self.assertEqual(self.state(claim), state)
        self.assertRegex(self.sql("select who, action, subject, claim_group_guid, claim_id, reason from operator_actions "
                                  f"where claim_id = {claim}"),
                         rf"^\w+@[^|]+\|resolve\|{claim} --adopt\|{guid}\|{claim}\|seen in BGS$")
        # Of what cannot be, nobody is asked.
        self.assertNotIn("--yes", self.house.pipelinectl(*command).stderr)
        self.resolve(claim, "--again", "--unseen", status=2)

    def at_terminal(self, answer, *command):
        """The exit code of pipelinectl run by somebody who sits before it."""
        ours, theirs = pty.openpty()
        with os.fdopen(ours, "wb", buffering=0) as keyboard, \
             subprocess.Popen([self.house.binary("pipelinectl"), *map(str, command)], env=self.house.environment, stdin=theirs,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            os.close(theirs)
            keyboard.write(answer.encode() + b"\n")
            return run.wait(timeout=60)

    def test_adopt_refuses_anothers_benefit_claim(self):
        _, parent, (claim,) = self.stored()
        _, _, (other,) = self.stored()
        self.sql(f"insert into bgs_submissions (saved_claim_id, form_id, latest_status, bgs_claim_id) "
                 f"values ({other}, '21-686C', 'submitted', '4711')")
        self.hold(parent, claim)
        self.assertIn("another claim", self.resolve(claim, "--adopt", "4711", status=1).stderr)
        self.assertEqual((self.state(claim), self.published()), ("held", []))

    def test_not_there(self):
        _, parent, (claim,) = self.stored()
        self.insert_row(claim, "not there", 1)
        self.insert_row(claim, "started", 2)
        self.lock(claim)
        self.hold(parent, claim)
        self.resolve(claim, "--not-there")
        self.assertEqual(self.inserts(claim), ["failed", "failed"])
        self.assertEqual((self.state(claim), self.locks(claim)), ("pending", "1"))  # its own next delivery takes the lock on
        self.assertEqual(self.published(), ["dependents.claim-events", "dependents.claims.686c"])

    def test_again(self):
        _, parent, (claim,) = self.stored("claims/05_674_one_student")
        self.insert_row(claim, "started", digest="'h1:00'")
        self.hold(parent, claim, "changed-under-a-step")
        self.resolve(claim, "--again")
        self.assertEqual(self.inserts(claim), ["started"])
        self.assertEqual(self.sql(f"select count(digest) from step_journal where scope = '{claim}'"), "0")
        self.assertEqual(self.state(claim), "pending")
        self.assertEqual(self.published(), ["dependents.claim-events", "dependents.claims.674"])

    def test_paper(self):
        guid, parent, (claim,) = self.stored()
        self.insert_row(claim)
        self.lock(claim)
        self.hold(parent, claim)
        self.resolve(claim, "--paper")
        self.assertEqual((self.state(claim), self.locks(claim)), ("dead", "0"))
        self.assertEqual(self.api.status(guid).json()["data"]["attributes"]["state"], "failure")
        self.assertEqual(self.published(), ["dependents.claim-events", "dependents.claim-events", "dependents.claims.dead-letter",
                                            "dependents.monitoring-events"])
        headers = self.sql("select encode (headers, 'escape') from published where topic = 'dependents.claims.dead-letter'")
        for expected in ("dp-insert", "unknown", "resolved-paper", "dependents.claims.686c/-1/-1"):
            self.assertIn(expected, headers)
        self.assertNotIn("asked BGS", headers)  # a person's free text leaves the database in nothing

    def test_what_stood_behind_is_freed(self):
        _, parent, (claim,) = self.stored()
        behind = [self.stored() for _ in range(2)]
        self.insert_row(claim)
        self.lock(claim)
        self.hold(parent, claim)
        for _, other_parent, (other,) in behind:
            self.hold(other_parent, other, f"behind {claim}", claim)
        # One of them has a reason of its own beside.
        self.hold(behind[1][1], behind[1][2][0], "changed-under-a-step")
        self.assertIn("1 behind it freed", self.resolve(claim, "--adopt", "4712", "--unseen").stdout)
        self.assertEqual([self.state(other[2][0]) for other in behind], ["pending", "held"])
        self.assertEqual(self.published().count("dependents.claims.686c"), 2)

    def test_a_held_set_up(self):
        guid, parent, (claim,) = self.stored()
        self.hold(parent, parent, "changed-under-a-step")
        self.sql(f"""insert into step_journal (scope, step, ordinal, token, state, digest)
                     values ('{guid}', 'create-proc', 1, nextval ('tokens'), 'started', 'h1:00')""")
        self.resolve(parent, "--adopt", "1", status=1)
        self.resolve(parent, "--not-there", status=1)
        self.assertEqual(self.published(), [])
        self.resolve(parent, "--again")
        self.assertEqual(self.published(), ["dependents.claims.submitted"])
        self.assertEqual(self.sql(f"select count(digest) from step_journal where scope = '{guid}'"), "0")
        self.hold(parent, parent, "changed-under-a-step")
        self.resolve(parent, "--paper")
        self.assertEqual(self.api.status(guid).json()["data"]["attributes"]["state"], "failure")

    def test_a_submitted_claim(self):
        _, parent, (claim,) = self.stored()
        self.sql(f"update saved_claim_groups set status = 'submitted', bgs_claim_id = '4713' where saved_claim_id = {claim}")
        self.hold(parent, parent, "other")
        self.sql(f"update holds set claim_id = {claim} where claim_id = {parent}")
        self.resolve(claim, "--paper", status=1)
        self.resolve(claim, "--not-there", status=1)
        self.resolve(claim, "--adopt", "1", status=1)
        self.assertEqual(self.published(), [])
        self.resolve(claim, "--adopt", "4713", "--unseen")
        self.assertEqual(self.state(claim), "submitted")

    def test_refusals(self):
        _, parent, (claim,) = self.stored()
        self.resolve(claim, "--again", status=1)  # nobody asks
        self.resolve("999999999", "--again", status=3)
        self.resolve("x", "--again", status=2)
        self.resolve(claim, status=2)
        self.resolve(claim, "--again", "--paper", status=2)
        self.resolve(claim, "--adopt", "x", status=2)
        self.resolve(claim, "--again", "--reason", " ", status=2)
        self.assertEqual(self.published(), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
