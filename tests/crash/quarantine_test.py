"""A record that ends its process each time is quarantined, its group has its end, and bystanders go on.

What a process dies of is imitated: a call of one claim hangs, and whoever has sent it is killed there. At the first death
other claims are in the middle of a call, too; they must be through in the end, whatever they were suspected of.
"""

import unittest

import claims
from pipeline import INSERT, PROC_UPDATE, PipelineTest, until

BYSTANDERS = 3
DEATHS = 2   # quarantine-after; the first one makes only suspects
PERSON = "vnpPersonCreate"
DRAFT_UPDATE = "vnpBnftClaimUpdate"


class Quarantine(PipelineTest):
    def set_up(self):
        """The claim that will be poisoned and bystanders, set up and waiting for form-686c."""
        self.house = self.pipeline(quarantine_after=DEATHS, bgs_read_timeout_ms=1500, unknown_settle_ms=1000,
                                   kafka__session__timeout__ms=30000).set_up()
        self.house.start_api()
        self.house.start("proc-setup")
        self.guids = self.house.submit([claims.claim("03", veteran) for veteran in range(1, BYSTANDERS + 2)])
        until(lambda: len(self.house.records("claims.686c")) == BYSTANDERS + 1, 60, "all claims set up")
        self.proc = self.house.sql_one("select proc_id from saved_claim_groups where parent_claim_id = saved_claim_id "
                                       f"and claim_group_guid = '{self.guids[0]}'")

    def kill_at(self, operation, contains):
        """Kills each process that sends that call of the first claim, until nobody does any more."""
        self.house.simulator.rule(name="poison", operation=operation, contains=contains, do="hang")
        self.house.simulator.rule(name="busy", operation=operation, do="delay", delay_ms=1000, times=BYSTANDERS)
        program = self.house.start("form-686c", kafka__group__instance__id="m")
        until(lambda: len(self.house.simulator.in_progress(operation)) == BYSTANDERS + 1, 30,
              "all of them in the middle of a call", every=0.02)
        for death in range(1, DEATHS + 2):
            sent = self.hung()
            program.kill()
            program = self.house.start("form-686c", kafka__group__instance__id="m")
            if death <= DEATHS:
                until(lambda sent=sent: self.hung() > sent, 40, f"call {death + 1} of the poisoned claim", every=0.02)
        until(lambda: self.house.records("quarantine"), 30, "a record in quarantine")
        return program

    def hung(self):
        return self.house.simulator.taken("poison")

    def state(self, guid):
        return self.house.sql_one("select status from saved_claim_groups where parent_claim_id = saved_claim_id "
                                  f"and claim_group_guid = '{guid}'")

    def child(self):
        return self.house.sql("select saved_claim_id, status, bgs_claim_id from saved_claim_groups "
                              f"where parent_claim_id <> saved_claim_id and claim_group_guid = '{self.guids[0]}'")[0]

    def check_ends(self, program, group):
        """The bystanders' groups are successes; the poisoned one has its end, and its record is in quarantine once."""
        wanted = [group] + ["success"] * BYSTANDERS
        until(lambda: [self.state(guid) for guid in self.guids] == wanted, 40,
              lambda: f"{wanted}; they are {[self.state(guid) for guid in self.guids]}")
        until(lambda: self.house.sql_one("select count(*) from outbox") == "0", 20, "all published")
        self.assertTrue(program.runs())
        self.assertEqual(self.hung(), DEATHS + 1)
        ((_, headers, value),) = self.house.values("quarantine")
        self.assertEqual(value["claim_group_id"], self.guids[0])
        self.assertIn(f"ended its process {DEATHS} times", headers["dp-reason"])
        self.assertEqual(self.house.sql("select verdict from inbox where verdict = 'QUARANTINE'"), [["QUARANTINE"]])
        told = [value["claim_group_id"] for _, _, value in self.house.values("monitoring-events") if value["kind"] == "quarantine"]
        self.assertEqual(told, self.guids[:1])
        self.assertEqual(self.house.sql("select count(*) from delivery_records"), [["0"]], "somebody is still suspected")
        self.assertEqual(self.house.sql("select veteran_id from veteran_locks"), [])

    def check_failed(self, insert):
        (claim_id, status, benefit_claim_id) = self.child()
        self.assertEqual((status, benefit_claim_id), ("dead", ""))
        ((_, headers, value),) = self.house.values("claims.dead-letter")
        self.assertEqual(value["claim_id"], int(claim_id))
        self.assertEqual(headers.get("dp-insert"), insert)
        self.assertEqual(self.house.sql("select reason from holds"), [])

    def check_given_up(self, reason, steps):
        """After the insert nobody dies: submitted, the rest is given up, and a person told. Nothing goes by paper."""
        (claim_id, status, benefit_claim_id) = self.child()
        self.assertEqual(status, "submitted")
        self.assertIn(benefit_claim_id, [made["benefitClaimID"] for made in self.house.simulator.state()["benefit_claims"]])
        self.assertEqual(self.house.records("claims.dead-letter"), [])
        self.assertEqual(self.house.sql("select claim_id, reason from holds where resolved_at is null"), [[claim_id, reason]])
        self.assertEqual(self.house.sql("select step from step_journal where state = 'given up' order by 1"), steps)
        self.assertEqual(self.house.sql("select step from step_journal where state = 'started'"), [])

    def test_before_the_insert(self):
        self.set_up()
        program = self.kill_at(PERSON, self.proc)
        self.check_ends(program, "failure")
        self.check_failed(insert=None)

    def test_while_the_insert_is_unknown(self):
        self.set_up()
        program = self.kill_at(INSERT, "666000001")
        self.check_ends(program, "failure")
        self.check_failed(insert="unknown")

    def test_after_the_insert(self):
        self.set_up()
        program = self.kill_at(DRAFT_UPDATE, self.proc)
        self.check_ends(program, "success")
        self.check_given_up("gave up after the insert, the close included", [["update-vnp-claim"]])

    def test_at_the_close(self):
        self.set_up()
        program = self.kill_at(PROC_UPDATE, self.proc)
        self.check_ends(program, "success")
        self.check_given_up("gave up after the insert, the close included", [["close-proc"]])


if __name__ == "__main__":
    unittest.main(verbosity=2)
