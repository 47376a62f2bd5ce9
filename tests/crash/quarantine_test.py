"""A record that ends its process each time: quarantined after three deaths in succession, and its claim has an end that
somebody hears of. Others in the same process are not condemned. Needs programs with crash points (preset debug)."""

import unittest

import claims
from pipeline import INSERT, PipelineTest, until

POISONED, BYSTANDER = claims.claim("01", 1), claims.claim("03", 2)   # only the first has a spouse to create
DEATHS = 3   # quarantine-after


class Quarantine(PipelineTest):
    def setUp(self):
        self.house = self.pipeline(unknown_settle_ms=1000, bgs_read_timeout_ms=1000).set_up()
        self.house.start_api()
        self.house.start("proc-setup")

    def die_at(self, point):
        """The form consumer is started again and again until it survives; how often it has died."""
        deaths = 0
        while True:
            program = self.house.launch("form-686c", environment={"CRASH_AT": point}, kafka__group__instance__id="m")
            until(lambda: not program.runs() or self.is_quarantined(), 60,
                  lambda: f"a death or a quarantine; its log:\n{program.log()[-2000:]}")
            if program.runs():
                return deaths
            self.assertEqual(program.process.returncode, -9, program.log()[-2000:])
            deaths += 1
            self.assertLessEqual(deaths, 3 * DEATHS, "it is never quarantined")

    def is_quarantined(self):
        return self.house.sql_one("select count(*) from inbox where verdict = 'QUARANTINE'") != "0"

    def child(self, guid):
        (row,) = self.house.sql("select status, bgs_claim_id from saved_claim_groups "
                                f"where claim_group_guid = '{guid}' and parent_claim_id <> saved_claim_id")
        return row

    def group(self, guid):
        return self.house.sql_one("select status from saved_claim_groups "
                                  f"where claim_group_guid = '{guid}' and parent_claim_id = saved_claim_id")

    def letters(self, topic):
        until(lambda: self.house.sql_one("select count(*) from outbox") == "0", 20, "all published")
        return [headers for _, headers, _ in self.house.raw_records(topic)]

    def test_before_the_insert(self):
        """The group fails and goes by paper; the bystander that was in the same process goes on."""
        guid, bystander = self.house.submit([POISONED, BYSTANDER], connections=1)
        # The first death makes suspects of all that were in hand; three more happen to this one alone.
        self.assertGreaterEqual(self.die_at("call/before/create-person/spouse"), DEATHS)
        until(lambda: self.group(bystander) == "success", 30, lambda: f"the bystander: {self.group(bystander)}")
        self.assertEqual((self.group(guid), self.child(guid)[0]), ("failure", "dead"))
        (quarantined,), (dead,) = self.letters("quarantine"), self.letters("claims.dead-letter")
        for headers in (quarantined, dead):
            self.assertIn("ended its process", headers["dp-reason"])
            self.assertNotIn("dp-insert", headers)
        self.assertTrue(dead["dp-steps"].startswith("create-participant/spouse"), dead["dp-steps"])

    def test_while_the_insert_is_unknown(self):
        """The dead letter says that nobody knows, and the Veteran's row is free."""
        self.house.simulator.rule(name="lost", operation=INSERT, do="drop-after", times=1)
        (guid,) = self.house.submit([BYSTANDER])
        self.assertGreaterEqual(self.die_at("read/before/find-benefit-claims"), DEATHS)
        self.assertEqual((self.group(guid), self.child(guid)[0]), ("failure", "dead"))
        (dead,) = self.letters("claims.dead-letter")
        self.assertEqual(dead["dp-insert"], "unknown")
        self.assertEqual(self.house.sql("select claim_id from veteran_locks"), [])
        self.assertEqual(len(self.house.simulator.ledger(INSERT)), 1)

    def test_after_the_insert(self):
        """Its claim is established: the update is given up, the close with it, and a person told. Nothing goes by paper."""
        (guid,) = self.house.submit([BYSTANDER])
        self.assertGreaterEqual(self.die_at("call/before/update-vnp-claim"), DEATHS)
        self.check_given_up(guid, "update-vnp-claim")

    def test_the_closer(self):
        """Its claim is established: the close is given up, a person told, and the group has succeeded."""
        (guid,) = self.house.submit([BYSTANDER])
        self.assertGreaterEqual(self.die_at("call/before/close-proc"), DEATHS)
        self.check_given_up(guid, "close-proc")

    def check_given_up(self, guid, step):
        state, benefit_claim = self.child(guid)
        self.assertEqual((self.group(guid), state), ("success", "submitted"))
        self.assertTrue(benefit_claim)
        self.assertEqual(self.letters("claims.dead-letter"), [])
        self.assertEqual(len(self.letters("quarantine")), 1)
        self.assertEqual(self.house.sql("select reason from holds where resolved_at is null"),
                         [["gave up after the insert, the close included"]])
        self.assertEqual(self.house.sql("select step, state from step_journal where state in ('started', 'given up')"),
                         [[step, "given up"]])
        until(lambda: self.house.sql("select count(*) from delivery_records") == [["0"]], 10, "nobody is suspected any more")


if __name__ == "__main__":
    unittest.main(verbosity=2)
