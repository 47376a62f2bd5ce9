"""BGS takes 2 s a call: whoever submits a claim does not notice."""

import statistics
import time
import unittest

import claims
from pipeline import CONSUMERS, PipelineTest, until

POSTS = 100
MEDIAN_MS = 50


class SlowBgs(PipelineTest):
    def test_the_answer_waits_for_one_commit_only(self):
        house = self.pipeline(simulator_options=["--answer-delay-ms=2000"], bgs_read_timeout_ms=30000).set_up()
        house.start_api()
        for name in CONSUMERS:
            house.start(name)
        house.submit([claims.claim("07", veteran) for veteran in range(1, 31)])
        until(lambda: house.simulator.control("GET", "statistics")["concurrent"] >= 10, 30, "BGS is busy")
        client = claims.Client(house.api.address("URL"), house.token)
        self.addCleanup(client.close)
        times = []
        for veteran in range(100, 100 + POSTS):
            body = claims.claim("03", veteran)
            began = time.monotonic()
            client.post(body)
            times.append((time.monotonic() - began) * 1000)
        self.assertGreater(house.simulator.control("GET", "statistics")["concurrent"], 0, "BGS was idle meanwhile")
        median, worst = statistics.median(times), max(times)
        print(f"POST: median {median:.1f} ms, worst {worst:.0f} ms", flush=True)
        self.assertLess(median, MEDIAN_MS)
        self.assertEqual(sum(int(count) for count in house.states().values()), 30 + POSTS)


if __name__ == "__main__":
    unittest.main(verbosity=2)
