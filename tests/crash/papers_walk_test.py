"""Every crash point of backup on its way with papers that a folder does not take: killed there once, started again; one package a
group, none of its papers twice, and the group's success stands.

Claims come with an attachment, BGS takes them all, and no folder takes a paper. Otherwise as backup_walk_test.py; see consumer_walk.py.
"""

import pathlib
import sys
import unittest

import claims
from consumer_walk import ConsumerWalk
from pipeline import BACKUP, CONSUMERS, EVIDENCE
from walk_test import SETTINGS

sys.path.append(str(pathlib.Path(__file__).parents[1] / "support"))
from plain_pdf import Pdf   # noqa: E402

ANSWER_DELAY_MS = 40
REFUSED_FOR_GOOD = {"operation": "upload", "code": "VEFSERR40302", "times": 1000000}


class PapersWalk(ConsumerWalk):
    consumer, undisturbed, called = BACKUP, 3, "papers"

    def test_every_point(self):
        house = self.pipeline(**SETTINGS).set_up()
        house.start_intake(f"--answer-delay-ms={ANSWER_DELAY_MS}", "--intake-last-status=vbms")
        house.start_evidence()
        house.evidence.control("POST", "refuse", REFUSED_FOR_GOOD)
        house.start_api()
        self.paper = house.folder / "paper.pdf"
        pdf = Pdf()
        pdf.page()
        self.paper.write_bytes(pdf.bytes())
        for name in CONSUMERS:
            house.start(name)
        house.launch_evidence().wait_ready()
        self.walk(house)

    @staticmethod
    def launch(house, **settings):
        return house.launch_backup(**settings)

    @staticmethod
    def states(house):
        return dict(house.sql("select latest_status, count(*) from claims_evidence_api_submissions group by 1"))

    def told(self, house):
        return house.check_papers(self, int(self.states(house)["by-intake"]))

    def submit(self, house):
        """As in backup_walk_test.py, through a tier every second time."""
        self.veteran += 1
        if self.veteran % 2:
            house.intake.rule(name="again", operation="create", do="answer", status=503, body="<html>", times=1)
        house.submit([claims.claim("03", self.veteran)], connections=1, files=[self.paper])

    @staticmethod
    def under_way(house):
        return house.papers_under_way() + int(house.sql_one(
            "select count(*) from saved_claim_groups where parent_claim_id = saved_claim_id and status <> 'success'")) + int(
            house.sql_one("select count(*) from lighthouse_submissions where latest_status <> 'vbms'"))

    def check(self, house):
        house.check_effects(self)
        self.told(house)
        self.assertEqual(set(self.states(house)), {"by-intake"})
        stored = [upload["guid"] for upload in house.intake.state()["uploads"] if upload["puts"]]
        self.assertEqual(sorted(stored), sorted(guid for (guid,) in house.sql("select benefits_intake_uuid from lighthouse_submissions")),
                         "packages stored and recorded differ")
        self.assertEqual(house.records("backup.dead-letter"), [])
        self.assertEqual(house.sql("select claim_id, reason from holds where resolved_at is null"), [], "needs a person")


if __name__ == "__main__":
    unittest.main(verbosity=2)
