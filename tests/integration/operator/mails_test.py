"""What `pipelinectl why` and `waiting` tell of e-mails that have not gone out, and until when they wait.

Usage: with-postgres mails_test.py PROGRAMS
"""

from stage import Stage, main


class MailsTest(Stage):
    """VA Notify does not take our key: its breaker opens at the first answer, and stays open for as long as a test takes."""
    settings = {**Stage.settings, "notify": "yes", "breaker-probe-ms": "50000", "breaker-probe-max-ms": "50000"}

    def kinds(self, guid, state):
        return sorted(kind for kind, in self.world.rows(
            f"select n.kind from claim_notifications n join saved_claim_groups g on g.saved_claim_id = n.saved_claim_id "
            f"where g.claim_group_guid = '{guid}' and n.state = '{state}'"))

    def sentences(self, guid):
        return {email["kind"]: (email["now"], email["next"]) for email in self.ask("why", guid)["emails"]}

    def test_emails_behind_an_open_breaker(self):
        told = self.submit("05_674_one_student")
        self.await_true(lambda: self.kinds(told, "delivered") == ["received", "submitted"], "its e-mails to be delivered")
        self.assertEqual((self.ask("why", told)["emails"], self.ask("waiting")), ([], []))
        self.world.notify("POST", "behaviour", {"revoked": True})
        guid = self.submit("05_674_one_student")
        self.await_true(lambda: self.value("select state from breakers where downstream = 'notify'") == "open", "the breaker to open")
        self.await_state(guid, "success")
        self.assertEqual(self.kinds(guid, "requested"), ["received", "submitted"])
        breaker, = [row for row in self.ask("breakers", "list") if row["downstream"] == "notify"]
        sentences = self.sentences(guid)
        self.assertEqual(list(sentences), ["submitted", "received"])
        for kind, (now, following) in sentences.items():
            self.assertRegex(now, rf"^e-mail {kind} waits for notify, which is away for everyone since {breaker['opened_at'][:-1]}")
            self.assertRegex(following, rf"^one call asks whether it is back at {breaker['next_probe'][:-1]}")
        document = self.ask("why", guid)
        self.assertEqual((document["now"], document["next"]), ("all is done: every claim is established", "nothing"))
        self.assertEqual([line.split(";")[0] for line in self.ctl("why", guid)[1].splitlines() if line.startswith("Mail: ")],
                         ["Mail: " + now for now, _ in sentences.values()])
        self.assertEqual(self.ask("waiting"), [{"consumer": "notify", "topic": None, "downstream": "notify", "count": 2, "overdue": 0,
                                                "next_due": breaker["next_probe"], "last_due": breaker["next_probe"]}])
        self.assertEqual(self.ask("overview")["waiting"], 2)
        self.assertIn("2", self.ctl("waiting")[1].splitlines()[1].split())
        # Who is paused takes none, whether or not anybody is away.
        self.assertEqual(self.ctl("pause", "notify", "--yes", "--reason", "a rehearsal")[0], 0)
        self.assertEqual(self.sentences(guid)["received"][0], "e-mail received waits: notify is paused")


if __name__ == "__main__":
    main()
