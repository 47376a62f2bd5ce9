"""Records that nobody of ours would write so: one claim three times under foreign keys, ids and keys that are no text, headers
without end, a claim that is done already, a value as large as the broker takes.

All are there before the consumers start, in each partition before the claims that follow them. Each is handled under an id of
ours, or in quarantine; offsets move, and the claims behind go on.
"""

import unittest

from pipeline import CONSUMERS
from strange import GOOD, PARTITIONS, Strange


class StrangeDoubles(Strange):
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


if __name__ == "__main__":
    unittest.main(verbosity=2)
