"""How many commits a claim waits for: one a call, plus take and settle, and few more that are named here.

One claim after another, so that no two share a flush: then each commit that is waited for is one flush of the log
(wal_sync). Commits that are not waited for (counts, deletions) are flushed by the server's own writer, at most every
wal_writer_delay, here a long one.
"""

import time
import unittest

import claims
from pipeline import CONSUMERS, PipelineTest, until

CLAIMS = 10
# Per claim of sample 03 (one child), beside one commit a call:
TAKE_IN = 1              # claim-api
RECORDS = 2              # claims.submitted, claims.686c
TAKE_AND_SETTLE = 2      # each record
OTHERS = 4               # the Veteran's lock taken, the insert's end with it freed, the child's state, the group's scope
SERVERS_OWN = 3          # flushes that PostgreSQL makes by itself
BY_THE_CLOCK = 0.5       # a second, of our own: two leases and four heartbeats are renewed however long a claim takes
# What it does by itself and by the clock would flush the more, the longer a claim takes.
SERVERS_OWN_WORK = ("wal_writer_delay = '10s'", "bgwriter_lru_maxpages = 0", "autovacuum = off", "checkpoint_timeout = '1h'")


class Commits(PipelineTest):
    def test_one_commit_a_call(self):
        house = self.pipeline(heartbeat_interval_ms=60000, instance_timeout_ms=180000).set_up()
        for setting in SERVERS_OWN_WORK:
            house.sql_on_server("alter system set " + setting)
        house.sql_on_server("select pg_reload_conf ()")
        house.start_api()
        for name in CONSUMERS:
            house.start(name, in_flight=1)
        self.one_claim(house, 1)   # connections are made, prepared and warm
        began, flushes, calls = time.monotonic(), self.flushes(house), self.calls(house)
        for veteran in range(2, 2 + CLAIMS):
            self.one_claim(house, veteran)
        flushes, calls = self.flushes(house) - flushes, self.calls(house) - calls
        self.assertEqual(calls, 13 * CLAIMS)
        allowed = calls + CLAIMS * (TAKE_IN + RECORDS * TAKE_AND_SETTLE + OTHERS)
        print(f"{calls / CLAIMS:.1f} calls and {flushes / CLAIMS:.1f} flushes a claim, {allowed / CLAIMS:.1f} of them ours",
              flush=True)
        # Less would be as wrong: a start that is not flushed before the request is sent is no journal.
        self.assertGreaterEqual(flushes, calls)
        self.assertLessEqual(flushes, allowed + CLAIMS * SERVERS_OWN + BY_THE_CLOCK * (time.monotonic() - began))

    @staticmethod
    def one_claim(house, veteran):
        house.submit([claims.claim("03", veteran)], connections=1)
        house.wait_done(20)
        until(lambda: house.sql_one("select count(*) from outbox") == "0", 10, "all published")

    @staticmethod
    def flushes(house):
        """Steady: a server process tells its figures up to a second later."""
        before, since = None, time.monotonic()

        def steady():
            nonlocal before, since
            now = int(house.sql_one("select wal_sync from pg_stat_wal"))
            if now != before:
                before, since = now, time.monotonic()
            return time.monotonic() - since > 2 and now
        return until(steady, 60, "the server's figures", every=0.2)

    @staticmethod
    def calls(house):
        """Calls that change something there. A read is journalled with what follows it."""
        return int(house.sql_one("select count(*) from step_journal where step !~ '^(find|read)-'"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
