"""Records that bear another claim's message id or number, and one of a claim that is under way: none of them is the claim's."""

import unittest

import claims
from pipeline import records, until
from strange import PARTITIONS, Strange


class StrangeRecords(Strange):
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
        ((proc_id,),) = house.sql("select distinct proc_id from saved_claim_groups where proc_id is not null and "
                                  f"claim_group_guid = '{done}'")
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

    def hold_and_borrow_its_id(self):
        """A claim's record is in its first call when another's, whose claim is done, is settled under the same message id.
        Returns the program, and the claim's record as it came."""
        house = self.house
        consumers = [house.start(name, bgs_read_timeout_ms=120000) for name in ("proc-setup", "form-686c")]
        (done,) = self.submit((1,))
        house.wait_done(60)
        body = claims.claim("03", 2)
        body["user_data"]["veteran_information"]["icn"] = "h00002V000000"
        house.simulator.hold("vnpPersonCreate", "h00002V000000")
        (guid,) = house.submit([body])
        until(lambda: house.simulator.held("vnpPersonCreate", "h00002V000000"), 60, "in its call")
        (own,) = [(key, headers, value) for key, headers, value in house.raw_records("claims.686c")
                  if records.decode(value)[1]["claim_group_id"] == guid]
        for number in range(PARTITIONS):
            house.produce("claims.686c", number, f"c-{number}", own[1], self.value_of("claims.686c", done))
        until(lambda: house.sql("select verdict from inbox where consumer = 'form-686c' and "
                                f"message_id = '{own[1]['dp-message-id']}'") == [["DONE"]], 30, "another's record settled")
        return consumers[1], own

    def check_carried_through(self, own):
        """Once, and what comes again is seen."""
        house = self.house
        house.wait_done(60)
        self.wait_published()
        house.check_effects(self)
        self.assertEqual(house.sql("select reason from holds"), [])
        calls = len(house.simulator.ledger())
        key, headers, value = own
        for number in range(PARTITIONS):
            house.produce("claims.686c", number, key, headers, value)
        self.wait_read("form-686c", "claims.686c")
        self.assertEqual(len(house.simulator.ledger()), calls, "BGS was asked")
        house.check_effects(self)

    def test_its_id_is_taken_while_it_works(self):
        _, own = self.hold_and_borrow_its_id()
        self.house.simulator.let_go()
        self.check_carried_through(own)

    def test_its_id_is_taken_when_it_comes_again(self):
        program, own = self.hold_and_borrow_its_id()
        program.kill()
        self.house.simulator.let_go()
        self.house.start("form-686c")
        self.check_carried_through(own)

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
