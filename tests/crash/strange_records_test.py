"""Records that nobody of ours would write so: one claim three times under foreign keys, ids and keys that are no text, headers
without end, a claim that is done already, a value as large as the broker takes.

All are there before the consumers start, in each partition before the claims that follow them. Each is handled under an id of
ours, or in quarantine; offsets move, and the claims behind go on.
"""

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


class StrangeRecords(PipelineTest):
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

    def test_strange_records(self):
        house = self.house
        (once, thrice) = self.submit((1, 2))
        self.wait_published()
        # One claim under three more ids and keys, where proc-setup finds all of them at once.
        for number in range(3):
            house.produce("claims.submitted", number, f"dup-{number}", {"dp-message-id": f"dup-{number}"},
                          self.value_of("claims.submitted", thrice))
        # A value that decodes, of a claim that is there; and one that does not.
        known, unknown = self.value_of("claims.submitted", once), b"\x00no claim"
        count = 0
        for name, value in (("known", known), ("unknown", unknown)):
            for key, headers in self.strange(name):
                house.produce("claims.submitted", count % PARTITIONS, key, headers, value)
                count += 1
        undecodable = count // 2
        behind = self.submit(range(3, 3 + GOOD))
        self.wait_published()

        programs = {name: house.start(name) for name in CONSUMERS}
        house.wait_done(90)
        self.wait_read("proc-setup", "claims.submitted")
        house.check_effects(self, quarantined=undecodable)
        self.assertEqual(house.states(), {"success": str(2 + len(behind))})
        # One record a child, whatever came how often; so one proc a claim.
        self.assertEqual(len({headers["dp-message-id"] for _, headers, _ in house.records("claims.686c")}), 2 + len(behind))
        self.assertEqual(len(house.simulator.state()["procs"]), 2 + len(behind))
        ids = [message for (message,) in house.sql("select message_id from inbox")]
        self.assertLessEqual(max(map(len, ids)), 128, "an id that fits no index")
        for name in ("dup-0", "dup-1", "dup-2"):
            self.assertEqual(house.sql("select verdict from inbox where consumer = 'proc-setup' and "
                                       f"message_id = '{name}'"), [["DONE"]])
        for _, headers, value in house.raw_records("quarantine"):
            self.assertEqual(value, unknown)
            self.assertEqual(headers["dp-error-class"], "event")

        self.check_done_already(programs, once)

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

    def test_another_claims_name_or_number(self):
        """Before a claim's own record is read: bytes that bear its message id, and a record of a finished group that names
        its child. Neither is the claim's, and it is carried through."""
        house = self.house
        consumers = [house.start(name) for name in ("proc-setup", "form-686c")]
        (done,) = self.submit((1,))
        house.wait_done(60)
        self.assertEqual(consumers[1].end(), 0)
        (guid,) = self.submit((2,))
        (headers,) = until(lambda: [headers for _, headers, value in house.raw_records("claims.686c")
                                    if records.decode(value)[1]["claim_group_id"] == guid], 30, "its child's record")
        self.wait_published()
        ((child,),) = house.sql("select saved_claim_id from saved_claim_groups where status = 'pending' and saved_claim_id <> "
                                "parent_claim_id")
        ((proc_id,),) = house.sql(f"select distinct proc_id from saved_claim_groups where claim_group_guid = '{done}'")
        strange = records.encode("child-claim-ready", {"claim_group_id": done, "claim_id": int(child), "proc_id": proc_id})
        for number in range(PARTITIONS):
            house.produce("claims.686c", number, f"a-{number}", {"dp-message-id": headers["dp-message-id"]}, b"no value of ours")
            house.produce("claims.686c", number, f"b-{number}", {"dp-message-id": f"strange-{number}"}, strange)
        house.start("form-686c")
        house.wait_done(90)
        self.wait_read("form-686c", "claims.686c")
        self.wait_published()
        house.check_effects(self, quarantined=2 * PARTITIONS)
        self.assertEqual(house.sql("select reason from holds"), [])

    def test_group_set_up_and_not_done(self):
        """A record of a group that has its proc and whose child is under way."""
        house = self.house
        (guid,) = self.submit((1,))
        house.start("proc-setup")
        until(lambda: house.records("claims.686c"), 30, "set up")
        calls = len(house.simulator.ledger())
        house.produce("claims.submitted", 5, "somebody", {"dp-message-id": "once-more"}, self.value_of("claims.submitted", guid))
        until(lambda: house.sql("select verdict, hop from inbox where message_id = 'once-more'") == [["DONE", "0"]], 30, "settled")
        self.assertEqual(len(house.simulator.ledger()), calls, "BGS was asked")
        self.wait_published()
        self.assertEqual(len(house.records("claims.686c")), 1)
        house.start("form-686c")
        house.wait_done(60)
        house.check_effects(self)


if __name__ == "__main__":
    unittest.main(verbosity=2)
