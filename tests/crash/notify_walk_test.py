"""Every crash point of notify: killed there once, started again; no e-mail twice, none missing.

Claims are only taken in: each asks for one e-mail. VA Notify tells of each what has become of it, so one whose answer died with
its reader is settled by its callback. Every third one is told that the service's rate is used up, so that it goes through a tier,
and every seventh is never told of: it may only end as unknown where its call was out at a death. Otherwise as walk_test.py,
whose walker this is; see consumer_walk.py.
"""

import unittest

import claims
from consumer_walk import ConsumerWalk
from pipeline import NOTIFY, SILENT
from walk_test import SETTINGS

ANSWER_DELAY_MS = 25


class NotifyWalk(ConsumerWalk):
    consumer, undisturbed, called = NOTIFY, 4, "e-mails"

    def test_every_point(self):
        house = self.pipeline(**SETTINGS).set_up()
        house.start_notify(f"--answer-delay-ms={ANSWER_DELAY_MS}", "--notify-callback-delay-ms=200")
        house.start_api(port=house.api_port)
        self.walk(house)

    @staticmethod
    def launch(house, **settings):
        return house.launch_notify(**settings)

    def told(self, house):
        return f"{self.veteran} e-mails: {self.states(house)}, none twice"

    def submit(self, house):
        self.veteran += 1
        claim = claims.claim("05", self.veteran)
        contact = claim["dependents_application"]["veteran_contact_information"]
        contact["email_address"] = f"{SILENT if self.veteran % 7 == 0 else 'told'}-{self.veteran}@example.com"
        if self.veteran % 3 == 0:   # for a moment, and by something between us and the service: an attempt, and nothing sent
            house.notify.rule(name="between", operation="email", do="answer", contains='"reference"', status=403, body="<html>",
                                   times=1)
        house.submit([claim], connections=1)

    @staticmethod
    def states(house):
        return dict(house.sql("select state, count(*) from claim_notifications group by state"))

    @staticmethod
    def under_way(house):
        return house.mails_under_way()

    def check(self, house):
        house.check_mails(self)
        self.assertEqual(house.sql("select scope from step_journal where state = 'started'"), [], "steps left started")
        self.assertEqual(house.records("quarantine"), [])
        self.assertEqual(house.sql("select reason from holds"), [])
        house.check_events(self, dict.fromkeys(guid for (guid,) in house.sql(
            "select claim_group_guid from saved_claim_groups where parent_claim_id = saved_claim_id")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
