"""What the watch makes of a record of papers that waits for a person: it is not lost, and is not sent again.

Usage: with-postgres held_papers_test.py PROGRAMS
"""

from stage import Stage, main, records


class HeldPapersTest(Stage):
    settings = {**Stage.settings, "evidence": "yes", "watch-every": "1s"}

    def resends(self, guid):
        return self.value(f"select resends from record_places where scope = '{guid}/papers'")

    def test_held_is_not_lost(self):
        """The PUT of its package had no answer, and another package would be sent now: that waits for a person. Beside it one of
        which the watch is made to believe that its record is lost: that one it sends again."""
        self.world.evidence("POST", "refuse", {"operation": "upload", "code": "VEFSERR40302"})
        self.world.intake("POST", "rules", {"operation": "put", "do": "drop-before", "times": 1})
        held = self.submit("05_674_one_student")
        self.await_true(lambda: self.value(f"select step from step_journal where scope = '{held}/papers' and step = 'put-package/1-1'"),
                        "its PUT")
        self.world.rows("update claims_evidence_api_submissions set is_in_doubt = true")
        self.await_true(lambda: self.value("select of_papers from holds where resolved_at is null") == "t", "its hold")
        self.world.evidence("DELETE", "refuse")
        self.world.evidence("POST", "refuse", {"operation": "upload", "code": "VEFSERR41501"})
        lost = self.submit("05_674_one_student")
        self.await_waiting(lost + "/papers", "evidence.retry-1h")
        first = next(record for record in self.world.kafka.catch_up() or self.world.kafka.records if record.topic == "claims.evidence"
                     and records.decode(record.value)[1]["claim_group_id"] == lost)
        self.world.rows(f"update record_places set topic = 'dependents.claims.evidence', partition = {first.partition}, "
                        f"record_offset = {first.offset}, written_at = written_at - interval '1 minute' where scope = '{lost}/papers'")
        self.world.rows(f"update record_places set written_at = written_at - interval '1 minute' where scope = '{held}/papers'")
        self.await_true(lambda: self.resends(lost) == "1", "the lost one to be sent again")
        self.assertEqual(self.resends(held), "0")
        self.assertEqual(self.value("select count (*) from holds where resolved_at is null"), "1")


if __name__ == "__main__":
    main()
