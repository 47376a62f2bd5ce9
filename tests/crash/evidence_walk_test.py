"""Every crash point of evidence: killed there once, started again; each paper once in its folder, and none missing.

Claims come with an attachment, and BGS takes them all. What papers are sent to is away for a moment for every second one, so that it
goes through a tier. Otherwise as walk_test.py, whose walker this is; see consumer_walk.py.
"""

import pathlib
import sys
import unittest

import claims
from consumer_walk import ConsumerWalk
from pipeline import CONSUMERS, EVIDENCE
from walk_test import SETTINGS

sys.path.append(str(pathlib.Path(__file__).parents[1] / "support"))
from plain_pdf import Pdf   # noqa: E402

ANSWER_DELAY_MS = 40


class EvidenceWalk(ConsumerWalk):
    consumer, undisturbed, called = EVIDENCE, 3, "papers"

    def test_every_point(self):
        house = self.pipeline(**SETTINGS).set_up()
        house.start_evidence(f"--answer-delay-ms={ANSWER_DELAY_MS}")
        house.start_api()
        self.paper = house.folder / "paper.pdf"
        pdf = Pdf()
        pdf.page()
        self.paper.write_bytes(pdf.bytes())
        for name in CONSUMERS:
            house.start(name)
        self.walk(house)

    @staticmethod
    def launch(house, **settings):
        return house.launch_evidence(**settings)

    @staticmethod
    def states(house):
        return dict(house.sql("select latest_status, count(*) from claims_evidence_api_submissions group by 1"))

    def told(self, house):
        return house.check_papers(self)

    def submit(self, house):
        self.veteran += 1
        if self.veteran % 2:
            house.evidence.rule(name="again", operation="upload", do="answer", status=429, body="<html>", times=1)
        house.submit([claims.claim("03", self.veteran)], connections=1, files=[self.paper])

    @staticmethod
    def under_way(house):
        return house.papers_under_way() + int(house.sql_one(
            "select count(*) from saved_claim_groups where parent_claim_id = saved_claim_id and status <> 'success'"))

    def check(self, house):
        house.check_effects(self)
        house.check_papers(self)
        self.assertEqual(house.sql("select claim_id, reason from holds where resolved_at is null"), [], "needs a person")


if __name__ == "__main__":
    unittest.main(verbosity=2)
