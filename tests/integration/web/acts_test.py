"""What a person does on the page: two steps each, with a reason, a secret and the plan's digest; and who may not.

Usage: with-postgres acts_test.py PROGRAMS
"""

import json

from visitor import FOR_NOW, ActingStage, Document, Visitor, main

NASTY = "<script>alert('1')</script> & \"why\""


class ActsTest(ActingStage):
    settings = {"retry-tiers": "100ms,1h", "look-tier": "1h", "heartbeat-interval-ms": "200"}

    def actions(self, subject):
        return self.world.rows(f"select action, who, reason from operator_actions where subject like '%{subject}%' order by id")

    def paused(self):
        return self.value("select count (*) from consumer_pauses")

    # ---- each of them

    def test_pause_and_resume(self):
        page = self.anton.get("/consumers")
        self.assertEqual(self.form(page, "/act/pause")["consumer"], "proc-setup")
        planned = self.plan("pause", consumer="form-674")
        self.assertEqual((planned.status, self.paused()), (200, "0"))
        self.assertIn("form-674 takes nothing new", Document(planned.text).said())
        self.assertIn("form-674 is paused", self.apply("pause", planned).text)
        self.assertEqual(self.paused(), "1")
        # Clicked twice: the second finds it changed, and says how it stands.
        again = self.anton.post("/act/pause", {**self.form(planned, "/act/pause"), "reason": "a rehearsal"})
        self.assertEqual(again.status, 409)
        self.assertIn("form-674 is paused already", again.text)
        planned = self.plan("resume", consumer="form-674")
        self.apply("resume", planned)
        self.assertEqual(self.paused(), "0")
        self.assertEqual(self.actions("form-674"), [["pause", "anton@web", "a rehearsal"], ["resume", "anton@web", "a rehearsal"]])
        self.assertEqual(self.plan("pause", consumer="nobody").status, 404)

    def test_retry_now(self):
        guid = self.waiting_claim()
        claim = self.children_of(guid)[0][0]
        button = self.form(self.anton.get(f"/groups/{guid}"), "/act/retry")
        self.assertEqual((button["group"], button["claim"]), (guid, str(claim)))
        planned = self.anton.post("/act/retry", button)
        self.assertIn("sent on its way again", planned.text)
        self.assertEqual(self.state_of(guid), "accepted")
        self.apply("retry", planned)
        self.await_state(guid, "success")   # published by the others' relay
        self.assertEqual(self.actions(guid), [["retry now", "anton@web", "a rehearsal"]])
        self.assertEqual(self.anton.post("/act/retry", {**self.form(planned, "/act/retry"), "reason": "again"}).status, 409)
        self.assertIn("Nothing is done", self.anton.post("/act/retry", button).text)

    def test_redrive_one_and_a_cause(self):
        first, *others = [self.dead_claim() for _ in range(3)]
        end = self.value(f"select id from dead_ends where claim_group_guid = '{first}'")
        planned = self.anton.post("/act/redrive", self.form(self.anton.get(f"/dead-letters/{end}"), "/act/redrive"))
        self.assertIn("1 of 1 groups", planned.text)
        self.apply("redrive", planned)
        self.await_state(first, "success")
        cause = self.value(f"select error_class from dead_ends where claim_group_guid = '{others[0]}'")
        planned = self.anton.post("/act/redrive", self.form(self.anton.get(f"/dead-letters?cause={cause}"), "/act/redrive"))
        # One that may not is among them, by now.
        self.world.rows(f"update saved_claim_groups set replay = 3 where claim_group_guid = '{others[1]}' "
                        "and parent_claim_id = saved_claim_id")
        changed = self.apply("redrive", planned, status=409)
        self.assertIn("it has been replayed as often", changed.text)
        self.assertEqual(self.state_of(others[0]), "failure")
        self.apply("redrive", changed)
        self.await_state(others[0], "success")
        self.assertEqual(self.state_of(others[1]), "failure")
        self.assertEqual(self.value(f"select count (*) from operator_actions where claim_group_guid = '{others[0]}' "
                                    "and action = 'redrive' and who = 'anton@web'"), "1")
        self.assertIn("Nothing of that kind", self.plan("redrive", cause="no-such-cause").text)

    def test_resolve(self):
        held, benefit_claim = self.held_claim()
        claim = self.children_of(held)[0][0]
        page = self.anton.get(f"/groups/{held}")
        self.world.bgs("POST", "benefit-claims", {"bnftClaimId": benefit_claim, "statusTypeCd": "PEND"})
        planned = self.anton.post("/act/resolve", self.form(page, "/act/resolve"))
        self.assertIn("looked for and tried again", planned.text)
        self.assertIn(benefit_claim, planned.text)
        self.apply("resolve", planned, reason=NASTY)
        self.await_state(held, "success")
        self.assertEqual(self.value(f"select resolution from holds where claim_id = {claim}"), "again: " + NASTY)
        self.assertEqual(self.actions(f"{claim} --again"), [["resolve", "anton@web", NASTY]])
        self.assertIn("no person has to decide", self.plan("resolve", claim=claim, answer="again").text)
        # What a person writes is no markup, and is not shown: it may be personal.
        self.assertNotIn("alert(", self.anton.get(f"/groups/{held}").text)
        self.assertEqual(self.plan("resolve", claim=999999, answer="again").status, 404)

    def test_resolve_by_adoption(self):
        held, benefit_claim = self.held_claim()
        claim = self.children_of(held)[0][0]
        page = self.anton.get(f"/groups/{held}")
        self.assertIn(f"benefit claim {benefit_claim}, CLR", page.text)
        for wrong in ("", "x", "9" * 19, f"{benefit_claim} "):
            self.assertEqual(self.plan("resolve", claim=claim, answer="adopt", adopt=wrong).status, 404, wrong)
        unseen = self.plan("resolve", claim=claim, answer="adopt", adopt="699999999")
        self.assertIn("nothing written down about this claim names this benefit claim", unseen.text)
        self.assertIn("Nothing is done", unseen.text)
        self.assertFalse([form for form in Document(unseen.text).forms if form["action"] == "/act/resolve"])
        button = next(form["fields"] for form in Document(page.text).forms if form["fields"].get("answer") == "adopt")
        planned = self.anton.post("/act/resolve", button)
        self.assertIn("this benefit claim is the claim's own", Document(planned.text).said())
        # Another one in the same form is another plan.
        self.assertEqual(self.anton.post("/act/resolve", {**self.form(planned, "/act/resolve"), "adopt": "699999999",
                                                          "reason": "a rehearsal"}).status, 409)
        before = len(self.world.bgs("GET", "ledger"))
        self.apply("resolve", planned)
        self.await_state(held, "success")
        # It goes on behind the insert: none is sent, and nobody looks.
        called = [entry["operation"] for entry in self.world.bgs("GET", "ledger")[before:]]
        self.assertEqual(called, ["vnpBnftClaimUpdate", "vnpProcUpdate"])
        self.assertEqual(self.value(f"select bgs_claim_id from saved_claim_groups where saved_claim_id = {claim}"), benefit_claim)
        self.assertEqual(self.actions(f"{claim} --adopt"), [["resolve", "anton@web", "a rehearsal"]])

    # ---- a plan that was offered

    def offer(self, guids):
        """A plan's seal."""
        file = self.world.folder / f"plan-{guids[0]}"
        code, said, complaint = self.ctl("replay", "plan", file, *(word for guid in guids for word in ("--group", guid)))
        self.assertEqual(code, 0, said + complaint)
        self.assertEqual(self.ctl("replay", "offer", file, "--reason", "no")[0], 2)   # neither --yes nor a terminal
        told = [json.loads(self.ctl("replay", "offer", file, "--yes", "--json", "--reason", "the night shift")[1]) for _ in range(2)]
        self.assertEqual([one["is_new"] for one in told], [True, False])
        return told[0]["plan"], file

    def outcomes(self, plan):
        return self.world.rows(f"select claim_group_guid, outcome from replay_records where plan = '{plan}' order by n")

    def test_replay(self):
        guids = [self.waiting_claim() for _ in range(3)]
        plan, file = self.offer(guids)
        button = next(form["fields"] for form in Document(self.anton.get("/replays").text).forms if form["fields"].get("plan") == plan)
        planned = self.anton.post("/act/replay", button)
        self.assertIn("3 of 3 that are left are sent", Document(planned.text).said())
        self.assertEqual(self.outcomes(plan), [])
        # Meanwhile one has changed: nothing is done, and the new plan names it.
        self.world.rows(f"update step_journal set token = token + 1000000 where scope = '{guids[1]}' and step = 'create-proc'")
        changed = self.apply("replay", planned, status=409)
        self.assertIn("it has changed since it was planned", changed.text)
        self.assertIn("2 of 3 that are left are sent", Document(changed.text).said())
        self.assertEqual(self.outcomes(plan), [])
        self.assertIn("2 groups are on their way again; 1 were refused; 0 are left", self.apply("replay", changed).text)
        for guid in (guids[0], guids[2]):
            self.await_state(guid, "success")
        self.assertEqual(self.state_of(guids[1]), "accepted")
        self.assertEqual(sorted(self.outcomes(plan)), sorted([[guids[0], "sent"], [guids[1], "refused"], [guids[2], "sent"]]))
        self.assertEqual(self.value(f"select count (*) from operator_actions where claim_group_guid in ('{guids[0]}', '{guids[2]}') "
                                    "and action = 'replay apply' and who = 'anton@web'"), "2")
        # Its end is its end, also for the file.
        self.assertEqual(self.anton.post("/act/replay", {**self.form(changed, "/act/replay"), "reason": "again"}).status, 409)
        self.assertIn("All of this plan has been applied", self.anton.post("/act/replay", button).text)
        again = json.loads(self.ctl("replay", "apply", file, "--yes", "--json", "--reason", "again")[1])
        self.assertEqual((again["sent"], again["refused"], again["done_before"]), (0, 0, 3))
        status = next(one for one in self.ask("replay", "status") if one["plan"] == plan)
        self.assertEqual((status["to_send"], status["sent"], status["refused"]), (3, 2, 1))
        self.assertIsNotNone(status["ended_at"])
        self.assertFalse([form for form in Document(self.anton.get("/replays").text).forms if form["fields"].get("plan") == plan])
        self.assertEqual(self.plan("replay", plan="0" * 64).status, 404)

    def test_a_replay_from_several_windows(self):
        guids = [self.waiting_claim() for _ in range(4)]
        plan, _ = self.offer(guids)
        fields = {**self.form(self.plan("replay", plan=plan), "/act/replay"), "reason": "twice"}
        statuses = self.at_once("/act/replay", fields, 3)
        self.assertIn(200, statuses)
        self.assertLessEqual(set(statuses), {200, 409})
        for guid in guids:
            self.await_state(guid, "success")
        self.assertEqual({outcome for _, outcome in self.outcomes(plan)}, {"sent"})
        self.assertEqual(self.value("select count (*) from operator_actions where reason = 'twice' and action = 'replay apply'"), "4")
        self.assertEqual(self.value("select max (replay) from saved_claim_groups where claim_group_guid = any "
                                    f"('{{{','.join(guids)}}}'::uuid[])"), "1")

    def test_resolve_by_paper(self):
        held, _ = self.held_claim()
        claim = self.children_of(held)[0][0]
        self.apply("resolve", self.plan("resolve", claim=claim, answer="paper"))
        self.await_state(held, "failure")
        self.assertEqual(self.value(f"select error_class from dead_ends where claim_group_guid = '{held}'"), "resolved-paper")
        # A person's word is no attempt; those before are counted.
        one = next(one for one in self.ask("dead-letters", "list") if one["group"] == held)
        failed = self.world.rows("select a.updated_at from bgs_submission_attempts a join bgs_submissions s on s.id = a.bgs_submission_id "
                                 f"where s.saved_claim_id = {claim} and a.status = 'failure'")
        self.assertEqual((one["attempts"], one["first_failed_at"] is not None), (len(failed), len(failed) > 0))

    # ---- what is refused

    def test_a_reason_is_needed_and_shown_as_text(self):
        planned = self.plan("pause", consumer="form-674")
        for reason in ("", "   ", "x" * 501):
            refused = self.apply("pause", planned, reason, status=422)
            self.assertIn("say why in fewer characters" if len(reason) > 3 else "Nothing was done: say why.", refused.text)
        self.assertEqual(self.paused(), "0")
        stale = {**self.form(planned, "/act/pause"), "digest": "0" * 64, "reason": NASTY}
        answer = self.anton.post("/act/pause", stale)
        self.assertEqual(answer.status, 409)
        self.assertNotIn("<script", answer.text)
        self.assertIn("&lt;script&gt;", answer.text)
        self.assertEqual(self.paused(), "0")

    def test_who_may_not(self):
        rita, before = self.visitor(self.reading), self.actions("form-674")
        for path in ("/consumers", "/"):
            self.assertFalse([form for form in Document(rita.get(path).text).forms if (form["action"] or "").startswith("/act/")])
        self.assertEqual(self.plan("pause", rita, consumer="form-674").status, 403)
        fields = self.form(self.plan("pause", consumer="form-674"), "/act/pause")
        whole = {**fields, "reason": "a rehearsal"}
        stranger = Visitor(self.web_url, self.seen)
        over = stranger.post("/act/pause", whole)
        self.assertEqual((over.status, [form["action"] for form in Document(over.text).forms]), (401, ["/login"]))
        self.assertIn("nothing was done", over.text)
        self.assertEqual(stranger.post("/act/pause", whole, Authorization=f"Bearer {self.acting}").status, 401)
        self.assertEqual(stranger.post("/act/pause.json", whole, Authorization=f"Bearer {self.acting}").status, 403)
        self.assertEqual(rita.post("/act/pause", whole).status, 403)   # another's secret
        self.assertEqual(self.anton.post("/act/pause", {**whole, "csrf": ""}).status, 403)
        self.assertEqual(self.anton.post("/act/pause", {name: whole[name] for name in whole if name != "csrf"}).status, 403)
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"},
                        {"Sec_Fetch_Site": "same-site"}, {"Content_Type": "text/plain"}):
            self.assertEqual(self.anton.post("/act/pause", whole, **headers).status, 403, headers)
        self.assertEqual(self.anton.get("/act/pause?consumer=form-674").status, 405)
        self.assertEqual(self.anton.post("/act/nothing", whole).status, 404)
        self.assertEqual(self.paused(), "0")
        self.assertEqual(self.actions("form-674"), before)

    def test_two_at_once(self):
        """The same plan from two windows, in the same moment: it is done once."""
        guid = self.waiting_claim()
        planned = self.anton.post("/act/retry", self.form(self.anton.get(f"/groups/{guid}"), "/act/retry"))
        fields = {**self.form(planned, "/act/retry"), "reason": "twice"}
        self.assertEqual(self.at_once("/act/retry", fields, 4), [200, 409, 409, 409])
        self.assertEqual(len(self.actions(guid)), 1)
        self.await_state(guid, "success")

    def test_what_waits_for_its_set_up(self):
        self.bgs_refuses("vnpProcCreate", FOR_NOW, 2)
        guid = self.submit("03_686c_report_divorce")
        self.await_waiting(guid, "proc-setup.retry-1h")
        self.apply("retry", self.anton.post("/act/retry", self.form(self.anton.get(f"/groups/{guid}"), "/act/retry")))
        self.await_state(guid, "success")


if __name__ == "__main__":
    main()
