"""Every crash point of backup: killed there once, started again; one package a group, and its rows tell the truth.

Claims are refused by BGS for good, so that every group goes by paper; what it is sent to stores and moves packages on by
itself, up to the folder. So the follower is walked too. Otherwise as walk_test.py, whose walker this is; see consumer_walk.py.
"""

import unittest

import claims
from consumer_walk import ConsumerWalk
from pipeline import BACKUP, CONSUMERS, INSERT
from walk_test import SETTINGS

ANSWER_DELAY_MS = 40
FOR_GOOD = "insertBenefitClaim: Invalid zipcode."
ENDED = "('success', 'failed')"


class BackupWalk(ConsumerWalk):
    consumer, undisturbed, called = BACKUP, 3, "groups"

    def test_every_point(self):
        house = self.pipeline(**SETTINGS).set_up()
        house.start_intake(f"--answer-delay-ms={ANSWER_DELAY_MS}", "--intake-last-status=vbms")
        house.start_api()
        house.simulator.refuse(INSERT, FOR_GOOD)
        for name in CONSUMERS:
            house.start(name)
        self.walk(house)

    @staticmethod
    def launch(house, **settings):
        return house.launch_backup(**settings)

    @staticmethod
    def states(house):
        return house.states()

    def told(self, house):
        return f"{sum(int(count) for count in self.states(house).values())} claim groups, one package each"

    def submit(self, house):
        """Every second one is told to come again at its create, so that it goes through a tier."""
        self.veteran += 1
        if self.veteran % 2:
            house.intake.rule(name="again", operation="create", do="answer", status=503, body="<html>", times=1)
        house.submit([claims.claim("01", self.veteran)], connections=1)

    @staticmethod
    def under_way(house):
        return int(house.sql_one("select count(*) from saved_claim_groups where parent_claim_id = saved_claim_id "
                                 f"and status not in {ENDED}"))

    def check(self, house):
        house.check_effects(self)
        self.assertEqual(house.sql("select claim_id, reason from holds where resolved_at is null"), [], "needs a person")
        for proc in house.simulator.state()["procs"]:   # each was held, whoever died meanwhile
            states = [change["vnpProcStateTypeCd"] for change in proc["state_changes"]]
            self.assertEqual((states[0], set(states[1:])), ("Started", {"MANUAL_VAGOV"}))


if __name__ == "__main__":
    unittest.main(verbosity=2)
