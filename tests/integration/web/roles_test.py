"""pipelinectl web by the database's roles: what only looks is shown by the reader's, and each act is refused there with a word that says
why. By the operator's role it is that all tests beside see it (visitor.py).

Usage: with-postgres roles_test.py PROGRAMS
"""

import json

from visitor import Document, Visitor, WebStage, main
from web_test import PAGES


class RolesTest(WebStage):
    settings = {"retry-tiers": "100ms,1h", "look-tier": "1h"}

    def changes(self):
        return self.world.rows("select (select count (*) from operator_actions), (select count (*) from consumer_pauses), "
                               "(select count (*) from replay_records), (select count (*) from outbox), "
                               "(select sum (replay) from saved_claim_groups), (select count (*) from holds where resolved_at is null)")

    def offer(self, guid):
        file = self.world.folder / "plan"
        self.assertEqual(self.ctl("replay", "plan", file, "--group", guid)[0], 0)
        return json.loads(self.ctl("replay", "offer", file, "--yes", "--json", "--reason", "the night shift")[1])["plan"]

    def test_by_the_readers_role(self):
        waiting, dead, (held, benefit_claim) = self.waiting_claim(), self.dead_claim(), self.held_claim()
        claim = self.children_of(held)[0][0]
        plan = self.offer(waiting)
        end = self.value(f"select id from dead_ends where claim_group_guid = '{dead}'")
        url = self.start_web("reader", part="reader")
        anton = self.visitor(self.acting, url)
        for path in (*PAGES, f"/groups/{waiting}", f"/groups/{held}", f"/groups/{dead}?broker=yes", f"/dead-letters/{end}",
                     "/consumers?broker=yes", "/groups?state=failure", "/groups?reason=bgs-fault", f"/groups?q={claim}"):
            self.assertIn(anton.get(path).status, (200, 303), path)
            plain, _, query = path.partition("?")
            twin = (plain if plain != "/" else "/index") + ".json" + (f"?{query}" if query else "")
            self.assertEqual(Visitor(url).get(twin, Authorization=f"Bearer {self.reading}").status, 200, twin)
        csrf = next(form for form in Document(anton.get("/").text).forms if form["action"] == "/logout")["fields"]["csrf"]
        before = self.changes()
        for act, subject in (("pause", {"consumer": "form-674"}), ("retry", {"group": waiting, "claim": self.children_of(waiting)[0][0]}),
                             ("redrive", {"id": end}), ("replay", {"plan": plan}), ("resolve", {"claim": claim, "answer": "again"}),
                             ("resolve", {"claim": claim, "answer": "adopt", "adopt": benefit_claim})):
            with self.subTest(act):
                planned = anton.post("/act/" + act, {"csrf": csrf, **subject})
                self.assertEqual(planned.status, 200, planned.text)
                fields = next(form["fields"] for form in Document(planned.text).forms if form["action"] == "/act/" + act)
                refused = anton.post("/act/" + act, {**fields, "reason": "a rehearsal"})
                self.assertEqual(refused.status, 403, refused.text)
                self.assertIn("role-operator may act", Document(refused.text).said())
        self.assertEqual(self.changes(), before)


if __name__ == "__main__":
    main()
