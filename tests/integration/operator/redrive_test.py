"""pipelinectl dead-letters, quarantine and redrive: what has failed for good is listed, counted, and sent on its way again.

Backup does not run: it is what an operator holds back before he redrives.

Usage: with-postgres redrive_test.py PROGRAMS
"""

import collections
import json

from stage import FOR_GOOD, FOR_NOW, Request, Stage, main, records


class RedriveTest(Stage):
    settings = {"retry-tiers": "100ms,1h", "look-tier": "1h"}

    def dead(self, count=1, text=FOR_GOOD, sample="03_686c_report_divorce", operation="vnpPtcpntPhoneCreate"):
        """Claim groups that have failed for good: [guid]."""
        self.bgs_refuses(operation, text, 0)
        guids = [self.submit(sample) for _ in range(count)]
        for guid in guids:
            self.await_state(guid, "failure")
        self.world.bgs("DELETE", "rules")
        return guids

    def ends_of(self, guid, topic="claims.dead-letter"):
        return [int(row[0]) for row in self.world.rows(
            f"select id from dead_ends where claim_group_guid = '{guid}' and topic = 'dependents.{topic}' order by id")]

    def redrive(self, *arguments, status=0):
        code, said, complaint = self.ctl("redrive", *arguments, "--json", "--reason", "BGS is mended")
        self.assertEqual(code, status, said + complaint)
        return json.loads(said) if said else complaint

    def test_listed_counted_and_shown(self):
        guid, = self.dead()
        end, = self.ends_of(guid)
        one = next(one for one in self.ask("dead-letters", "list") if one["group"] == guid)
        self.world.kafka.catch_up()
        dead, = [record for record in self.world.kafka.records if record.topic == "claims.dead-letter"
                 and records.decode(record.value)[1]["claim_group_id"] == guid]
        self.await_true(lambda: self.ask("dead-letters", "show", end)["offset"] is not None, "its place")
        shown = self.ask("dead-letters", "show", end)
        self.assertEqual((shown["topic"], shown["partition"], shown["offset"], shown["source"], shown["cause"]),
                         ("dependents.claims.dead-letter", dead.partition, dead.offset, dead.header("dp-source"),
                          dead.header("dp-error-class")))
        self.assertEqual(shown["headers"]["dp-steps"], dead.header("dp-steps"))
        # It was refused at its first attempt, and that one counts.
        self.assertEqual((shown["attempts"], shown["first_failed_at"]), (1, dead.header("dp-first-failed-at")))
        self.assertEqual(dead.header("dp-attempt"), "1")
        self.assertEqual((one["id"], one["group_state"], one["redriven_at"]), (end, "failure", None))
        counted = next(row for row in self.ask("dead-letters", "group") if row["cause"] == one["cause"])
        self.assertEqual(str(counted["count"]), self.value(
            f"select count (*) from dead_ends where error_class = '{one['cause']}' and redriven_at is null "
            "and topic like '%dead-letter'"))
        self.assertEqual(self.ctl("dead-letters", "show", "999999")[0], 3)
        self.assertEqual(self.ctl("quarantine", "show", end)[0], 3)   # it is none of those
        self.assertEqual(self.ctl("dead-letters", "bury")[0], 2)

    def test_what_has_failed_before(self):
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_NOW, 1)
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_GOOD, 1)
        guid = self.submit("03_686c_report_divorce")
        self.await_state(guid, "failure")
        one = next(one for one in self.ask("dead-letters", "list") if one["group"] == guid)
        self.await_true(lambda: self.ask("dead-letters", "show", one["id"])["offset"] is not None, "its place")
        headers = self.ask("dead-letters", "show", one["id"])["headers"]
        self.assertEqual((one["attempts"], one["first_failed_at"]), (2, headers["dp-first-failed-at"]))

    def test_of_one_cause(self):
        guids = self.dead(3, text="the street has invalid character(s)")   # no other test's
        before = self.world.bgs("GET", "ledger")
        cause = self.value(f"select error_class from dead_ends where claim_group_guid = '{guids[0]}'")
        # Not by one word, and not without a reason.
        code, said, complaint = self.ctl("redrive", "--cause", cause, "--reason", "BGS is mended", answer="")
        self.assertEqual((code, said), (2, ""))
        self.assertIn("--yes", complaint)
        self.assertEqual(self.ctl("redrive", "--cause", cause, "--yes")[0], 2)
        self.assertEqual([self.state_of(guid) for guid in guids], ["failure"] * 3)
        done = [one for one in self.redrive("--cause", cause, "--yes") if one["group"] in guids]
        self.assertEqual([(one["what"], one["done"]) for one in done], [("begin again", True)] * 3)
        for guid in guids:
            self.await_state(guid, "success")
            self.assertEqual(self.value(f"select replay from saved_claim_groups where claim_group_guid = '{guid}' "
                                        "and parent_claim_id = saved_claim_id"), "1")
            self.assertEqual(self.world.rows("select action, reason from operator_actions where claim_group_guid = "
                                             f"'{guid}'"), [["redrive", "BGS is mended"]])
        # What had been finished before was not called again; what had failed was.
        called = collections.Counter(entry["operation"] for entry in self.world.bgs("GET", "ledger")[len(before):])
        self.assertEqual((called["vnpPtcpntPhoneCreate"], called["insertBenefitClaim"]), (3, 3))
        for finished in ("vnpProcCreate", "vnpProcFormCreate", "vnpPtcpntAddrsCreate"):
            self.assertEqual(called[finished], 0, finished)
        self.assertEqual(self.ctl("redrive", "--cause", cause, "--yes", "--reason", "again")[0], 3)

    def test_a_strangers_lock(self):
        """The one is told of, and the others go."""
        guids = self.dead(3, text="the city has invalid character(s)")   # no other test's
        cause = self.value(f"select error_class from dead_ends where claim_group_guid = '{guids[0]}'")
        with self.locked(guids[0]):
            told = {one["group"]: one for one in self.redrive("--cause", cause, "--yes", status=1)}
        self.assertEqual([told[guid]["done"] for guid in guids], [False, True, True], told)
        self.assertEqual(told[guids[0]]["why"], "somebody has a lock on it: redrive it once more")
        self.assertTrue({one["group"]: one for one in self.redrive("--cause", cause, "--yes")}[guids[0]]["done"])
        for guid in guids:
            self.await_state(guid, "success")

    def test_who_is_refused_and_why(self):
        known, begun, often, fine = self.dead(4)
        claim = self.children_of(known)[0][0]
        self.world.rows(f"insert into step_journal (scope, step, ordinal, token, state) values ('{claim}', "
                        "'insert-benefit-claim', 1, nextval ('tokens'), 'started')")
        for guid, change in ((begun, "backup_begun_at = clock_timestamp ()"), (often, "replay = 3")):
            self.world.rows(f"update saved_claim_groups set {change} where claim_group_guid = '{guid}' "
                            "and parent_claim_id = saved_claim_id")
        ends = [self.ends_of(guid)[0] for guid in (known, begun, often, fine)]
        said = {one["group"]: one for one in self.redrive(*ends, "--yes", status=1)}
        self.assertEqual({guid: (one["done"], one["why"]) for guid, one in said.items()}, {
            known: (False, "nobody knows of one of its inserts: it may be established"),
            begun: (False, "its backup has begun: it goes by paper"),
            often: (False, "it has been replayed as often as replays-max allows"),
            fine: (True, "the group had failed")})
        self.await_state(fine, "success")
        self.assertEqual([self.state_of(guid) for guid in (known, begun, often)], ["failure"] * 3)
        # Whoever reads is told each once, and nothing of how the tool starts.
        code, said, complaint = self.ctl("redrive", *ends[:3], "--yes", "--reason", "once more")
        self.assertEqual((code, said), (1, "0 of 3 sent on their way again\n"))
        self.assertEqual(sorted(line.split()[1] for line in complaint.splitlines()), sorted((known, begun, often)), complaint)

    def test_what_was_named_and_is_nothing(self):
        """Of each id that somebody names it is told what becomes of it."""
        before, fine = self.dead(2)
        done, to_do = self.ends_of(before)[0], self.ends_of(fine)[0]
        self.redrive(done, "--yes")
        self.await_state(before, "success")
        said = {one["id"]: one for one in self.redrive(done, to_do, 999999, "--yes", status=1)}
        self.assertEqual({id_: (one["done"], one["why"]) for id_, one in said.items()}, {
            done: (False, "it was redriven before"), to_do: (True, "the group had failed"), 999999: (False, "there is no such record")})
        self.await_state(fine, "success")
        code, _, complaint = self.ctl("redrive", done, "--yes", "--reason", "once more")
        self.assertEqual(code, 3)
        self.assertRegex(complaint, rf"(?m)^{done} +nothing: it was redriven before$")

    def test_quarantined(self):
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_NOW, 0)
        guid = self.submit("03_686c_report_divorce")
        self.await_true(lambda: self.children_of(guid), "the claim")
        scope = self.children_of(guid)[0][0]
        self.await_waiting(scope, "form-686c.retry-1h")
        self.world.kafka.catch_up()
        first = next(record for record in self.world.kafka.records if record.topic == "claims.686c"
                     and records.decode(record.value)[1]["claim_id"] == scope)
        self.world.kafka.produce("claims.686c", first.key, first.value, [("large", b"x" * 996000)], first.partition)
        self.await_state(guid, "failure")
        self.world.bgs("DELETE", "rules")
        end, = self.ends_of(guid, "quarantine")
        self.assertIn(end, [one["id"] for one in self.ask("quarantine", "list")])
        one, = self.redrive(end, "--yes")
        self.assertEqual((one["group"], one["done"]), (guid, True))
        self.await_state(guid, "success")

    def test_what_nobody_can_read(self):
        self.world.kafka.produce("claims.686c", b"somebody", b"not a record of ours")
        self.await_true(lambda: self.value("select id from dead_ends where claim_group_guid is null"), "quarantine")
        end = int(self.value("select id from dead_ends where claim_group_guid is null"))
        self.canaries = [("its bytes", "not a record of ours")]
        self.await_true(lambda: self.ask("quarantine", "show", end)["offset"] is not None, "its place")
        one, = self.redrive(end, "--yes", status=1)
        self.assertEqual((one["done"], one["why"]), (False, "it could not be decoded: nobody knows whose it is"))

    def close(self, *arguments, status=0, answer=None):
        code, said, complaint = self.ctl("quarantine", "close", *arguments, answer=answer)
        self.assertEqual(code, status, said + complaint)
        self.assertNotIn("what nobody can read", said + complaint)
        return said, complaint

    def test_what_nobody_can_read_is_closed(self):
        before = self.ask("overview")["quarantined"]
        was = set(int(row[0]) for row in self.world.rows("select id from dead_ends"))
        for _ in range(3):
            self.world.kafka.produce("claims.686c", b"somebody", b"what nobody can read")
        self.await_true(lambda: self.ask("overview")["quarantined"] == before + 3, "quarantine")
        first, second, third = sorted(one["id"] for one in self.ask("quarantine", "list") if one["id"] not in was)
        reason = ("--reason", "a probe of the monitoring")
        # Its plan first; not by one word, and not without a reason.
        said, complaint = self.close(first, *reason, status=2, answer="")
        self.assertRegex(complaint, rf"(?m)^{first} .* form-686c .* of no group$")
        self.assertIn("--yes", complaint)
        self.close(first, "--yes", status=2)
        self.close(first, "--yes", "--reason", " ", status=2)
        self.close(first, 999999, "--yes", *reason, status=3)   # all of them, or none
        self.close("--yes", *reason, status=2)
        self.assertEqual(self.ask("overview")["quarantined"], before + 3)
        self.assertEqual(self.close(first, "--yes", *reason)[0], f"{first}: closed\n")
        self.assertEqual(json.loads(self.close(second, third, second, "--yes", "--json", *reason)[0]),   # once each
                         [{"id": second, "done": True}, {"id": third, "done": True}])
        self.assertEqual(self.ask("overview")["quarantined"], before)
        self.assertFalse({first, second, third} & {one["id"] for one in self.ask("quarantine", "list")})
        one = next(one for one in self.ask("quarantine", "list", "--all") if one["id"] == first)
        self.assertEqual((one["redriven_at"], one["closed_at"] is not None), (None, True))
        self.assertIn(f" closed", next(line for line in self.ctl("quarantine", "list", "--all")[1].splitlines() if line.startswith(f"{first} ")))
        self.assertEqual(self.world.rows("select action, subject, reason, detail ->> 'source' from operator_actions where action = "
                                         "'quarantine close' order by id")[0],
                         ["quarantine close", f"quarantine {first}", reason[1], one["source"]])
        self.assertIn("closed already", self.close(first, "--yes", *reason, status=1)[1])
        self.redrive(first, "--yes", status=3)

    def test_what_its_claim_may_still_need_is_not_closed(self):
        guid, = self.dead()
        end, = self.ends_of(guid)
        self.close(end, "--yes", "--reason", "a dead letter is none of quarantine", status=3)
        self.assertEqual(self.ctl("dead-letters", "close", end, "--yes")[0], 2)
        self.world.rows(f"update dead_ends set topic = 'dependents.quarantine' where id = {end}")
        self.assertIn("its claim may still go on", self.close(end, "--yes", "--reason", "too early", status=1)[1])
        self.redrive(end, "--yes")
        self.await_state(guid, "success")
        self.assertIn("it was redriven", self.close(end, "--yes", "--reason", "too late", status=1)[1])

    def test_a_bounded_rate(self):
        guids = self.dead(6)
        self.redrive(*[self.ends_of(guid)[0] for guid in guids], "--yes", "--rate", "5")
        lasted = float(self.value("select extract (epoch from max (at) - min (at)) from operator_actions "
                                  f"where claim_group_guid = any ('{{{','.join(guids)}}}'::uuid[])"))
        self.assertGreaterEqual(lasted, 0.8)   # six begin, at most five a second; each is written down a moment after its begin
        for guid in guids:
            self.await_state(guid, "success")

    def test_a_group_of_three_of_which_one_had_died(self):
        self.bgs_does("insertBenefitClaim", "answer", 0, status=500, skip=1,
                      body=self.fault("insertBenefitClaim: Invalid zipcode."))
        guid = self.submit("06_674_three_students")
        self.await_state(guid, "failure")
        self.await_true(lambda: "pending" not in [state for _, _, state in self.children_of(guid)], "all to end")
        self.world.bgs("DELETE", "rules")
        made = len(self.world.bgs("GET", "state")["benefit_claims"])
        self.redrive(self.ends_of(guid)[0], "--yes")
        self.await_state(guid, "success")
        inserts = [request for request in map(Request, self.world.bgs("GET", "ledger"))
                   if request.operation == "insertBenefitClaim" and request.entry["status"] == 200]
        self.assertEqual((made, len(inserts), len(self.world.bgs("GET", "state")["benefit_claims"])), (1, 3, 3))


if __name__ == "__main__":
    main()
