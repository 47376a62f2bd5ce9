"""Consumer groups grow from one process each to three and shrink again while claims come in, as `kubectl scale` and a rolling update have it:
those that go are told by SIGTERM, and the first one goes while two that came later stay. Then the same by SIGKILL.

No claim is lost or doubled, and none waits in its topic for its first step for longer than the partition may be without a reader: 5 s where
that one was told, session and 5 s where it was killed. That is promised of a machine that has time: beside our groups goes one of kcat, which
does nothing with what it reads and grows and shrinks as they do; where even that one's records wait for longer, so may ours. What the killed had committed and not yet published waits for the relay before: until
their instance counts as dead and, if one of them was the relay, until its lease has run out.
"""

import itertools
import subprocess
import threading
import time
import unittest

import claims
from pipeline import CONSUMERS, PipelineTest, until

PAUSE_S = 0.12
IDLE_S = 5
RELAY_S = 40   # instance-timeout-ms and a lease, 30 s each and at once, and the 10 s after which the lease is asked for again
SESSION_MS = 4000
HEARTBEAT_MS = 1000   # how soon those that stay hear of it
GRACE_S = 30   # what the chart gives: shutdown-deadline and 5 s
# When each claim got to its first step in a consumer, and when its record was committed for it.
FIRST_STEPS = {
    "claims.submitted": """
        select g.claim_group_guid, extract (epoch from g.created_at), extract (epoch from min (j.started_at))
        from saved_claim_groups g join step_journal j on j.scope = g.claim_group_guid::text
        where g.parent_claim_id = g.saved_claim_id and j.step like 'create-proc%' and g.created_at > '{since}' group by g.id""",
    "children": """
        select g.saved_claim_id, extract (epoch from max (before.finished_at)), extract (epoch from min (own.started_at))
        from saved_claim_groups g join step_journal own on own.scope = g.saved_claim_id::text
        join step_journal before on before.scope = g.claim_group_guid::text and before.step like 'create-proc%'
        where g.parent_claim_id <> g.saved_claim_id and g.created_at > '{since}' group by g.id"""}


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


class Witness:
    """A group of plain consumers on the topic of claims that were sent in, one at first."""

    def __init__(self, house):
        self.house, self.members, self.began, self.lock = house, [], {}, threading.Lock()
        self.grow(1)

    def grow(self, count):
        before = len(self.members)
        for _ in range(count):
            self.members.append(subprocess.Popen(
                ["kcat", "-b", self.house.brokers, "-G", "witness", "-u", "-f", r"%p/%o %T\n", "-X", "auto.offset.reset=earliest",
                 "-X", f"session.timeout.ms={SESSION_MS}", "-X", f"heartbeat.interval.ms={HEARTBEAT_MS}",
                 "-X", "partition.assignment.strategy=cooperative-sticky", self.house.prefix + "claims.submitted"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        for member in self.members[before:]:
            while "rebalanced" not in member.stderr.readline():
                assert member.poll() is None, "kcat has ended"
            for stream, act in ((member.stdout, self.note), (member.stderr, lambda line: None)):
                threading.Thread(target=self.read, args=(stream, act), daemon=True).start()

    @staticmethod
    def read(stream, act):
        for line in stream:
            act(line)

    def note(self, line):
        place, published = line.split()
        with self.lock:   # what is read again had been read
            self.began.setdefault(place, (time.time(), int(published) / 1000))

    def lose(self, end):
        for _ in range(2):
            member = self.members.pop(0)
            end(member)
            member.wait(GRACE_S)

    def longest(self, since):
        """How long a record has waited, at most, that came after that moment, and of those before only from then on."""
        for member in self.members:
            member.terminate()
            member.wait(GRACE_S)
        with self.lock:
            return max(began - max(published, since) for began, published in self.began.values())


class Scale(PipelineTest):
    def setUp(self):
        self.house = self.pipeline(simulator_options=["--answer-delay-ms=20"], kafka__session__timeout__ms=SESSION_MS,
                                   kafka__heartbeat__interval__ms=HEARTBEAT_MS).set_up()
        self.house.start_api()
        self.numbers = itertools.count(1)
        self.gone_at = 0   # when the last one was killed: that those before it were slow is not what is measured
        self.running = {name: [self.house.start(name)] for name in CONSUMERS}
        self.witness = Witness(self.house)

    def grow(self):
        self.witness.grow(2)
        for name in CONSUMERS:
            self.running[name] += [self.house.launch(name) for _ in range(2)]
        for programs in self.running.values():
            for program in programs:
                program.wait_ready()

    def published(self):
        """When the first record for each claim group, and for each child, came into its topic."""
        moments = {}
        for topic, name in (("claims.submitted", "claim_group_id"), ("claims.686c", "claim_id"), ("claims.674", "claim_id")):
            published = self.house.published(topic)
            for _, headers, value in self.house.values(topic):
                moment = published[headers["offset"]]
                moments[str(value[name])] = min(moment, moments.get(str(value[name]), moment))
        return moments

    def under_load(self, change):
        """The longest wait of any record for its publishing, in its topic, and in the witness's; all claims have gone through."""
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
        published = self.published()
        outside, inside = 0, 0
        for topic, statement in FIRST_STEPS.items():
            rows = self.house.sql(statement.format(since=since))
            self.assertGreaterEqual(len(rows), coming.count, topic)
            for claim, committed, began in rows:
                outside = max(outside, published[claim] - float(committed))
                inside = max(inside, float(began) - max(published[claim], self.gone_at))
        witnessed = self.witness.longest(max(self.gone_at, float(self.house.sql_one(f"select extract (epoch from '{since}'::timestamptz)"))))
        print(f"{coming.count} claims; longest wait for the publishing {outside:.1f} s, in a topic {inside:.1f} s; "
              f"of kcat's {witnessed:.1f} s", flush=True)
        return outside, inside, witnessed

    def test_told(self):
        ends = []

        def change(coming):
            self.grow()
            coming.more(20)
            self.witness.lose(lambda member: member.terminate())
            for name in CONSUMERS:   # the first, then one that came later
                for _ in range(2):
                    began = time.monotonic()
                    self.assertEqual(self.running[name].pop(0).end(GRACE_S), 0)
                    ends.append(time.monotonic() - began)
                    coming.more(3)
        outside, inside, witnessed = self.under_load(change)
        print(f"six were told to end: the last to do so took {max(ends):.1f} s", flush=True)
        self.assertLess(outside, max(IDLE_S, 2 * witnessed))
        self.assertLess(inside, max(IDLE_S, 2 * witnessed))

    def test_killed(self):
        def change(coming):
            self.grow()
            coming.more(20)
            self.witness.lose(lambda member: member.kill())
            for name in CONSUMERS:
                for _ in range(2):
                    self.running[name].pop(0).kill()
                coming.more(3)
            self.gone_at = time.time()
        outside, inside, witnessed = self.under_load(change)
        self.assertLess(outside, RELAY_S + IDLE_S)
        self.assertLess(inside, SESSION_MS / 1000 + max(IDLE_S, 2 * (witnessed - SESSION_MS / 1000)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
