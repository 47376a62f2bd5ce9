"""pipelinectl why, held against the simulator's ledger, the tables and the topics, for claims in every situation.

Usage: with-postgres why_test.py PROGRAMS
"""

import collections
import datetime
import json
import re

from stage import FOR_GOOD, FOR_NOW, Request, Stage, main, records
from steps import call_of
from world import http_call


def milliseconds(iso):
    return round(datetime.datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp() * 1000)


class WhyTest(Stage):
    def why(self, number, *options):
        return self.ask("why", number, *options)

    def lines(self, document, kind):
        return [line for line in document["timeline"] if line["kind"] == kind]

    def check_places(self, document):
        """Where each claim's record is said to lie, a record of that claim lies."""
        self.world.kafka.catch_up()
        places = 0
        for claim in document["claims"]:
            place = claim["record"]
            if not place:
                continue
            places += 1
            self.assertIs(place["is_there"], True)
            found = self.record_at(place["topic"].removeprefix("dependents."), place["partition"], place["offset"])
            self.assertEqual(records.decode(found.value)[1]["claim_id"], claim["claim_id"])
        return places

    def check_steps(self, document):
        """Every writing call that BGS has taken is a step of the timeline, as often as it came, and no other."""
        called = collections.Counter(request.operation for request in map(Request, self.world.bgs("GET", "ledger"))
                                     if request.is_write)
        told = collections.Counter(filter(None, (call_of(line["what"]) for line in self.lines(document, "step"))))
        self.assertEqual(told, called)
        return told

    def check_rows(self, document):
        guid = document["group"]
        self.assertEqual(document["state"], self.state_of(guid))
        self.assertEqual([(claim["claim_id"], claim["form_type"], claim["state"]) for claim in document["claims"]],
                         self.children_of(guid))
        steps = self.value("select count (*) from step_journal where scope = '%s' or scope in (select saved_claim_id::text "
                           "from saved_claim_groups where claim_group_guid = '%s')" % (guid, guid))
        self.assertEqual(str(len(self.lines(document, "step"))), steps)
        ats = [line["at"] for line in document["timeline"]]
        self.assertEqual(ats, sorted(ats))

    def test_succeeded(self):
        guid = self.submit("06_674_three_students")
        self.await_state(guid, "success")
        document = self.why(guid)
        self.check_rows(document)
        told = self.check_steps(document)
        self.assertEqual(told["insertBenefitClaim"], 3)
        at_bgs = {str(claim["bnftClaimId"]) for claim in self.world.bgs("GET", "state")["benefit_claims"]}
        self.assertEqual({claim["benefit_claim_id"] for claim in document["claims"]}, at_bgs)
        self.assertEqual(document["now"], "all is done: every claim is established")
        self.assertEqual(document["next"], "nothing")
        kinds = {line["what"] for line in self.lines(document, "e-mail")}
        self.assertLessEqual({"e-mail submitted requested", "e-mail received requested"}, kinds)
        self.world.rows("update claim_notifications set state = 'bounced', told = 'permanent-failure', state_at = clock_timestamp () "
                        f"where kind = 'received' and saved_claim_id = (select parent_claim_id from saved_claim_groups "
                        f"where claim_group_guid = '{guid}' limit 1)")
        mail = self.lines(self.why(guid), "e-mail")[-1]
        self.assertEqual((mail["what"], mail["detail"]), ("e-mail received: bounced", "permanent-failure"))
        # By whichever number somebody has at hand.
        claim = document["claims"][0]
        for number in (claim["claim_id"], document["proc_id"], claim["benefit_claim_id"]):
            self.assertEqual(self.why(number)["group"], guid)

    def test_waiting_in_a_tier(self):
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_NOW, 2)
        guid = self.submit("03_686c_report_divorce")
        self.await_true(lambda: self.children_of(guid), "the claim")
        scope = self.children_of(guid)[0][0]
        self.await_waiting(scope, "form-686c.retry-1h")
        document = self.why(scope)
        self.check_rows(document)
        self.check_steps(document)
        self.assertEqual(self.check_places(document), 1)
        place = document["claims"][0]["record"]
        record = self.record_at("form-686c.retry-1h", place["partition"], place["offset"])
        wait = document["claims"][0]["waits"]
        self.assertEqual(str(milliseconds(wait["due_at"])), record.header("dp-not-before"))
        self.assertEqual(wait["error_class"], record.header("dp-error-class"))
        self.assertEqual([line["what"] for line in self.lines(document, "attempt")],
                         ["attempt 1 at BGS: failure", "attempt 2 at BGS: failure"])
        self.assertIn("waits in dependents.form-686c.retry-1h: attempt 2 failed with " + wait["error_class"],
                      document["now"])
        self.assertEqual(document["next"], f"form-686c tries again at {wait['due_at']}")
        self.assertEqual([one["at"] for one in document["outlook"]], [wait["due_at"]])

    def test_held(self):
        self.bgs_does("insertBenefitClaim", "drop-after", 1)
        guid = self.submit("03_686c_report_divorce")
        self.await_true(lambda: self.children_of(guid), "the claim")
        claim = self.children_of(guid)[0][0]
        # It is looked for when no request can be under way any more, two seconds later; a clerk is faster.
        self.await_true(lambda: self.world.bgs("GET", "state")["benefit_claims"], "the insert")
        made = self.world.bgs("GET", "state")["benefit_claims"][0]
        self.world.bgs("POST", "benefit-claims", {"bnftClaimId": made["bnftClaimId"], "statusTypeCd": "CLR"})
        self.await_true(lambda: self.children_of(guid)[0][2] == "held", "the claim to be held")
        document = self.why(guid)
        self.check_rows(document)
        held = document["claims"][0]["held"]
        self.assertEqual(held["reason"], "the insert's benefit claim is not clear")
        self.assertEqual([one["benefit_claim_id"] for one in held["candidates"]], [str(made["bnftClaimId"])])
        self.assertIn("waits for a person since " + held["opened_at"], document["now"])
        self.assertIn(f"pipelinectl resolve {claim}", document["next"])

    def hold(self, guid, reason):
        self.world.rows(f"insert into holds (claim_group_id, claim_id, reason) select id, saved_claim_id, '{reason}' from "
                        f"saved_claim_groups where claim_group_guid = '{guid}' and parent_claim_id = saved_claim_id")

    def test_what_waits_for_a_person(self):
        """No package is spoken of where there is none, nor a set-up that is over."""
        guid = self.submit("03_686c_report_divorce")
        self.await_state(guid, "success")
        self.hold(guid, "error-email-unknown")
        self.assertRegex(self.why(guid)["now"], r"^the group waits for a person since \S+: error-email-unknown$")
        self.world.rows("update saved_claim_groups set status = 'failure' where parent_claim_id = saved_claim_id and "
                        f"claim_group_guid = '{guid}'")   # and backup has not begun
        self.assertRegex(self.why(guid)["now"], r"^the group waits for a person since ")
        self.world.rows("update saved_claim_groups set status = 'accepted' where parent_claim_id = saved_claim_id and "
                        f"claim_group_guid = '{guid}'")
        self.assertRegex(self.why(guid)["now"], r"^the group waits for a person since ")
        self.world.rows("update saved_claim_groups set proc_id = null where parent_claim_id = saved_claim_id and "
                        f"claim_group_guid = '{guid}'")
        self.assertRegex(self.why(guid)["now"], r"^the set-up waits for a person since ")
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_GOOD, 0)
        guid = self.submit("03_686c_report_divorce")
        self.await_state(guid, "processing")
        self.hold(guid, "package-late")
        self.assertRegex(self.why(guid)["now"], r"^the package waits for a person since \S+: package-late$")

    def test_dead_and_sent_by_paper(self):
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_GOOD, 0)
        guid = self.submit("03_686c_report_divorce")
        self.await_state(guid, "processing")
        document = self.why(guid)
        self.check_rows(document)
        self.check_steps(document)
        uploads = [upload["guid"] for upload in self.world.intake("GET", "state")["uploads"]]
        self.assertEqual(len(uploads), 1)
        self.assertIn(uploads[0], document["now"])
        self.assertRegex(document["next"], r"^the service is asked again at 20")
        self.assertEqual(self.why(uploads[0])["group"], guid)
        self.world.kafka.catch_up()
        dead, = [record for record in self.world.kafka.records if record.topic == "claims.dead-letter"
                 and records.decode(record.value)[1]["claim_group_id"] == guid]
        line, = self.lines(document, "dead-end")
        self.assertEqual(line["what"], "dead letter of form-686c, in dependents.claims.dead-letter/"
                                       f"{dead.partition}/{dead.offset}")
        self.assertTrue(line["detail"].endswith("from " + dead.header("dp-source")), line)
        self.assertIn(dead.header("dp-error-class"), line["detail"])
        self.assertIn("e-mail in_progress requested", [line["what"] for line in self.lines(document, "e-mail")])

    def package_of(self, guid):
        """As its submitter is told."""
        status, _, body = http_call("GET", f"{self.world.api_url}/dependents_benefits/v0/claims/{guid}/status", None,
                                    {"Authorization": f"Bearer {self.world.token}"})
        self.assertEqual(status, 200, body)
        return json.loads(body)["data"]["attributes"]["package"]

    def test_a_package_that_is_refused_at_its_upload(self):
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_GOOD, 0)
        self.world.intake("POST", "rules", {"operation": "create", "times": 1, "do": "answer", "status": 503, "body": "away"})
        guid = self.submit("03_686c_report_divorce")
        self.await_true(lambda: self.value(f"select g.status from lighthouse_submissions s join saved_claim_groups g on g.id = "
                                           f"s.claim_group_id where g.claim_group_guid = '{guid}'") == "failure", "its package to be begun")
        self.assertEqual(self.package_of(guid)["state"], "pending")
        self.await_state(guid, "processing")
        self.assertEqual(self.package_of(guid)["state"], "sent")
        self.world.intake("POST", "rules", {"operation": "create", "times": 0, "do": "answer", "status": 422, "body": "{}"})
        guid = self.submit("03_686c_report_divorce")
        self.await_state(guid, "failed")
        self.assertEqual(self.package_of(guid), {"uuid": None, "state": "error"})

    def test_quarantined(self):
        # Whoever cannot be put into a tier whole is quarantined, and its group ends as with a death.
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_NOW, 0)
        guid = self.submit("03_686c_report_divorce")
        self.await_true(lambda: self.children_of(guid), "the claim")
        scope = self.children_of(guid)[0][0]
        self.await_waiting(scope, "form-686c.retry-1h")
        self.world.kafka.catch_up()
        first = next(record for record in self.world.kafka.records if record.topic == "claims.686c"
                     and records.decode(record.value)[1]["claim_id"] == scope)
        self.world.kafka.produce("claims.686c", first.key, first.value, [("large", b"x" * 996000)], first.partition)
        self.await_state(guid, "processing")
        document = self.why(guid)
        self.check_rows(document)
        self.world.kafka.catch_up()
        there, = [record for record in self.world.kafka.records if record.topic == "quarantine"
                  and record.header("dp-source").startswith(f"dependents.claims.686c/{first.partition}/")]
        self.await_true(lambda: f"dependents.quarantine/{there.partition}/{there.offset}" in
                        " ".join(line["what"] for line in self.lines(self.why(guid), "dead-end")), "its place")
        told = sorted(line["what"].split(",")[0] for line in self.lines(self.why(guid), "dead-end"))
        self.assertEqual(told, ["dead letter of form-686c", "quarantined of form-686c"])

    def test_a_breaker_that_is_open(self):
        self.world.rows("update breakers set state = 'open', opened_at = clock_timestamp (), change_no = change_no + 1, "
                        "wait_ms = 15000, probe_at = clock_timestamp () + interval '15 seconds' where downstream = 'bgs'")
        guid = self.submit("03_686c_report_divorce")
        self.await_true(lambda: "bgs, which is away" in self.why(guid)["now"], "to be told of the breaker")
        document = self.why(guid)
        self.assertIn("one call asks whether it is back at 20", document["next"])
        self.await_state(guid, "success")
        self.assertEqual([line["what"] for line in self.lines(self.why(guid), "breaker")], ["breaker of bgs closed"])

    def test_a_breaker_is_its_affair_while_it_may_meet_it(self):
        guid = self.submit("03_686c_report_divorce")
        self.await_state(guid, "success")
        parent = self.value(f"select parent_claim_id from saved_claim_groups where claim_group_guid = '{guid}' limit 1")
        self.world.rows("update breakers set opened_at = clock_timestamp (), closed_at = clock_timestamp () where downstream = 'bgs'")
        self.world.rows("insert into breakers (downstream, state, opened_at, closed_at) values ('notify', 'closed', clock_timestamp (), "
                        "clock_timestamp ()), ('evidence', 'closed', clock_timestamp (), clock_timestamp ()) on conflict (downstream) "
                        "do update set opened_at = excluded.opened_at, closed_at = excluded.closed_at")
        self.addCleanup(self.world.rows, "delete from breakers where downstream in ('notify', 'evidence')")
        # BGS has nothing more to do with it; its e-mails wait.
        met = ["breaker of notify closed", "breaker of notify opened"]
        self.assertEqual(sorted(line["what"] for line in self.lines(self.why(guid), "breaker")), met)
        self.world.rows(f"update claim_notifications set state = 'delivered', state_at = (select submitted_at from saved_claim_groups "
                        f"where saved_claim_id = {parent}) where saved_claim_id = {parent}")
        self.assertEqual(self.lines(self.why(guid), "breaker"), [])

    def test_personal_data_on_request_alone(self):
        guid = self.submit("03_686c_report_divorce")
        self.await_state(guid, "success")
        self.why(guid)
        status, said, _ = self.ctl("why", guid, "--json", "--reveal", "the Veteran is on the phone")
        self.assertEqual(status, 0, said)
        revealed = json.loads(said)["revealed"]
        self.assertIn(self.veteran.street, json.dumps(revealed["claim"]))
        self.assertIn(self.veteran.ssn, json.dumps(revealed["user_data"]))
        self.assertEqual(self.world.rows("select action, reason from operator_actions where claim_group_guid = "
                                         f"'{guid}'"), [["why --reveal", "the Veteran is on the phone"]])
        status, said, complaint = self.ctl("why", guid, "--reveal", "  ")
        self.assertEqual(status, 2, said)
        self.assertIn("--reveal must say why", complaint)
        self.assertNotIn(self.veteran.ssn, said)
        # That somebody has looked is part of the history; what he wrote is not shown to everybody.
        line, = self.lines(self.why(guid), "operator")
        self.assertTrue(line["what"].startswith("why --reveal by "))
        self.assertNotIn("reason", line)

    def test_numbers_of_nobody(self):
        for number in ("999999999", "c0ffee00-0000-4000-8000-000000000000", "somebody"):
            self.assertEqual(self.ctl("why", number)[0], 3)
        self.assertEqual(self.ctl("why")[0], 2)

    def test_for_people(self):
        guid = self.submit("03_686c_report_divorce")
        self.await_state(guid, "success")
        status, said, _ = self.ctl("why", guid)
        self.assertEqual(status, 0, said)
        *_, now, following = said.strip().split("\n")
        self.assertEqual((now, following), ("Now:  all is done: every claim is established.", "Next: nothing."))
        for what, text in self.canaries:
            self.assertNotIn(text, said, what)
        self.assertTrue(re.search(r"insert-benefit-claim  — finished after \d+ ms, increment=", said), said)


if __name__ == "__main__":
    main()
