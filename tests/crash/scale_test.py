"""Consumer groups grow from one process each to three and shrink again while claims come in, as `kubectl scale` and a rolling update have it:
those that go are told by SIGTERM, and the first one goes while two that came later stay. Then the same by SIGKILL.

No claim is lost or doubled, and none waits for its first step in a consumer for longer than its partition may be without a reader: 5 s where
that one was told, session and 5 s where it was killed.
"""

import itertools
import threading
import time
import unittest

import claims
from pipeline import CONSUMERS, PipelineTest, until

PAUSE_S = 0.12
IDLE_S = 5
SESSION_MS = 4000
GRACE_S = 30   # what the chart gives: shutdown-deadline and 5 s
# How long each claim has waited for proc-setup, and each child for its form's consumer.
WAITS = """
    select 'proc-setup', extract (epoch from min (j.started_at) - g.created_at)
      from saved_claim_groups g join step_journal j on j.scope = g.claim_group_guid::text
      where g.parent_claim_id = g.saved_claim_id and j.step like 'create-proc%' and g.created_at > '{since}' group by g.id
    union all
    select 'form', extract (epoch from min (own.started_at) - max (before.finished_at))
      from saved_claim_groups g join step_journal own on own.scope = g.saved_claim_id::text
      join step_journal before on before.scope = g.claim_group_guid::text and before.step like 'create-proc%'
      where g.parent_claim_id <> g.saved_claim_id and g.created_at > '{since}' group by g.id"""


class Coming(threading.Thread):
    """Claims, one after another, each of another Veteran."""

    def __init__(self, house, numbers):
        super().__init__(daemon=True)
        self.house, self.numbers = house, numbers
        self.is_over, self.count, self.trouble = threading.Event(), 0, None

    def run(self):
        try:
            client = claims.Client(self.house.api.address("URL"), self.house.token)
            while not self.is_over.wait(PAUSE_S):
                number = next(self.numbers)
                client.post(claims.claim("05" if number % 3 == 0 else "03", number))
                self.count += 1
            client.close()
        except Exception as error:   # told by the test's thread
            self.trouble = error

    def more(self, count):
        wanted = self.count + count
        until(lambda: self.trouble or self.count >= wanted, 30, "claims that come in", every=0.02)

    def end(self):
        self.is_over.set()
        self.join()
        if self.trouble:
            raise self.trouble


class Scale(PipelineTest):
    def setUp(self):
        self.house = self.pipeline(simulator_options=["--answer-delay-ms=20"], kafka__session__timeout__ms=SESSION_MS).set_up()
        self.house.start_api()
        self.numbers = itertools.count(1)
        self.running = {name: [self.house.start(name)] for name in CONSUMERS}

    def grow(self):
        for name in CONSUMERS:
            self.running[name] += [self.house.launch(name) for _ in range(2)]
        for programs in self.running.values():
            for program in programs:
                program.wait_ready()

    def under_load(self, change):
        """The longest wait of any claim; all have gone through."""
        since = self.house.sql_one("select clock_timestamp ()")
        coming = Coming(self.house, self.numbers)
        coming.start()
        try:
            coming.more(10)
            change(coming)
            coming.more(20)
        finally:
            coming.end()
        self.house.wait_done()
        self.house.check_effects(self)
        waits = {}
        for consumer, seconds in self.house.sql(WAITS.format(since=since)):
            waits[consumer] = max(waits.get(consumer, 0), float(seconds))
        print(f"{coming.count} claims; longest wait {waits}", flush=True)
        return max(waits.values())

    def test_told(self):
        ends = []

        def change(coming):
            self.grow()
            coming.more(20)
            for name in CONSUMERS:   # the first, then one that came later
                for _ in range(2):
                    began = time.monotonic()
                    self.assertEqual(self.running[name].pop(0).end(GRACE_S), 0)
                    ends.append(time.monotonic() - began)
                    coming.more(3)
        longest = self.under_load(change)
        print(f"six were told to end: the last to do so took {max(ends):.1f} s", flush=True)
        self.assertLess(longest, IDLE_S)

    def test_killed(self):
        def change(coming):
            self.grow()
            coming.more(20)
            for name in CONSUMERS:
                for _ in range(2):
                    self.running[name].pop(0).kill()
                coming.more(3)
        self.assertLess(self.under_load(change), SESSION_MS / 1000 + IDLE_S)


if __name__ == "__main__":
    unittest.main(verbosity=2)
