"""What `pipelinectl why` tells of papers: those that are stored, and one that waits. As whoever may only look.

Usage: with-postgres papers_test.py PROGRAMS
"""

import re

from stage import Stage, main


class PapersTest(Stage):
    """What is told of papers, where they are stored."""
    settings = {**Stage.settings, "evidence": "yes"}

    def why(self, number):
        return self.ask("why", number)

    @staticmethod
    def lines(document, kind):
        return [line for line in document["timeline"] if line["kind"] == kind]

    def setUp(self):
        super().setUp()
        for what in ("refuse", "state"):
            self.world.evidence("DELETE", what)

    def papers(self, guid):
        return self.world.rows("select latest_status from claims_evidence_api_submissions s join saved_claim_groups g "
                               f"on g.id = s.claim_group_id where g.claim_group_guid = '{guid}' order by paper_no")

    def test_papers_are_told(self):
        guid = self.submit("07_combined_686c_674_two_students")
        self.await_true(lambda: self.papers(guid) == [["stored"]] * 3, "its papers to be stored")
        self.await_state(guid, "success")
        document = self.why(guid)
        files = {file["uuid"] for file in self.world.evidence("GET", "state")["files"]}
        self.assertEqual({paper["uuid"] for paper in document["papers"]}, files)
        self.assertEqual([(paper["number"], paper["form_type"], paper["attachment"], paper["state"]) for paper in document["papers"]],
                         [(1, "21-686C", None, "stored"), (2, "21-674", None, "stored"), (3, "21-674", None, "stored")])
        self.assertEqual(document["now"], "all is done: every claim is established")
        self.assertEqual(len([line for line in self.lines(document, "step") if line["what"].startswith("upload-paper/")]), 3)
        self.assertEqual(sum("attempt 1: stored" in line["what"] for line in self.lines(document, "paper")), 3)
        self.assertEqual(self.why(files.pop())["group"], guid)

    def test_a_paper_that_waits(self):
        self.world.evidence("POST", "refuse", {"operation": "upload", "code": "VEFSERR41501"})
        guid = self.submit("05_674_one_student")
        self.await_waiting(guid + "/papers", "evidence.retry-1h")
        self.await_state(guid, "success")
        document = self.why(guid)
        self.assertEqual(document["now"], "all is done: every claim is established; 1 paper is to be stored in the folder, waiting in "
                         "dependents.evidence.retry-1h: attempt 2 failed with evidence-fault")
        self.assertTrue(re.fullmatch(r"nothing; evidence tries again at \S+Z", document["next"]), document["next"])

    def test_a_paper_by_intake(self):
        """That is on its way as long as the service has not said that it has arrived."""
        self.world.evidence("POST", "refuse", {"operation": "upload", "code": "VEFSERR40302"})
        guid = self.submit("05_674_one_student")
        self.await_true(lambda: self.papers(guid) == [["by-intake"]], "its paper to go by Benefits Intake")
        self.await_state(guid, "success")
        document = self.why(guid)
        self.assertEqual((document["now"], document["next"]), (
            "all is done: every claim is established; 1 paper is on the way into the folder by Benefits Intake",
            "nothing; backup asks for their package when its turn comes"))
        self.world.rows(f"update lighthouse_submissions set latest_status = 'vbms' where claim_group_id = "
                        f"(select id from saved_claim_groups where claim_group_guid = '{guid}' and parent_claim_id = saved_claim_id)")
        self.assertEqual(self.why(guid)["now"], "all is done: every claim is established")

    def test_an_answer_is_to_what_was_asked(self):
        """What stands in doubt may be sent as another one where a person was asked about that, and not by an answer to anything else."""
        self.world.evidence("DELETE", "refuse")
        guid = self.submit("05_674_one_student")
        self.await_state(guid, "success")
        parent = self.value(f"select min (parent_claim_id) from saved_claim_groups where claim_group_guid = '{guid}'")
        self.world.rows("insert into step_journal (scope, step, ordinal, token, state, finished_at, digest) select scope, 'put-package/1-1', 1, "
                        f"nextval ('tokens'), 'unknown', now (), 'of what was sent' from unnest (array['{guid}', '{guid}/papers']) as scope")
        for of_papers, reason, left in ((False, "attachment 1 left out: damaged", [f"{guid}", f"{guid}/papers"]),
                                        (True, "changed-under-a-step", [guid]), (False, "changed-under-a-step", [])):
            self.world.rows(f"insert into holds (claim_group_id, claim_id, reason, of_papers) select id, {parent}, '{reason}', {of_papers} "
                            f"from saved_claim_groups where saved_claim_id = {parent}")
            code, said, complaint = self.ctl("resolve", parent, "--again", "--yes", "--reason", "seen to")
            self.assertEqual(code, 0, said + complaint)
            self.assertEqual([scope for scope, in self.world.rows(
                f"select scope from step_journal where digest = 'of what was sent' and starts_with (scope, '{guid}') order by scope")], left)


if __name__ == "__main__":
    main()
