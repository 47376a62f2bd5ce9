"""pipelinectl overview, waiting, consumers, breakers, groups, pause and resume: what they say is what the tables and the broker
say, and who is paused takes nothing and stays in its consumer group.

Usage: with-postgres operate_test.py PROGRAMS
"""

import datetime
import json
import re
import subprocess

from stage import FOR_NOW, Stage, main


class OperateTest(Stage):
    settings = {"retry-tiers": "100ms,1h", "look-tier": "1h", "heartbeat-interval-ms": "200",
                "unknown-settle-ms": "12000"}

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

    def test_what_waits_in_memory(self):
        """A call of unknown outcome is looked for when no request of it can act any more, long enough after for somebody to look."""
        self.bgs_does("vnpPtcpntPhoneCreate", "drop-before", 1)
        guid = self.submit("03_686c_report_divorce")
        self.await_true(lambda: self.consumers()["form-686c"]["snoozing"] == 1, "it to wait in memory")
        told = self.ask("why", guid)
        sent = re.search(r"^what has become of \S+ of 21-686C \d+, sent at (\S+), is not known$", told["now"])
        looks = re.search(r"^form-686c looks at (\S+), when no request of it can act any more$", told["next"])
        self.assertTrue(sent and looks, f"{told['now']}; {told['next']}")
        between = datetime.datetime.fromisoformat(looks[1]) - datetime.datetime.fromisoformat(sent[1])
        self.assertEqual(between.total_seconds(), 13)   # bgs-read-timeout-ms and unknown-settle-ms
        self.await_state(guid, "success")
        self.await_true(lambda: self.consumers()["form-686c"]["snoozing"] == 0, "nothing to wait in memory")

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

    def test_names_that_nobody_has(self):
        before = self.actions()
        for words, what in ((("pause", "form-686"), "consumer form-686; do you mean form-686c?"),
                            (("resume", "xyzzy"), "consumer xyzzy\n"),
                            (("breakers", "open", "bsg"), "downstream bsg; do you mean bgs?"),
                            (("breakers", "close", "xyzzy"), "downstream xyzzy\n")):
            code, _, complaint = self.ctl(*words, "--yes", "--reason", "a rehearsal")
            self.assertEqual(code, 3, complaint)
            self.assertIn("there is no " + what, complaint)
        self.assertEqual(self.actions(), before)

    def test_changes_as_json(self):
        for words, action, is_changed in ((("pause", "form-674"), "pause", True), (("pause", "form-674"), "pause", False),
                                          (("resume", "form-674"), "resume", True), (("breakers", "close", "bgs"), "close breaker", False)):
            code, said, complaint = self.ctl(*words, "--yes", "--json", "--reason", "a rehearsal")
            self.assertEqual(code, 0, complaint)
            self.assertEqual(json.loads(said), {"subject": words[-1], "action": action, "is_changed": is_changed})
        self.assertEqual(json.loads(self.ctl("release-packages", "--yes", "--json", "--reason", "a rehearsal")[1]), {"released": 0})

    def test_reasons_in_any_language(self):
        """Whatever locale somebody works in; but nothing that a terminal would take for a command."""
        reason = "größere Störung bei BGS, 大変 «déjà vu»"
        for locale in ("C", "C.UTF-8", "de_DE@euro", "nonsense"):
            code, said, complaint = self.ctl("pause", "form-674", "--yes", "--reason", reason, LC_ALL=locale, LANG=locale)
            self.assertEqual(code, 0, complaint)
            self.assertEqual(self.actions()[-1], ["pause", "form-674", reason])
        self.do("resume", "form-674")
        before = self.actions()
        for wrong in ("\x1b[2J", "a\x07", "\udcff", " ", "x" * 501):
            self.assertEqual(self.ctl("pause", "form-674", "--yes", "--reason", wrong)[0], 2, repr(wrong))
        self.assertEqual(self.actions(), before)

    def test_what_is_not_there_is_said(self):
        for words, said in ((("holds",), "Nobody waits for a person.\n"), (("groups", "stuck", "--older", "9999999"), "No group is stuck.\n"),
                            (("dead-letters", "list", "--cause", "nobody's"), "No record is a dead letter because of nobody's.\n"),
                            (("dead-letters", "group"), "No record is a dead letter.\n"),
                            (("quarantine", "list"), "No record is in quarantine.\n"),
                            (("quarantine", "group"), "No record is in quarantine.\n"),
                            (("replay", "status"), "No plan has been applied or offered.\n")):
            self.assertEqual(self.ctl(*words)[:2], (0, said), words)
            self.assertEqual(self.ask(*words), [], words)
        # Of what waits, and of breakers, other tests leave some behind.
        for words, said in ((("waiting",), "Nothing waits.\n"), (("breakers", "list"), "No downstream has been called yet.\n")):
            self.assertEqual(self.ctl(*words)[1] == said, self.ask(*words) == [], words)

    def test_the_schema_does_not_go_back_under_a_running_program(self):
        newest = self.value("select max (version) from schema_migrations")
        code, said, complaint = self.ctl("migrate", "--to", str(int(newest) - 1), "--drop-data")
        self.assertEqual((code, said), (1, ""))
        self.assertIn("claim-api, form-674, form-686c, proc-setup", complaint)
        self.assertEqual(self.value("select max (version) from schema_migrations"), newest)

    def test_schema_and_topics_as_json(self):
        newest = int(self.value("select max (version) from schema_migrations"))
        self.assertEqual(self.ask("migrate"), {"version": newest, "before": newest})
        checked = self.ask("topics", "check")
        self.assertEqual({name: checked[name] for name in ("is_fine", "wrong", "settings_looked_at", "former_tiers")},
                         {"is_fine": True, "wrong": None, "settings_looked_at": False, "former_tiers": []})
        self.assertIn(f"{checked['topics']} topics are there", self.ctl("topics", "check")[1])
        code, said, complaint = self.ctl("topics", "check", "--json", DEPENDENTS_TOPIC_PREFIX="nobodys.")
        self.assertEqual((code, json.loads(said)["is_fine"]), (1, False))
        self.assertIn("nobodys.claims.submitted", json.loads(said)["wrong"])
        self.assertIn("nobodys.claims.submitted", complaint)

    def test_what_cannot_be_printed(self):
        """A full disk, and a closed stream, whose number nothing else may get: what we print would go to the database. No success."""
        program = self.world.programs_folder / "pipelinectl"
        for words in (["overview"], ["waiting", "--json"], ["replay", "status"], ["man"], ["help"], ["overview", "--help"]):
            for redirection in (">/dev/full", ">&-", ">&- <&-"):
                done = subprocess.run(["bash", "-c", f'"$@" {redirection}', "bash", program, *words], stderr=subprocess.PIPE, text=True,
                                      env={**self.world.environment_of("pipelinectl", "reader"), "DEPENDENTS_LOG_LEVEL": "warning"})
                self.assertEqual((done.returncode, done.stderr), (1, "pipelinectl: not all that was to be printed could be written\n"),
                                 f"{words} {redirection}")

    def test_the_man_page_is_one(self):
        """groff has nothing to warn of, whatever it is asked to print on; and each example stands there as it is typed."""
        page = self.ctl("man")[1]
        for device in ("ascii", "utf8", "ps"):
            done = subprocess.run(["groff", "-ww", "-man", f"-T{device}", "-P-c" if device != "ps" else "-P-pa4"], input=page, text=True,
                                  capture_output=True, check=True)
            self.assertEqual(done.stderr, "", device)
            if device == "ascii":
                shown = re.sub(".\b", "", done.stdout)
        self.assertIn('pipelinectl submit claim.json --wait 60\n', shown)
        self.assertIn('--reason "BGS says it is back"\n', shown)

    def test_words(self):
        code, _, complaint = self.ctl("quarantene", "list")
        self.assertEqual(code, 2)
        self.assertIn("do you mean quarantine?", complaint)
        self.assertNotIn("do you mean", self.ctl("xyzzy")[2])
        # The second word too, whatever else is not set.
        for words, meant in ((("breakers", "lst"), "list"), (("replay", "aply"), "apply"), (("dead-letters", "groups"), "group")):
            code, _, complaint = self.ctl(*words)
            self.assertEqual(code, 2)
            self.assertIn(f"do you mean {meant}?", complaint)
        self.assertIn("give plan|apply|offer|status", self.ctl("replay", "xyzzy")[2])
        # Options too: its own, and the settings.
        for words, meant in ((("why", "x", "--revael=a reason"), "--reveal"), (("waiting", "--jsno"), "--json"),
                             (("replay", "plan", "x.plan", "--ony-failed"), None), (("overview", "--databse-url=x"), "--database-url")):
            code, _, complaint = self.ctl(*words)
            self.assertEqual(code, 2)
            self.assertIn("is no setting of this program", complaint)
            self.assertEqual(re.findall(r"do you mean (\S+)\?", complaint), [meant] if meant else [])
        self.assertRegex(self.ctl("--version")[1], r"\Apipelinectl [0-9]+\.[0-9]+\.[0-9]+\n\Z")
        self.assertIn("--older must be 0 at least", self.ctl("groups", "stuck", "--older", "-1")[2])
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
            self.assertIn(f"\n.B {name}\n".replace("-", r"\-"), self.ctl("man")[1])
            self.assertIn(name, self.ctl("completion")[1].split())


if __name__ == "__main__":
    main()
