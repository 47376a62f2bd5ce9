"""`ORA-00001 … PK_VNP_PROC_FORM` cannot be provoked: by no kill, no time-out, no record that comes twice, no two processes.

The fault is what the system before this one died of. BGS may say it for one reason only: to a create that was sent again
because nobody knew what had become of the first one, and the finder would not tell. Everywhere else it must not be seen
at all. Each test does its harm to several claims at once, of both forms and of one.
"""

import collections
import re
import unittest

import claims
from pipeline import PipelineTest, until

CREATE, FIND = "vnpProcFormCreate", "vnpProcFormFindByPrimaryKey"
FORMS = ("03", "07", "06", "07")   # samples: 686c; both; three 674s, which share one; both
READ_LIMIT_MS = 5000
SLOW_MS = 4000   # so long a call can be met on its way, on a busy machine too
LIMITS = {"breaker_failures": 1000, "bgs_read_timeout_ms": READ_LIMIT_MS, "kafka__session__timeout__ms": 2000, "revoke_drain_ms": 300}
FAULT = ('<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode>'
         "<faultstring>a finder that nobody has ever seen at work</faultstring></s:Fault></s:Body></s:Envelope>")


class ProcForm(PipelineTest):
    def setUp(self):
        self.house = self.pipeline().set_up()
        self.simulator = self.house.simulator
        self.house.start_api()
        for name in ("form-686c", "form-674"):
            self.house.start(name)

    def start_setup(self, member):
        return self.house.start("proc-setup", kafka__group__instance__id=member, **LIMITS)

    def submit(self):
        bodies = [claims.claim(sample, veteran) for veteran, sample in enumerate(FORMS, 1)]
        for veteran, body in enumerate(bodies, 1):
            body["user_data"]["veteran_information"]["icn"] = self.uid(veteran)
        self.house.submit(bodies)

    @staticmethod
    def uid(veteran):
        return f"p{veteran:05d}V000000"   # in the header of each of that Veteran's requests

    def trouble_first_of_each(self, **rule):
        for veteran in range(1, len(FORMS) + 1):
            self.simulator.rule(name=f"{rule['do']}-{veteran}", operation=CREATE, contains=self.uid(veteran), times=1, **rule)

    def make_slow(self):
        self.simulator.rule(name="slow", operation=CREATE, do="delay", delay_ms=SLOW_MS)

    def wait_in_progress(self):
        """Several are being made. What has come so far stays slow, the next ones do not."""
        until(lambda: len(self.simulator.in_progress(CREATE)) >= 2, 30, "proc forms under way", every=0.01)
        self.simulator.control("DELETE", "rules?name=slow")

    def finish(self, faults=0):
        self.house.wait_done(60)
        self.house.check_effects(self)   # one proc form per form, each under its group's own proc
        self.check_faults(faults)

    def check_faults(self, count):
        """So many, and each the answer to a repeat: an earlier create of this very form went without an answer."""
        unanswered, seen = collections.Counter(), 0
        for entry in self.simulator.ledger(CREATE):
            form = re.search(r"<vnpProcId>(\d+)<.*<formTypeCd>([^<]*)<", entry["request"], re.DOTALL).groups()
            if "PK_VNP_PROC_FORM" in (entry["response"] or ""):
                seen += 1
                self.assertGreater(unanswered[form], 0, f"PK_VNP_PROC_FORM for {form}, whose creation was answered")
            unanswered[form] += entry["status"] == 0
        self.assertEqual(seen, count, "PK_VNP_PROC_FORM")

    # --- Harm

    def test_killed_while_bgs_acts(self):
        """BGS acts on the requests of a process that is gone; the next one looks, and finds the forms there."""
        first = self.start_setup("a")
        self.make_slow()
        self.submit()
        self.wait_in_progress()
        first.kill()
        self.start_setup("a")
        self.finish()
        self.assertEqual(sorted({row[3] for row in self.journal_rows()}), ["finished"])

    def test_timed_out_after_acting(self):
        self.start_setup("a")
        self.trouble_first_of_each(do="delay", delay_ms=READ_LIMIT_MS + 300)
        self.submit()
        self.finish()
        self.assertEqual(len(self.simulator.ledger(FIND)), len(FORMS))

    def test_answer_lost_and_the_finder_refuses(self):
        """The one way to see it: sent again blindly. It is read as what it says, that the form is there."""
        self.start_setup("a")
        self.trouble_first_of_each(do="drop-after")
        self.simulator.rule(name="refused", operation=FIND, do="answer", status=500, body=FAULT)
        self.submit()
        self.finish(faults=len(FORMS))
        self.assertEqual(collections.Counter(row[3] for row in self.journal_rows())["unknown"], len(FORMS))

    def test_record_comes_again_in_another_process(self):
        """The same record, in a partition of another process, while the first one is in the middle of it; and once more
        when all is over."""
        programs = [self.start_setup("a"), self.start_setup("z")]
        self.make_slow()
        self.submit()
        self.wait_in_progress()
        self.repeat_records()
        self.finish()
        sent = len(self.simulator.ledger())
        doubles = self.doubles(programs)
        self.repeat_records()
        until(lambda: self.doubles(programs) >= doubles + len(FORMS), 30, "the records are seen to be doubles")
        self.assertEqual(len(self.simulator.ledger()), sent, "a record that is settled has called BGS")
        self.check_faults(0)

    def test_stopped_while_another_has_it(self):
        """A process that stands still loses its partitions, and wakes up when another has done its work."""
        first = self.start_setup("a")
        self.make_slow()
        self.submit()
        self.wait_in_progress()
        first.stop()
        self.start_setup("z")
        self.house.wait_done(60)
        first.go_on()
        until(lambda: first.is_ready() and first.metric("records_in_flight") == 0, 30, "nothing left in hand")
        self.finish()

    # --- Helpers

    def journal_rows(self):
        return self.house.sql("select scope, step, ordinal, state from step_journal where step like 'create-proc-form/%'")

    def repeat_records(self):
        """To the partition as far away as can be: with two members it is the other one's."""
        first = {headers["dp-message-id"]: (key, headers, value)
                 for key, headers, value in reversed(self.house.raw_records("claims.submitted"))}
        for key, headers, value in first.values():
            partition = int(headers["offset"].split("/")[0])
            self.house.produce("claims.submitted", (partition + 6) % 12, key, headers, value)

    @staticmethod
    def doubles(programs):
        return sum(program.metric("doubles_total") for program in programs)


if __name__ == "__main__":
    unittest.main(verbosity=2)
