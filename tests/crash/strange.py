"""What the tests of strange records share."""


import os
import random
import string
import unittest

import claims
from pipeline import CONSUMERS, PipelineTest, records, until
from servers import committed_offsets, end_offsets

PARTITIONS = 12
GOOD = 24            # claims behind: some in each partition, or nearly so
LONG_ID = 6000
LONG_KEY = 5000
HEADERS = 10000
LARGE = 1040000      # a little less than the broker takes of one record
NO_TEXT = bytes(byte for byte in range(128, 256)) + b"\xff\xfe"


class Strange(PipelineTest):
    maxDiff = None

    def setUp(self):
        self.house = self.pipeline(retry_tiers="50ms*2", look_tier="50ms").set_up()
        self.chance = random.Random(1)
        self.house.start_api()

    def submit(self, veterans):
        return self.house.submit([claims.claim("03", veteran) for veteran in veterans])

    def wait_published(self):
        until(lambda: self.house.sql_one("select count(*) from outbox") == "0", 20, "all published")

    def value_of(self, topic, guid):
        return next(value for _, _, value in self.house.raw_records(topic)
                    if records.decode(value)[1]["claim_group_id"] == guid)

    def wait_read(self, consumer, topic):
        """All that is in a topic has been settled, whatever came of it."""
        name = self.house.prefix + topic

        def behind():
            ends = {number: offset for (_, number), offset in end_offsets([name], PARTITIONS).items()}
            done = committed_offsets(self.house.prefix + consumer, name, PARTITIONS)
            return {number: (done[number], ends[number]) for number in ends if done[number] < ends[number] > 0}
        until(lambda: not behind(), 60, lambda: f"offsets of {topic} at their ends: {behind()}", every=0.2)

    def random_text(self, length):
        return "".join(self.chance.choices(string.ascii_letters + string.digits, k=length))

    def strange(self, name):
        """Keys and headers. `name`: an id that no other record may have."""
        return [
            ("key", [("dp-message-id", self.random_text(LONG_ID))]),
            ("k" * LONG_KEY, [("dp-message-id", f"{name}-1")]),
            (NO_TEXT, [("dp-message-id", f"{name}-2")]),
            ("key", [("dp-message-id", NO_TEXT)]),
            ("key", [("dp-message-id", None), ("dp-hop", None), ("dp-attempt", None), ("traceparent", None)]),
            ("key", [("dp-hop", NO_TEXT), ("dp-replay", "one"), ("dp-failures", NO_TEXT), ("dp-source", NO_TEXT)]),
            ("key", [("dp-hop", "-1"), ("dp-attempt", "99999999999999999999"), ("dp-not-before", "9" * 18)]),
            ("key", [(f"x{number}", NO_TEXT[:1]) for number in range(HEADERS)]),
            ("", []),
        ]

    def check_done_already(self, programs, guid):
        """Records of a claim that has succeeded, under new ids: settled, and nothing is done."""
        house = self.house
        calls = len(house.simulator.ledger())
        told = len(house.records("claim-events"))
        for topic in ("claims.submitted", "claims.686c"):
            house.produce(topic, 5, "somebody", {"dp-message-id": "once-more"}, self.value_of(topic, guid))
        for consumer in ("proc-setup", "form-686c"):
            until(lambda consumer=consumer: house.sql(
                f"select verdict, hop from inbox where consumer = '{consumer}' and message_id = 'once-more'") == [["DONE", "0"]],
                30, f"{consumer} settles what is done")
        self.wait_read("form-686c", "claims.686c")
        self.assertEqual(len(house.simulator.ledger()), calls, "BGS was asked")
        self.assertEqual(len(house.records("claim-events")), told, "events of what did not happen")
        self.assertEqual(house.sql("select reason from holds"), [])
        self.assertEqual(house.records("form-686c.retry-50ms") + house.records("proc-setup.retry-50ms"), [])
        self.assertTrue(all(program.runs() for program in programs.values()))
