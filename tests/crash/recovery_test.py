"""A process dies with many claims in hand. Each of them is a suspect then, and runs alone, but for a step or two and not for
the whole of its story: else the time after a death would be that of all their calls, one after another."""

import time
import unittest

import claims
from pipeline import INSERT, PipelineTest, until

CLAIMS = 20
DELAY_MS = 200
IN_HAND = "select coalesce (sum (cardinality (open_offsets)), 0) from deliveries where consumer = 'form-686c'"
BEGUN_BEFORE_THE_FIRST_INSERT = """
    select count (distinct scope) from step_journal where started_at > '{}'
      and started_at < (select min (started_at) from step_journal where step = 'insert-benefit-claim')"""


class Recovery(PipelineTest):
    def test_each_suspect_has_its_turn_before_any_is_through(self):
        house = self.pipeline(simulator_options=[f"--answer-delay-ms={DELAY_MS}"]).set_up()
        house.start_api()
        set_up = house.start("proc-setup")
        house.submit([claims.claim("03", veteran) for veteran in range(1, CLAIMS + 1)])
        until(lambda: house.sql_one("select count(*) from saved_claim_groups where proc_id is not null") == str(CLAIMS), 30,
              "all set up")
        self.assertEqual(set_up.end(), 0)
        old = house.start("form-686c")
        until(lambda: house.sql_one(IN_HAND) == str(CLAIMS), 30, "all in hand")
        old.kill()
        self.assertEqual(house.simulator.ledger(INSERT), [], "one was through before the death")

        died_at, calls = house.sql_one("select clock_timestamp ()"), len(house.simulator.ledger())
        house.start("form-686c")
        began = time.monotonic()
        house.wait_done(120)
        calls = len(house.simulator.ledger()) - calls
        print(f"{CLAIMS} claims and {calls} calls of {DELAY_MS} ms: {time.monotonic() - began:.1f} s; one after another "
              f"{calls * DELAY_MS / 1000:.0f} s", flush=True)
        house.check_effects(self)
        self.assertGreater(int(house.sql_one(BEGUN_BEFORE_THE_FIRST_INSERT.format(died_at))), CLAIMS * 3 // 4)


if __name__ == "__main__":
    unittest.main(verbosity=2)
