"""Every crash point of evidence: killed there once, started again; each paper once in its folder, and none missing.

Claims come with an attachment, and BGS takes them all. What papers are sent to is away for a moment for every second one, so that it
goes through a tier. Otherwise as walk_test.py, whose walker this is; see consumer_walk.py.
"""

import unittest

from consumer_walk import WalkWithPapers
from pipeline import EVIDENCE
from walk_test import SETTINGS

ANSWER_DELAY_MS = 40


class EvidenceWalk(WalkWithPapers):
    consumer, undisturbed = EVIDENCE, 3

    def test_every_point(self):
        house = self.pipeline(**SETTINGS).set_up()
        house.start_evidence(f"--answer-delay-ms={ANSWER_DELAY_MS}")
        self.begin(house)
        self.walk(house)

    @staticmethod
    def launch(house, **settings):
        return house.launch_evidence(**settings)

    def told(self, house):
        return house.check_papers(self)

    def submit(self, house):
        self.submit_with_paper(house, house.evidence, operation="upload", status=429)

    def check(self, house):
        house.check_effects(self)
        house.check_papers(self)
        self.assertEqual(house.sql("select claim_id, reason from holds where resolved_at is null"), [], "needs a person")


if __name__ == "__main__":
    unittest.main(verbosity=2)
