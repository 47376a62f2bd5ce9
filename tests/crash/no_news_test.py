"""Packages that were accepted and are not heard of any more, because the service says something else, or leaves them out: that is
told, and over as soon as there is news."""

import unittest

import claims
from pipeline import INSERT, PipelineTest, until

FOR_GOOD = "insertBenefitClaim: Invalid zipcode."
PACKAGES = 2


class NoNews(PipelineTest):
    def house(self):
        house = self.pipeline().set_up()
        house.start_intake()
        house.simulator.refuse(INSERT, FOR_GOOD)
        house.start_api()
        house.start("proc-setup")
        house.start("form-686c")
        self.backup = house.launch_backup().wait_ready()
        house.submit([claims.claim("03", veteran) for veteran in range(PACKAGES)])
        until(lambda: house.states() == {"processing": str(PACKAGES)}, 60, lambda: f"accepted: {house.states()}")
        self.wait_gauge(0)
        return house

    def wait_gauge(self, count):
        until(lambda: self.backup.metric("packages_without_news") == count, 20,
              lambda: f"{count} packages without news: {self.backup.metric('packages_without_news')}")

    def test_nobody_answers(self):
        house = self.house()
        house.intake.rule(name="page", operation="report", do="answer", status=200, body="<html>", times=0)
        house.sql("update lighthouse_submissions set ask_at = clock_timestamp () - interval '2 hours'")
        self.wait_gauge(PACKAGES)
        house.intake.control("DELETE", "rules")
        self.wait_gauge(0)

    def test_they_are_left_out(self):
        house = self.house()
        house.intake.rule(name="nobody", operation="report", do="answer", status=200, body='{"data":[]}', times=0)
        house.sql("update lighthouse_submissions set asked_at = clock_timestamp () - interval '9 days', "
                  "sent_at = clock_timestamp () - interval '9 days'")
        asked = len(house.intake.ledger("report"))
        until(lambda: len(house.intake.ledger("report")) > asked + 2, 20, "asked for again")
        self.wait_gauge(PACKAGES)
        house.intake.control("DELETE", "rules")
        self.wait_gauge(0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
