"""A call that outlives its process: another one takes over, and the effect is there once.

The simulator takes 5 s for one insert of a benefit claim, or holds it until another process has the claim. Meanwhile the
consumer that sent it is killed, or stopped, or loses its partition. Who sent what is told by CLIENT_MACHINE, which each process here has of its own.
"""

import unittest

import claims
from pipeline import INSERT, PipelineTest, until

DELAY_MS = 5000
LOOK = "findBnftClaimDetailByPtcpntId"
OLD, NEW = "10.9.0.1", "10.9.0.2"
FORM = {
    "bgs_read_timeout_ms": 6500,   # longer than the call takes; the look comes only after this and the settle time
    "revoke_drain_ms": 300,
    "kafka__session__timeout__ms": 2000,
}
# Where another process must have the claim before the answer comes: time enough on a busy machine.
PATIENT = {"bgs_read_timeout_ms": 20000}


class Outlive(PipelineTest):
    def setUp(self):
        self.house = self.pipeline().set_up()
        self.house.start_api()
        self.house.start("proc-setup")

    def start_form(self, machine, **settings):
        return self.house.start("form-686c", bgs_client_machine=machine, **{**FORM, **settings})

    def start_old(self, **settings):
        return self.start_form(OLD, kafka__group__instance__id="m", **settings)

    def send_slow_insert(self, **rule):
        """Submits a claim; returns as soon as its insert is seen to be on its way."""
        self.house.simulator.rule(name="slow", operation=INSERT, times=1, **(rule or {"do": "delay", "delay_ms": DELAY_MS}))
        self.house.submit([claims.claim("03", 1)])
        (insert,) = until(lambda: self.house.simulator.in_progress(INSERT), 30, "an insert in progress", every=0.005)
        self.assertIn(f"CLIENT_MACHINE>{OLD}<", insert["request"])

    def start_new(self, **settings):
        """A second member, which gets the partition of the claim and keeps it, also when the first one comes back."""
        (partition,) = until(self.open_partitions, 10, "the delivery is counted")
        # `range` gives the lower half of the partitions to the member with the lower name.
        return self.start_form(NEW, kafka__group__instance__id="a" if partition < 6 else "z", **settings)

    def insert_row(self):
        (row,) = self.house.journal("insert-benefit-claim")
        _, _, token, state = row
        return token, state

    def run_token(self):
        return self.house.sql_one(
            "select r.token from runs r join step_journal j on j.scope = r.scope where j.step = 'insert-benefit-claim'")

    def sent_by(self, machine):
        return [entry["operation"] for entry in self.house.simulator.requests_of(machine)]

    def wait_until_another_has_it(self, token):
        until(lambda: self.run_token() != token, 30, "the claim is somebody else's", every=0.1)

    def check_once(self):
        """One insert was sent, ever; its benefit claim is the child's."""
        self.house.check_effects(self)
        inserts = self.house.simulator.ledger(INSERT)
        self.assertEqual([entry["acted"] for entry in inserts], [True])
        (claim,) = self.house.simulator.state()["benefit_claims"]
        self.assertEqual(self.house.sql("select bgs_claim_id from saved_claim_groups where bgs_claim_id is not null"),
                         [[claim["benefitClaimID"]]])
        self.assertEqual(self.insert_row()[1], "finished")

    def wait_until_answered(self):
        until(lambda: not self.house.simulator.in_progress(INSERT), 20, "the insert answered")

    def check_looked_late(self):
        """The look is of use only when the request cannot be running any more."""
        (insert,) = self.house.simulator.ledger(INSERT)
        looks = self.house.simulator.ledger(LOOK)
        self.assertNotEqual(looks, [])
        self.assertLess(insert["ended_at"], looks[0]["at"])

    def test_killed(self):
        old = self.start_old()
        self.send_slow_insert()
        old.kill()
        token, state = self.insert_row()
        self.assertEqual(state, "started")
        self.start_new()
        self.house.wait_done(60)
        self.check_once()
        self.assertGreater(int(self.insert_row()[0]), int(token), "not settled by who took over")
        self.check_looked_late()

    def test_stopped_and_continued_before_it_is_settled(self):
        """The slow process records the answer that it was waiting for, and nothing else."""
        old = self.start_old(**PATIENT)
        self.send_slow_insert(do="hold")
        old.stop()
        token, _ = self.insert_row()
        self.start_new(**PATIENT)
        self.wait_until_another_has_it(token)
        self.house.simulator.let_go()
        self.wait_until_answered()
        old.go_on()
        until(lambda: self.insert_row()[1] == "finished", 20, "the answer recorded", every=0.02)
        self.assertEqual(self.insert_row()[0], token, "not recorded by who had waited for it")
        self.house.wait_done(60)
        self.check_once()
        self.assertEqual(self.sent_by(OLD)[-1], INSERT, "the slow process went on")
        self.assertNotIn(LOOK, self.sent_by(NEW), "a look at what was known")
        self.check_took_part(old)

    def test_stopped_and_continued_after_it_was_settled(self):
        """The slow process finds the step settled, and does nothing at all."""
        old = self.start_old()
        self.send_slow_insert()
        old.stop()
        token, _ = self.insert_row()
        self.start_new()
        self.house.wait_done(60)
        self.check_looked_late()
        settled_by = self.insert_row()[0]
        self.assertGreater(int(settled_by), int(token))
        old.go_on()
        self.check_took_part(old)
        self.check_once()
        self.assertEqual(self.insert_row()[0], settled_by)
        self.assertEqual(self.sent_by(OLD)[-1], INSERT, "the slow process went on")

    def test_partition_moved_away(self):
        """The slow process lives and has lost the partition: it hands over, and records its answer when it comes."""
        old = self.start_old(**PATIENT)
        self.send_slow_insert(do="hold")
        token, _ = self.insert_row()
        self.start_new(**PATIENT)
        self.wait_until_another_has_it(token)
        self.assertEqual(self.insert_row()[1], "started")
        self.house.simulator.let_go()
        self.house.wait_done(60)
        self.check_once()
        self.assertEqual(self.insert_row()[0], token, "not recorded by who had waited for it")
        self.assertEqual(self.sent_by(OLD)[-1], INSERT, "the slow process went on")
        self.assertNotEqual(self.sent_by(NEW), [])
        self.check_took_part(old)

    def open_partitions(self):
        return [int(row[0]) for row in self.house.sql(
            "select partition from deliveries where consumer = 'form-686c' and open_offsets <> '{}'")]

    def check_took_part(self, program):
        """It lives, and is a member that works: a claim more goes through, whoever has it."""
        until(lambda: program.is_ready() and program.metric("records_in_flight") == 0, 20, "nothing left in hand")
        self.assertEqual(program.get("/livez")[0], 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
