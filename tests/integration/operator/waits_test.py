"""What a record in a tier waits for stands with its claim, as the record itself says; and goes with it.

Usage: with-postgres waits_test.py PROGRAMS
"""

from stage import FOR_GOOD, FOR_NOW, Stage, main

ROW = """select consumer, topic, partition, message_id, hop, replay, attempt, is_look, error_class,
  (extract (epoch from due_at) * 1000)::bigint, waiting_since is null from waiting_in_tiers where scope = '%s'"""


class WaitsTest(Stage):
    def row_and_record(self, scope):
        """The row, and the record that lies where the claim's record is said to lie."""
        topic, partition, offset = self.world.rows(
            f"select topic, partition, record_offset from record_places where scope = '{scope}'")[0]
        plain = topic.removeprefix("dependents.")
        self.await_true(lambda: self.record_at(plain, partition, offset), f"the record in {topic}")
        return self.world.rows(ROW % scope)[0], self.record_at(plain, partition, offset)

    def check(self, scope, consumer, tier, attempt, is_look):
        self.await_waiting(scope, f"{consumer}.retry-{tier}")
        row, record = self.row_and_record(scope)
        self.assertEqual(row, [consumer, f"dependents.{consumer}.retry-{tier}", str(record.partition),
                               record.header("dp-message-id"), record.header("dp-hop"), record.header("dp-replay"),
                               str(attempt), is_look, record.header("dp-error-class"), record.header("dp-not-before"),
                               "f" if is_look == "t" else "t"])
        self.assertEqual(str(attempt), record.header("dp-attempt"))

    def test_a_claim_that_waits_for_its_retry(self):
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_NOW, 2)
        guid = self.submit("03_686c_report_divorce")
        self.await_true(lambda: self.children_of(guid), "the claim")
        self.check(self.children_of(guid)[0][0], "form-686c", "1h", 2, "f")

    def test_a_group_that_waits_for_its_set_up(self):
        self.bgs_refuses("vnpProcCreate", FOR_NOW, 2)
        guid = self.submit("03_686c_report_divorce")
        self.check(guid, "proc-setup", "1h", 2, "f")

    def test_an_insert_that_cannot_be_looked_for(self):
        self.bgs_does("insertBenefitClaim", "drop-after", 1)
        self.bgs_refuses("findBnftClaimDetailByPtcpntId", FOR_NOW, 0)
        guid = self.submit("03_686c_report_divorce")
        self.check(self.children_of(guid)[0][0], "form-686c", "1h", 0, "t")

    def test_what_has_come_through_waits_no_more(self):
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_NOW, 1)
        guid = self.submit("03_686c_report_divorce")
        self.await_state(guid, "success")
        self.assertEqual(self.value("select count (*) from bgs_submission_attempts a join bgs_submissions s "
                                    "on s.id = a.bgs_submission_id join saved_claim_groups g "
                                    f"on g.saved_claim_id = s.saved_claim_id where g.claim_group_guid = '{guid}'"), "2")
        self.assertIsNone(self.value(f"select scope from tier_waits where claim_group_guid = '{guid}'"))

    def test_what_dies_after_a_retry_waits_no_more(self):
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_NOW, 1)
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_GOOD, 1)
        guid = self.submit("03_686c_report_divorce")
        self.await_true(lambda: self.state_of(guid) not in ("pending", "accepted"), "the claim to die")
        self.assertEqual(self.value(f"select count (*) from tier_waits where claim_group_guid = '{guid}' "
                                    "and consumer = 'form-686c'"), "0")


if __name__ == "__main__":
    main()
