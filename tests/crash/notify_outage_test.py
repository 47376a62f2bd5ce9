"""VA Notify is not what it should be while many e-mails wait: of an e-mail that is not answered nobody knows whether it was sent,
so it is never sent again. What an outage costs is bounded, whatever its kind, and all others are sent, each once.
"""

import unittest

import claims
from pipeline import PipelineTest, until

WAITING = 60
AT_ONCE = 8    # consumers/notify: as many are under way
TRIALS = 2     # after the first loss one is risked at once, the next after 15 s, then 30 s
REAL = '"reference"'   # what is sent to nobody has none
ASKED = "simulate-delivered"
# A lone e-mail would have spent all its attempts within seconds.
SETTINGS = {"retry_tiers": "50ms,100ms", "look_tier": "50ms", "breaker_probe_ms": 200, "breaker_probe_max_ms": 500}


class NotifyOutage(PipelineTest):
    def setUp(self):
        self.house = self.pipeline(**SETTINGS).set_up()
        self.house.start_notify("--notify-callback-delay-ms=50")
        self.house.start_api(port=self.house.api_port)

    def ask_for(self, count):
        self.house.submit([claims.claim("05", veteran) for veteran in range(count)])
        self.assertEqual(self.states(), {"requested": count})

    def states(self):
        return {state: int(count) for state, count in
                self.house.sql("select state, count (*) from claim_notifications group by state")}

    def calls(self, contains):
        return sum(contains in entry["request"] for entry in self.house.notify.ledger("email"))

    def started(self):
        return int(self.house.sql_one("select count (*) from step_journal where step = 'send-email'"))

    def end(self, lost):
        """It is mended: all that were not lost are delivered."""
        self.house.notify.control("DELETE", "rules")
        until(lambda: set(self.states()) <= {"delivered", "unknown"}, 90, lambda: f"all told: {self.states()}")
        self.assertEqual(self.states().get("unknown", 0), lost)
        self.house.check_mails(self)
        self.assertEqual(self.house.sql("select reason from holds"), [])

    def test_nothing_answers(self):
        self.ask_for(WAITING)
        for contains in (ASKED, REAL):   # it begins when the first e-mail is through
            self.house.notify.rule(operation="email", contains=contains, skip=1, do="answer", status=503, body="<html>")
        notify = self.house.launch_notify().wait_ready()
        until(lambda: self.calls(ASKED) > 6 and self.calls(REAL) == self.started(), 60, "it is asked whether it is back, and all have arrived")
        lost = self.calls(REAL) - 1
        print(f"{lost} of {WAITING} were under way when it began", flush=True)
        self.assertIn(lost, range(1, AT_ONCE + 1))
        self.assertTrue(notify.is_ready(), "that it does not answer makes nobody unready")

        # Whoever is started meanwhile asks first, and risks none.
        notify.kill()
        asked = self.calls(ASKED)
        self.house.launch_notify().wait_ready()
        until(lambda: self.calls(ASKED) > asked + 1, 90, "it is asked by the next process")
        self.assertEqual(self.calls(REAL) - 1, lost, "e-mails that a new process has risked")
        self.end(lost)

    def test_only_those_to_nobody_are_answered(self):
        self.ask_for(WAITING)
        self.house.notify.rule(operation="email", contains=REAL, skip=1, do="answer", status=503, body="<html>")
        notify = self.house.launch_notify().wait_ready()
        until(lambda: notify.log().count("the probe got no answer") > 5, 60, "nothing is risked for a while")
        lost = self.calls(REAL) - 1
        print(f"{lost} of {WAITING} were lost", flush=True)
        self.assertIn(lost, range(2, AT_ONCE + TRIALS + 1))
        self.end(lost)

    def test_a_lone_one_behind_a_proxy_that_refuses(self):
        self.ask_for(1)
        self.house.notify.rule(operation="email", do="answer", status=403, body="<html>blocked</html>")
        self.house.launch_notify().wait_ready()
        until(lambda: self.calls(ASKED) > 5, 60, "it is asked whether it is back")
        self.assertEqual(self.states(), {"requested": 1})
        self.end(0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
