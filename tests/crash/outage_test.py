"""BGS is away for everyone, or for one claim only: what waits for it, what that costs, and how it goes on.

Two processes and more of each consumer on Apache Kafka. An outage costs no claim an attempt, and nobody leaves his
consumer group for it; after it the calls in flight grow from one. A claim that hangs by itself is no outage.
"""

import collections
import datetime
import os
import socket
import time
import unittest
import urllib.parse

import claims
from pipeline import PipelineTest, Simulator, until

CLAIMS = int(os.environ.get("OUTAGE_CLAIMS", "500"))
HANGING_CLAIMS = CLAIMS // 5
SHORT_TIERS = "200ms*3,500ms*3,1s*3"
SHORT_TIERS_S = 0.6 + 1.5 + 3
FAILURES = 5
PENSION = "awardsPension"   # BID, which has a breaker of its own
OUTAGE = {
    "retry_tiers": SHORT_TIERS,
    "look_tier": "1s",
    "breaker_failures": FAILURES,
    "breaker_probe_ms": 1000,
    "breaker_probe_max_ms": 2000,
    "breaker_look_ms": 200,
    "bgs_read_timeout_ms": 2000,
}


class Refused:
    """Nobody listens on the simulator's port, and nobody else can come to have it."""

    def __init__(self, pipeline):
        self.pipeline = pipeline
        address = urllib.parse.urlsplit(pipeline.simulator.url)
        pipeline.simulator.process.kill()
        pipeline.simulator.process.wait()
        self.port = address.port
        self.holder = socket.socket()
        self.holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.holder.bind((address.hostname, self.port))

    def end(self, *options):
        self.pipeline.simulator.address_file.unlink()
        self.holder.close()
        self.pipeline.simulator = Simulator(self.pipeline, f"--port={self.port}", *options)


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def most_in_flight(entries, seconds):
    """By whole second after `seconds`: the most of these calls that were under way at one moment of it."""
    changes = []
    for entry in entries:
        began = moment(entry["at"]) - seconds
        ended = moment(entry["ended_at"]) - seconds if entry["ended_at"] else began + 60
        changes += [(began, 1), (ended, -1)]
    most, count, last = collections.Counter(), 0, 0.0
    for at, change in sorted(changes):
        for second in range(max(0, int(last)), int(at) + 1):
            most[second] = max(most[second], count)
        count += change
        most[int(at)] = max(most[int(at)], count)
        last = at
    return most


