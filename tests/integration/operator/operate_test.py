"""pipelinectl overview, waiting, consumers, breakers, groups, pause and resume: what they say is what the tables and the broker
say, and who is paused takes nothing and stays in its consumer group.

Usage: with-postgres operate_test.py PROGRAMS
"""

from stage import FOR_NOW, Stage, main


class OperateTest(Stage):
    settings = {"retry-tiers": "100ms,1h", "look-tier": "1h", "heartbeat-interval-ms": "200"}

    def do(self, *arguments, status=0):
        code, said, complaint = self.ctl(*arguments, "--yes", "--reason", "a rehearsal")
        self.assertEqual(code, status, said + complaint)
        return said

    def actions(self):
        return self.world.rows("select action, subject, reason from operator_actions order by id")

    def consumers(self):
        return {one["program"]: one for one in self.ask("consumers")}

    def await_heartbeat(self, program):
        """It has been told what stands in the database now."""
        now = self.value("select clock_timestamp ()")
        self.await_true(lambda: self.value(f"select min (heartbeat_at) > '{now}' from instances where program = '{program}' "
                                           "and ended_at is null") == "t", "a heartbeat")

    def test_what_waits(self):
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_NOW, 0)
        guids = [self.submit("03_686c_report_divorce") for _ in range(2)]
        for guid in guids:
            self.await_true(lambda guid=guid: self.children_of(guid), "the claim")
            self.await_waiting(self.children_of(guid)[0][0], "form-686c.retry-1h")
        row, = [row for row in self.ask("waiting") if row["topic"] == "dependents.form-686c.retry-1h"]
        dues = self.world.rows("select to_char (due_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') from tier_waits "
                               "where consumer = 'form-686c' order by due_at")
        self.assertEqual((row["count"], row["overdue"], row["next_due"], row["last_due"]),
                         (len(dues), 0, dues[0][0], dues[-1][0]))
        overview = self.ask("overview")
        self.assertEqual(overview["waiting"], len(dues))
        self.assertEqual({group["state"]: str(group["count"]) for group in overview["groups"]}, dict(self.world.rows(
            "select status, count (*) from saved_claim_groups where parent_claim_id = saved_claim_id group by status")))
        self.assertLessEqual({"proc-setup", "form-686c", "form-674", "claim-api"}, set(self.consumers()))
        self.assertIs(self.consumers()["proc-setup"]["is_paused"], False)
        # What is settled is committed a moment later.
        self.await_true(lambda: (self.consumers()["form-686c"]["lag"], self.consumers()["proc-setup"]["lag"])
                        == (len(dues), 0), "what waits alone to lie before them")
        self.assertEqual(self.consumers()["form-686c"]["lag_s"], 0)   # what is not due yet is no lag
        # What waits is not stuck.
        self.assertFalse({one["group"] for one in self.ask("groups", "stuck", "--older", "0")} & set(guids))

    def test_who_is_paused_takes_nothing_and_stays_a_member(self):
        assigned = self.world.log("form-686c").count("partitions assigned")
        code, _, complaint = self.ctl("pause", "form-686c", "--reason", "a rehearsal", answer="")
        self.assertEqual((code, self.value("select count (*) from consumer_pauses")), (2, "0"), complaint)
        self.assertEqual(self.ctl("pause", "form-686c", "--yes")[0], 2)
        self.do("pause", "somebody", status=3)
        self.do("pause", "form-686c")
        self.await_heartbeat("form-686c")
        guid = self.submit("03_686c_report_divorce")
        self.await_true(lambda: self.children_of(guid), "the claim")
        claim = self.children_of(guid)[0][0]
        self.await_true(lambda: self.value(f"select record_offset from record_places where scope = '{claim}'"), "its record")
        self.await_heartbeat("form-686c")   # it has had time to take it
        self.assertIsNone(self.value(f"select scope from runs where scope = '{claim}'"))
        self.assertEqual([one["is_paused"] for one in self.ask("consumers") if one["program"] == "form-686c"], [True])
        self.await_true(lambda: self.consumers()["form-686c"]["lag_s"] >= 1, "it to be late")
        self.assertEqual(self.ask("why", guid)["now"], f"21-686C {claim} waits: form-686c is paused")
        self.assertIn(guid, [one["group"] for one in self.ask("groups", "stuck", "--older", "0")])
        self.do("resume", "form-686c")
        self.await_state(guid, "success")
        self.assertEqual(self.world.log("form-686c").count("partitions assigned"), assigned)
        self.assertEqual([row for row in self.actions() if row[1] == "form-686c"],
                         [["pause", "form-686c", "a rehearsal"], ["resume", "form-686c", "a rehearsal"]])

    def test_a_breaker_that_a_person_opens(self):
        self.do("breakers", "open", "bgs")
        row, = [row for row in self.ask("breakers", "list") if row["downstream"] == "bgs"]
        self.assertEqual(row["state"], "open")
        overview = self.ask("overview")
        self.assertEqual(overview["breakers_open"], 1)
        self.assertTrue(overview["worst"].startswith(f"bgs is away for everyone since {row['opened_at']}"), overview["worst"])
        self.do("breakers", "close", "bgs")
        guid = self.submit("03_686c_report_divorce")
        self.await_state(guid, "success")
        self.assertEqual(self.ask("overview")["breakers_open"], 0)
        self.assertEqual([row[:2] for row in self.actions() if row[1] == "bgs"], [["open breaker", "bgs"], ["close breaker", "bgs"]])

    def test_the_schema_does_not_go_back_under_a_running_program(self):
        newest = self.value("select max (version) from schema_migrations")
        code, said, complaint = self.ctl("migrate", "--to", str(int(newest) - 1), "--drop-data")
        self.assertEqual((code, said), (1, ""))
        self.assertIn("claim-api, form-674, form-686c, proc-setup", complaint)
        self.assertEqual(self.value("select max (version) from schema_migrations"), newest)

    def test_words(self):
        code, _, complaint = self.ctl("quarantene", "list")
        self.assertEqual(code, 2)
        self.assertIn("do you mean quarantine?", complaint)
        self.assertNotIn("do you mean", self.ctl("xyzzy")[2])
        code, said, _ = self.ctl("help")
        names = [line.split()[0] for line in said.splitlines() if line.startswith("  ")]
        self.assertLessEqual({"why", "replay", "redrive", "pause"}, set(names))
        for name in names:
            code, said, complaint = self.ctl(name, "-h")
            self.assertEqual((code, complaint), (0, ""), name)
            self.assertLess(len(said.splitlines()), 12, name)
            code, long_text, _ = self.ctl("help", name)
            self.assertEqual(code, 0, name)
            self.assertIn(f"pipelinectl {name}", long_text.split("Examples:")[1], name)
            self.assertIn(f"\n.B {name}", self.ctl("man")[1])
            self.assertIn(name, self.ctl("completion")[1].split())


if __name__ == "__main__":
    main()
