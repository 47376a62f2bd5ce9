"""Everything at once while claims pass and Veterans are told: consumers killed and started again, or replaced by new ones;
consumers that stand still for longer than their session; the broker and the database gone and back. Nothing is lost, nothing
is twice, and no e-mail either, nor a paper of those that BGS has taken: what folders refuse goes by Benefits Intake.

STORM_CLAIMS sets how many claims; what happens to them grows with their number. CRASH_SEED repeats what is done and in
which order, though not the moment at which it hits.
"""

import copy
import functools
import os
import random
import re
import threading
import time
import unittest

import claims
from pipeline import BACKUP, CONSUMERS, EVIDENCE, INSERT, NOTIFY, SILENT, Pipeline, until
from servers import Kafka, Postgres
from told import check_told

CLAIMS = int(os.environ.get("STORM_CLAIMS", "100"))
OF_ONE_VETERAN = 9   # as many as BGS lets one Veteran have open
SAMPLES = ["03"] * 14 + ["01"] * 3 + ["06"] + ["07"] * 2   # mostly the smallest
SESSION_MS = 4000
STOPPED_S = 5.5      # longer than a session
PLACES = 3           # processes of a consumer
BY_PAPER = max(8, CLAIMS // 12)   # claims that BGS refuses for good
REFUSED = "Bypaper"               # the Veterans' last name, by which it knows them
MAILS_IN_FLIGHT = 4   # of one process: so many may be cut off at once
SILENT_OF = 10        # of so many claims VA Notify never tells what has become of one's e-mails
FOR_GOOD = "insertBenefitClaim: Invalid zipcode."
PAPERS_REFUSED = max(4, CLAIMS // 25)   # uploads that a folder refuses for good
NO_SUCH_VETERAN = "VEFSERR40302"
DONE_WITHIN_S = 150
WHOLE_LEDGER = ("--ledger-size", "10000000", "--ledger-bytes", str(1 << 30))
FENCED = "this process cannot go on; .*the consumer cannot recover: .*Static consumer fenced"


class Place:
    """One of the three of a consumer: whoever runs there. Two of them are static members, whose partitions wait for them
    until their session ends; the third is never one."""

    def __init__(self, pipeline, name, number):
        self.pipeline, self.name, self.number = pipeline, name, number
        self.goes_on_at = None
        self.hits = 0   # how often something was cut off here
        self.start(is_new=False)

    def start(self, is_new):
        """As the member of this place, or as somebody new."""
        is_static = self.number > 0 and not is_new
        member = {"kafka__group__instance__id": f"{self.name}-{self.number}"} if is_static else {}
        launch = {BACKUP: self.pipeline.launch_backup, EVIDENCE: self.pipeline.launch_evidence,
                  NOTIFY: functools.partial(self.pipeline.launch_notify, in_flight=MAILS_IN_FLIGHT)}
        self.program = launch.get(self.name, functools.partial(self.pipeline.launch, self.name))(**member)

    def kill(self, is_new):
        self.program.kill()
        self.hits += 1
        self.start(is_new)

    def stop(self):
        self.program.stop()
        self.hits += 1
        self.goes_on_at = time.monotonic() + STOPPED_S

    def go_on_if_due(self):
        if self.goes_on_at and time.monotonic() > self.goes_on_at:
            self.program.go_on()
            self.goes_on_at = None

    def check_runs(self, test):
        """A broker that was killed may have forgotten who a static member is now, and fences it; such a process ends, and
        whoever watches over it starts it again."""
        if self.program.runs():
            return False
        is_fenced = self.program.process.returncode == 1 and re.search(FENCED, self.program.log())
        test.assertTrue(is_fenced, f"{self.program.log_file.name}: it has ended by itself, with "
                        f"{self.program.process.returncode}:\n{self.program.log()[-2000:]}")
        self.hits += 1
        self.start(is_new=False)
        return True


class Submitting(threading.Thread):
    """Hands in claims and insists: each has a key, so that one whose answer was lost is not taken twice. No more than are
    let in, so that claims are under way all the time."""

    def __init__(self, pipeline, bodies):
        super().__init__(daemon=True)
        self.pipeline, self.bodies = pipeline, bodies
        self.let_in = threading.Semaphore(0)
        self.count = 0
        self.trouble = None

    def let_in_until(self, share):
        while self.count < len(self.bodies) * share:
            self.let_in.release()
            self.count += 1

    def run(self):
        client = claims.Client(self.pipeline.api.address("URL"), self.pipeline.token)
        try:
            for number, body in enumerate(self.bodies):
                self.let_in.acquire()
                until(lambda number=number, body=body: client.try_post(body, f"claim-{number}"), 60, "a claim stored",
                      every=0.2)
        except Exception as error:   # told by the test's thread
            self.trouble = error
        finally:
            client.close()


class Storm(unittest.TestCase):
    def setUp(self):
        self.postgres, self.kafka = Postgres(), Kafka()
        self.addCleanup(self.postgres.end)
        self.addCleanup(self.kafka.make_sure)
        self.addCleanup(self.postgres.make_sure)

    def test_storm(self):
        seed = int(os.environ.get("CRASH_SEED") or random.randrange(1 << 32))
        print(f"CRASH_SEED={seed}", flush=True)
        chance = random.Random(seed)
        started = time.monotonic()
        with Pipeline(simulator_options=["--answer-delay-ms=80", *WHOLE_LEDGER], kafka__session__timeout__ms=SESSION_MS,
                      watch_every="1s") as pipeline:
            pipeline.set_up()
            pipeline.start_intake("--answer-delay-ms=80", "--intake-last-status=vbms")
            pipeline.simulator.refuse(INSERT, FOR_GOOD, contains=REFUSED)
            pipeline.start_notify("--answer-delay-ms=80", "--notify-callback-delay-ms=200", "--notify-callback-retry-ms=500")
            pipeline.start_evidence("--answer-delay-ms=80")
            pipeline.evidence.control("POST", "refuse", {"operation": "upload", "code": NO_SUCH_VETERAN, "skip": CLAIMS // 4,
                                                         "times": PAPERS_REFUSED})
            pipeline.start_api(port=pipeline.api_port)   # never hit; takes claims and callbacks in, and is the relay
            self.fenced = 0
            self.places = [Place(pipeline, name, number) for name in (*CONSUMERS, BACKUP, NOTIFY, EVIDENCE)
                           for number in range(PLACES)]
            for place in self.places:
                place.program.wait_ready()
            submitting = Submitting(pipeline, self.claims_of(chance))
            submitting.start()
            done = self.blow(pipeline, submitting, chance)
            print(f"{', '.join(f'{count} {what}' for what, count in done.items())}, {self.fenced} fenced and started again; "
                  f"then {pipeline.states()}, "
                  f"{time.monotonic() - started:.0f} s", flush=True)
            self.wait_until_all_is_done(pipeline, submitting)
            print(f"all done after {time.monotonic() - started:.0f} s; journal: "
                  + ", ".join(f"{count} {state}" for state, count in pipeline.sql(
                      "select state, count(*) from step_journal group by state order by state")), flush=True)
            self.assertGreater(self.cut_off(pipeline), 0, "no call was ever cut off")
            pipeline.check_effects(self)
            mails = self.check_mails(pipeline, done)
            papers = pipeline.check_papers(self, by_intake=int(pipeline.sql_one(
                "select count(*) from claims_evidence_api_submissions where latest_status = 'by-intake'")))
            self.assertEqual(self.found_lost(pipeline), [], "records that the watch took for lost")
            self.assertEqual(pipeline.states(), {"success": str(CLAIMS + OF_ONE_VETERAN + BY_PAPER)})
            self.assertEqual(check_told(self, pipeline), CLAIMS + OF_ONE_VETERAN + BY_PAPER)
        print(f"{CLAIMS + OF_ONE_VETERAN + BY_PAPER} claim groups, {BY_PAPER} of them by paper, 0 lost, 0 repeated, 0 stuck; "
              f"{mails}; {papers}; "
              f"{time.monotonic() - started:.0f} s in all", flush=True)

    def check_mails(self, pipeline, done):
        """One of each kind a group, sent once. What was cut off before it was out stays unknown: no more than could be."""
        wanted = CLAIMS + OF_ONE_VETERAN + BY_PAPER
        self.assertEqual(dict(pipeline.sql("select kind, count(*) from claim_notifications group by kind")),
                         {"submitted": str(wanted), "received": str(wanted), "in_progress": str(BY_PAPER)})
        never_out = pipeline.check_mails(self)
        hits = sum(place.hits for place in self.places if place.name == NOTIFY) + PLACES * done["database restarts"]
        self.assertLessEqual(never_out, MAILS_IN_FLIGHT * hits, "e-mails that are unknown, and were not cut off")
        return f"{2 * wanted + BY_PAPER} e-mails, none twice, {never_out} cut off before they were out, told as unknown"

    @staticmethod
    def claims_of(chance):
        bodies = [claims.claim(chance.choice(SAMPLES), veteran) for veteran in range(1, CLAIMS + 1)]
        bodies += [claims.claim("03", CLAIMS + 1) for _ in range(OF_ONE_VETERAN)]
        refused = copy.deepcopy(claims.sample("03"))
        refused["veteran_information"]["full_name"]["last"] = REFUSED
        bodies += [claims.claim(refused, CLAIMS + 2 + number) for number in range(BY_PAPER)]
        chance.shuffle(bodies)
        for body in bodies[::SILENT_OF]:
            body["dependents_application"]["veteran_contact_information"]["email_address"] = f"{SILENT}@example.com"
        return bodies

    def blow(self, pipeline, submitting, chance):
        """All that is to happen, in random order, with pauses. How often each has."""
        plan = {"killed": max(24, CLAIMS // 6), "replaced by a new one": max(12, CLAIMS // 12),
                "stopped": max(4, CLAIMS // 40), "broker restarts": max(1, CLAIMS // 300),
                "database restarts": max(1, CLAIMS // 200)}
        blows = [what for what, count in plan.items() for _ in range(count)]
        chance.shuffle(blows)
        for number, what in enumerate(blows, 1):
            submitting.let_in_until(number / len(blows))
            self.look_after()
            if what == "broker restarts":
                self.kafka.crash()
                self.kafka.start()
            elif what == "database restarts":
                self.postgres.crash()
                self.postgres.start()
            else:
                place = chance.choice(self.places)
                if place.goes_on_at:   # killed in its sleep, or deeper asleep
                    place.goes_on_at = None
                if what == "stopped":
                    place.stop()
                else:
                    place.kill(is_new=what == "replaced by a new one")
            self.pause(chance)
        while not self.cut_off(pipeline) and not pipeline.all_done():   # a kill may meet a process that has nothing to do
            chance.choice(self.places).kill(is_new=False)
            plan["killed"] += 1
            self.pause(chance)
        return plan

    @staticmethod
    def cut_off(pipeline):
        """Calls that were cut off, as far as they have been settled."""
        return int(pipeline.sql_one("select count(*) from step_journal where state in ('unknown', 'not there')"))

    @staticmethod
    def found_lost(pipeline):
        return [fields["detail"] for _, _, fields in pipeline.values("monitoring-events") if fields["kind"] == "record-lost"]

    @staticmethod
    def pause(chance):
        end = time.monotonic() + chance.uniform(0.05, 0.9)
        until(lambda: time.monotonic() > end, 5, "a pause", every=0.02)

    def look_after(self):
        for place in self.places:
            place.go_on_if_due()
            self.fenced += place.check_runs(self)

    def wait_until_all_is_done(self, pipeline, submitting):
        def all_done():
            self.look_after()
            if submitting.trouble:
                raise submitting.trouble
            return not submitting.is_alive() and not any(place.goes_on_at for place in self.places) \
                and pipeline.all_done() and pipeline.mails_under_way() == 0 and pipeline.papers_under_way() == 0

        until(all_done, DONE_WITHIN_S + CLAIMS / 4,
              lambda: f"all claim groups in success, all e-mails told of; they are {pipeline.states()}, "
              f"{pipeline.mails_under_way()} e-mails, {pipeline.papers_under_way()} papers", every=0.2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
