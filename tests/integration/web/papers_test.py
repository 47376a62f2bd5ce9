"""A plan of a group's papers, which an operator has offered, applied on the page.

Usage: with-postgres papers_test.py PROGRAMS
"""

from visitor import ActingStage, Document, main   # noqa: I001, it knows where the stage is

from papers_on_stage import PapersOnStage


class PapersTest(PapersOnStage, ActingStage):
    def offered(self, guid):
        """The button of its plan on the page."""
        file = self.world.folder / f"plan-{guid}"
        for words in (("plan", file, "--group", guid, "--topic", "claims.evidence"), ("offer", file, "--yes", "--reason", "the night shift")):
            code, said, complaint = self.ctl("replay", *words)
            self.assertEqual(code, 0, said + complaint)
        return next(form["fields"] for form in Document(self.anton.get("/replays").text).forms if form["action"] == "/act/replay")

    def calls(self):
        return [entry["operation"] for entry in self.world.intake("GET", "ledger") if entry["operation"] != "report"]

    def test_applied(self):
        guid = self.refused_by_both()
        button = self.offered(guid)
        planned = self.anton.post("/act/replay", button)
        self.assertIn("1 of 1 that are left are sent", Document(planned.text).said())
        for what in (self.world.intake, self.world.evidence):
            what("DELETE", "ledger")
        self.assertIn("1 groups are on their way again; 0 were refused; 0 are left", self.apply("replay", planned).text)
        self.await_papers(guid, "by-intake")
        self.assertEqual(self.calls(), ["create", "put"])
        self.assertEqual(self.world.evidence("GET", "ledger"), [])
        self.assertEqual(self.state_of(guid), "success")
        self.assertEqual(self.value(f"select replay from saved_claim_groups where claim_group_guid = '{guid}' limit 1"), "0")
        self.assertIn("All of this plan has been applied", self.anton.post("/act/replay", button).text)

    def test_changed_meanwhile(self):
        """Its package has been made by itself: nothing is sent again."""
        guid = self.refused_by_both()
        planned = self.anton.post("/act/replay", self.offered(guid))
        code, said, complaint = self.ctl("redrive", self.value(f"select max (id) from dead_ends where scope = '{guid}/papers'"), "--yes",
                                         "--reason", "it was quicker")
        self.assertEqual(code, 0, said + complaint)
        self.await_papers(guid, "by-intake")
        self.world.intake("DELETE", "ledger")
        changed = self.apply("replay", planned, status=409)
        self.assertIn("0 of 1 that are left are sent", Document(changed.text).said())
        self.assertEqual(self.calls(), [])


if __name__ == "__main__":
    main()
