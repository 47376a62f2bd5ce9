"""pipelinectl replay and redrive of a group's papers: what is said of each is what its apply does; the group itself is left alone.

Usage: with-postgres replay_papers_test.py PROGRAMS
"""

import base64
import json
import pathlib
import tempfile

from papers_on_stage import NOT_FOR_GOOD, NOT_FOR_NOW, PapersOnStage
from stage import Stage, main


class ReplayPapersTest(PapersOnStage, Stage):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="replay-")
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "plan"

    def plan(self, guid, *selectors):
        """(totals, the lines of that group)."""
        code, said, complaint = self.ctl("replay", "plan", self.file, "--json", "--group", guid, *selectors)
        self.assertEqual(code, 0, said + complaint)
        _, *lines, _ = [json.loads(line) for line in self.file.read_text().splitlines()]
        return json.loads(said), lines

    def apply(self, status=0):
        code, said, complaint = self.ctl("replay", "apply", self.file, "--json", "--yes", "--reason", "the folder is mended")
        self.assertEqual(code, status, said + complaint)
        return json.loads(said)

    def redrive(self, guid, status=0):
        """Of its papers' newest dead letter: what was said."""
        end = self.value(f"select max (id) from dead_ends where scope = '{guid}/papers'")
        code, said, complaint = self.ctl("redrive", end, "--yes", "--json", "--reason", "Benefits Intake is mended")
        self.assertEqual(code, status, said + complaint)
        one, = json.loads(said)
        self.assertEqual(one["group"], guid)
        return one

    @staticmethod
    def body_of(entry):
        body = entry["request"] or ""
        return base64.b64decode(body) if entry.get("request_encoding") == "base64" else body.encode()

    @staticmethod
    def steps(line):
        return [(step["step"], step["next"]) for step in line["steps"]]

    def test_each_paper_as_it_stands(self):
        """One is stored, nobody knows of one, one was refused for now: each of them goes on there, and nothing else does."""
        for operation, rule in (("upload", {"do": "drop-before"}), ("search", {"do": "answer", "status": 500, "body": "{}"})):
            self.world.evidence("POST", "rules", {"operation": operation, "contains": "-2.pdf", "times": 0, **rule})
        self.world.evidence("POST", "refuse", {"operation": "upload", "code": NOT_FOR_NOW, "contains": "-3.pdf"})
        guid = self.submit("06_674_three_students")
        self.await_state(guid, "success")
        self.await_waiting(guid + "/papers", "evidence.retry-1h")
        self.await_no_call_under_way(guid)
        for what in ("rules", "refuse", "ledger"):
            self.world.evidence("DELETE", what)
        totals, lines = self.plan(guid)
        ours = next(line for line in lines if line.get("is_of_papers"))
        self.assertEqual({line["why"] for line in lines if line is not ours}, {"the group is done"})
        self.assertEqual((ours["what"], ours["why"]), (
            "send", "paper 1 is stored; paper 3 is to be uploaded; paper 2 is to be looked for in the folder"))
        self.assertEqual(self.steps(ours), [("upload-paper/1", "give"), ("upload-paper/2", "look"), ("upload-paper/3", "start")])
        self.assertEqual((totals["groups_to_send"], totals["calls"], totals["looks"]), (1, 1, 1))
        self.assertEqual(self.apply()["sent"], 1)
        self.await_papers(guid, "stored", "stored", "stored")
        called = [(entry["operation"], number) for entry in self.world.evidence("GET", "ledger") for number in "123"
                  if f"-{number}.pdf".encode() in self.body_of(entry)]
        self.assertEqual(called, [("search", "2"), ("upload", "2"), ("upload", "3")])
        self.assertEqual(self.value(f"select replay from saved_claim_groups where claim_group_guid = '{guid}' limit 1"), "0")
        # All is done now: a new plan has nothing to do.
        _, lines = self.plan(guid, "--topic", "claims.evidence", "--outcome", "stored")
        self.assertEqual({(line["what"], line["why"]) for line in lines}, {("nothing", "papers 1, 2, 3 are stored")})

    def test_a_package_that_is_not_made_yet(self):
        guid = self.refused_by_both()
        _, lines = self.plan(guid, "--topic", "claims.evidence", "--topic", "claims.dead-letter")
        self.assertEqual([(line["what"], line["why"]) for line in lines],
                         [("send", "paper 1 is to go by a package"), ("with", "paper 1 is to go by a package")])
        self.assertEqual(self.steps(lines[0]), [("create-location/1-1", "again"), ("put-package/1-1", "start")])
        self.world.intake("DELETE", "ledger")
        self.world.evidence("DELETE", "ledger")
        # The page is given what it needs to know of it.
        self.assertEqual(self.ctl("replay", "offer", self.file, "--yes", "--reason", "for the page")[0], 0)
        self.assertEqual(self.world.rows("select is_of_papers from offered_records"), [["t"]])
        self.assertEqual(self.apply()["sent"], 1)
        self.await_papers(guid, "by-intake")
        self.assertEqual([entry["operation"] for entry in self.world.intake("GET", "ledger") if entry["operation"] != "report"],
                         ["create", "put"])
        self.assertEqual(self.world.evidence("GET", "ledger"), [])
        self.assertEqual(self.state_of(guid), "success")
        # The package exists, and is followed.
        _, lines = self.plan(guid, "--topic", "claims.dead-letter")
        self.assertEqual({(line["what"], line["why"]) for line in lines}, {("nothing", "paper 1 is in a package that is on its way")})

    def test_redriven(self):
        guid = self.refused_by_both()
        one = self.redrive(guid)
        self.assertEqual((one["what"], one["done"], one["why"]), ("send", True, "paper 1 is to go by a package"))
        self.await_papers(guid, "by-intake")
        self.assertEqual(self.world.rows(f"select redriven_at is not null from dead_ends where scope = '{guid}/papers'"), [["t"]])
        self.world.rows(f"update dead_ends set redriven_at = null where scope = '{guid}/papers'")
        one = self.redrive(guid, status=1)
        self.assertEqual((one["what"], one["done"], one["why"]), ("nothing", False, "paper 1 is in a package that is on its way"))

    def test_a_person_decides(self):
        """Neither takes it, for good; and one that is held."""
        self.world.intake("POST", "rules", {"operation": "create", "do": "answer", "status": 422, "body": '{"errors":[{"status":422}]}',
                                            "times": 0})
        self.world.evidence("POST", "refuse", {"operation": "upload", "code": NOT_FOR_GOOD})
        guid = self.submit("05_674_one_student")
        self.await_true(lambda: self.value("select count (*) from holds where reason = 'papers-not-stored' and resolved_at is null "
                                           f"and claim_group_id = (select min (id) from saved_claim_groups where claim_group_guid = '{guid}')")
                        == "1", "its hold")
        one = self.redrive(guid, status=1)
        self.assertEqual((one["what"], one["why"]), ("refuse", "paper 1 is without a place: pipelinectl resolve"))
        held = self.refused_by_both()
        self.world.rows("insert into holds (claim_group_id, claim_id, reason, of_papers) select id, parent_claim_id, 'digest-differs', "
                        f"true from saved_claim_groups where claim_group_guid = '{held}' and parent_claim_id = saved_claim_id")
        one = self.redrive(held, status=1)
        self.assertEqual((one["what"], one["why"]), ("refuse", "a person must decide about its papers: pipelinectl resolve"))

    def test_as_often_as_allowed(self):
        """Each of the first three is sent; and what has changed since the plan is refused."""
        guid = self.refused_by_both()
        self.world.intake("POST", "rules", {"operation": "create", "do": "answer", "status": 500, "body": "{}", "times": 0})
        for replay in (1, 2, 3):
            _, (line, *_) = self.plan(guid, "--topic", "claims.evidence")
            self.assertEqual(line["what"], "send")
            self.assertEqual(self.apply()["sent"], 1)
            self.await_true(lambda replay=replay: self.value("select replay from record_places where topic like '%.backup.retry-1h' "
                                                             f"and scope = '{guid}/papers'") == str(replay), "its next wait")
        _, (line, *_) = self.plan(guid, "--topic", "claims.evidence")
        self.assertEqual((line["what"], line["why"]), ("refuse", "its papers have been replayed as often as replays-max allows"))
        code, said, complaint = self.ctl("replay", "plan", self.file, "--json", "--group", guid, "--topic", "claims.evidence",
                                         "--replays-max", "9")
        self.assertEqual(code, 0, complaint)
        self.world.rows(f"update step_journal set token = token + 1000000 where scope = '{guid}/papers' and step = 'upload-paper/1'")
        self.assertEqual([one["why"] for one in self.apply(status=1)["refusals"]], ["it has changed since it was looked at"])


if __name__ == "__main__":
    main()
