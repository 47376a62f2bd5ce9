"""The answer to an insert comes to a process that has been outlived, just when another delivery of the claim is about to take the
Veteran's row, and that one dies with it: no row is left, or the Veteran's next claim would wait for nobody.
"""

import unittest

import claims
from pipeline import INSERT, PipelineTest, until


class LateLock(PipelineTest):
    def test_row_of_an_insert_that_has_ended(self):
        house = self.pipeline(bgs_read_timeout_ms=30000, kafka__session__timeout__ms=2000).set_up()
        house.start_api()
        house.start("proc-setup")
        old = house.start("form-686c")
        house.simulator.rule(name="held", operation=INSERT, do="hold", times=1)
        house.submit([claims.claim("03", 1)])
        until(lambda: house.simulator.in_progress(INSERT), 30, "an insert in progress", every=0.005)
        old.stop()   # without a heartbeat until its session is over
        late = house.launch("form-686c", environment={"CRASH_STOP_AT": "lock/before", "CRASH_AT": "lock/after"})
        late.wait_stopped(30)
        house.simulator.let_go()
        old.go_on()
        until(lambda: [row[3] for row in house.journal("insert-benefit-claim")] == ["finished"], 20, "the answer in the journal")
        self.assertEqual(house.sql("select claim_id from veteran_locks"), [])
        late.go_on()
        self.assertEqual(late.wait_exit(20), -9, "it has not come so far")
        self.assertEqual(house.sql("select claim_id from veteran_locks"), [], "a row that nobody frees")
        house.start("form-686c")
        house.wait_done()
        house.check_effects(self)


if __name__ == "__main__":
    unittest.main(verbosity=2)
