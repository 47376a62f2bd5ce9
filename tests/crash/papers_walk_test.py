"""Every crash point of backup on its way with papers that a folder does not take: killed there once, started again; one package a
group, none of its papers twice, and the group's success stands.

Claims come with an attachment, BGS takes them all, and no folder takes a paper. Otherwise as backup_walk_test.py; see consumer_walk.py.
"""

import unittest

from consumer_walk import WalkWithPapers
from pipeline import BACKUP
from walk_test import SETTINGS

ANSWER_DELAY_MS = 40
REFUSED_FOR_GOOD = {"operation": "upload", "code": "VEFSERR40302", "times": 1000000}


class PapersWalk(WalkWithPapers):
    consumer, undisturbed = BACKUP, 3

    def test_every_point(self):
        house = self.pipeline(**SETTINGS).set_up()
        house.start_intake(f"--answer-delay-ms={ANSWER_DELAY_MS}", "--intake-last-status=vbms")
        house.start_evidence()
        house.evidence.control("POST", "refuse", REFUSED_FOR_GOOD)
        self.begin(house)
        house.launch_evidence().wait_ready()
        self.walk(house)

    @staticmethod
    def launch(house, **settings):
        return house.launch_backup(**settings)

    def told(self, house):
        return house.check_papers(self, int(self.states(house)["by-intake"]))

    def submit(self, house):
        self.submit_with_paper(house, house.intake, operation="create", status=503)

    @classmethod
    def under_way(cls, house):
        return WalkWithPapers.under_way(house) + int(
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