class Outage(PipelineTest):
    def start_consumers(self, house, **processes):
        """Each with a machine of its own in the ledger."""
        programs = []
        for name, count in processes.items():
            name = name.replace("_", "-")
            for number in range(count):
                machine = f"10.7.{len(name)}.{number}"
                program = house.launch(name, bgs_client_machine=machine)
                program.machine = machine
                programs.append(program)
        for program in programs:
            program.wait_ready()
        by_name = collections.defaultdict(list)
        for program in programs:
            by_name[program.name].append(program)
        for name, members in by_name.items():
            until(lambda members=members: self.partitions_are_shared(members), 30, f"{name}: partitions for each process")
        return programs

    @staticmethod
    def assigned(program):
        return [int(line["count"]) for line in program.log_lines() if line["message"] == "partitions assigned"]

    def partitions_are_shared(self, members):
        counts = [self.assigned(program) for program in members]
        return all(counts) and len({tuple(one[-1:]) for one in counts}) == 1 and counts[0][-1] % (12 // len(members)) == 0

    def rebalances(self, programs):
        return [len(self.assigned(program)) for program in programs]

    def breaker(self, house, downstream="bgs"):
        return house.sql("select state, change_no, extract (epoch from closed_at) from breakers "
                         f"where downstream = '{downstream}'")[0]

    @staticmethod
    def changes(house):
        """The breaker's, as the monitoring stack is told of them."""
        told = [headers for _, headers, _ in house.records("monitoring-events") if ".breaker-" in headers["ce_type"]]
        return [headers["ce_type"].rsplit(".", 1)[1] for headers in sorted(told, key=lambda headers: headers["ce_time"])]

    def spent(self, house):
        """Claims whose attempt an outage has cost."""
        return int(house.sql_one("select count(distinct message_id) from inbox where verdict = 'RETRY'"))

    def check_ramp(self, house, programs, closed_at):
        highest = 0
        for program in programs:
            entries = [entry for entry in house.simulator.requests_of(program.machine) if entry["operation"] != PENSION]
            most = most_in_flight(entries, closed_at)
            print(f"  {program.name} {program.machine}: in flight by second "
                  + " ".join(str(most[second]) for second in range(min(8, max(most, default=0) + 1))), flush=True)
            for second, count in most.items():
                self.assertLessEqual(count, 2 ** second, f"{program.name}: calls in flight in second {second}")
            highest = max(highest, *most.values())
        return highest

    def test_connections_refused(self):
        """Away from before the first call until longer than all short tiers; all claims wait for it in proc-setup."""
        house = self.pipeline(**OUTAGE).set_up()
        house.start_api()
        outage = Refused(house)
        programs = self.start_consumers(house, proc_setup=3, form_686c=2)
        began = time.monotonic()
        before = self.rebalances(programs)
        house.submit([claims.claim("03", veteran) for veteran in range(1, CLAIMS + 1)])
        until(lambda: self.breaker(house)[0] != "closed", 20, "an open breaker", every=0.1)
        opened = time.monotonic()
        # All that time nobody moves, and nothing is tried but by the probes.
        while time.monotonic() - opened < SHORT_TIERS_S + 3:
            self.assertNotEqual(self.breaker(house)[0], "closed")
            until(lambda: all(program.get("/livez")[0] == 200 for program in programs), 10, "live", every=0.2)
        spent = self.spent(house)
        self.assertEqual(house.states(), {"accepted": str(CLAIMS)})
        outage.end("--answer-delay-ms=30")
        back = time.monotonic()
        house.wait_done(120)
        done = time.monotonic()
        state, _, closed_at = self.breaker(house)
        self.assertEqual(state, "closed")
        print(f"refused: {CLAIMS} claims, away for {back - opened:.0f} s, attempts spent by {spent} claims, "
              f"all done {done - back:.1f} s after it, {done - began:.0f} s in all", flush=True)
        house.check_effects(self)
        self.assertLess(done - back, 30, "somebody waited on although BGS was back")
        self.assertLess(self.spent(house), FAILURES, "claims that the outage has cost an attempt")
        self.assertEqual(self.rebalances(programs), before, "somebody left his consumer group")
        self.assertEqual(self.changes(house)[:1] + self.changes(house)[-1:], ["breaker-open", "breaker-closed"])
        highest = self.check_ramp(house, [program for program in programs if program.name == "proc-setup"], float(closed_at))
        self.assertGreater(highest, 4, "never enough calls in flight for the ramp to bound")

    def test_calls_that_hang(self):
        """BGS takes requests and does not answer any more, in the middle of the claims; some of them it has acted on."""
        house = self.pipeline(simulator_options=["--answer-delay-ms=100"], **OUTAGE).set_up()
        house.start_api()
        programs = self.start_consumers(house, proc_setup=1, form_686c=2)
        count = HANGING_CLAIMS
        before = self.rebalances(programs)
        house.submit([claims.claim("03", veteran) for veteran in range(1, count + 1)])
        until(lambda: len(house.simulator.ledger("insertBenefitClaim")) >= 3, 30, "claims under way")
        house.simulator.rule(name="hang", operation="*", do="hang")
        until(lambda: self.breaker(house)[0] != "closed", 20, "an open breaker", every=0.1)
        opened = time.monotonic()
        until(lambda: time.monotonic() - opened > SHORT_TIERS_S, 20, "longer than all short tiers", every=0.2)
        house.simulator.control("DELETE", "rules")
        back = time.monotonic()
        house.wait_done(60)
        unknown = int(house.sql_one("select count(*) from step_journal where state in ('unknown', 'not there')"))
        print(f"hanging: {count} claims, {unknown} calls without an answer settled, attempts spent by {self.spent(house)} "
              f"claims, all done {time.monotonic() - back:.1f} s after it", flush=True)
        house.check_effects(self)
        self.assertGreater(unknown, FAILURES)
        # A call that was out long before the others fails long before them, and is no outage yet.
        self.assertLess(self.spent(house), FAILURES, "claims that the outage has cost an attempt")
        self.assertEqual(self.rebalances(programs), before, "somebody left his consumer group")

    def test_one_claim_that_hangs(self):
        """It is no outage, however often it hangs, and none of the others waits for it."""
        house = self.pipeline(**{**OUTAGE, "retry_tiers": "200ms*7", "look_tier": "200ms", "bgs_read_timeout_ms": 300,
                                 "unknown_settle_ms": 1000}).set_up()
        house.start_api()
        programs = self.start_consumers(house, proc_setup=1, form_686c=2)
        hanging = claims.claim("03", 1)
        ssn = hanging["user_data"]["veteran_information"]["ssn"]
        house.simulator.rule(name="hang", operation="vnpPersonCreate", contains=ssn, do="hang")
        guids = house.submit([hanging] + [claims.claim("03", veteran) for veteran in range(2, HANGING_CLAIMS + 1)])
        began = time.monotonic()
        until(lambda: house.states().get("success") == str(HANGING_CLAIMS - 1), 60, lambda: f"the others: {house.states()}")
        others = time.monotonic() - began
        until(lambda: house.states().get("failure") == "1", 60, "its end")
        print(f"one hangs: the {HANGING_CLAIMS - 1} others done after {others:.1f} s, it is dead after "
              f"{time.monotonic() - began:.1f} s", flush=True)
        self.assertEqual(house.sql("select claim_group_guid from saved_claim_groups where status = 'failure' "
                                   "and parent_claim_id = saved_claim_id"), [guids[0:1]])
        self.assertEqual(house.sql_one("select count(*) from inbox where verdict = 'RETRY'"), "7")
        self.assertEqual(len(house.raw_records("claims.dead-letter")), 1)
        self.assertEqual(self.changes(house), [], "one claim has opened the breaker")
        self.assertTrue(all(program.runs() for program in programs))


if __name__ == "__main__":
    unittest.main(verbosity=2)
