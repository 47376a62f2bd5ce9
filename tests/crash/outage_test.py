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
from servers import Gate

CLAIMS = int(os.environ.get("OUTAGE_CLAIMS", "500"))
HANGING_CLAIMS = CLAIMS // 5
FEW = 8
POISONED = 50
ON_THE_WAY = 60
AWAY_S = 6
SHORT_TIERS = "200ms*2,500ms*2,1s"
SHORT_TIERS_S = 2.4
FAILURES = 5
STRAGGLERS_S = 20   # after nine tenths of the others; who snoozes for a minute by mistake comes long after them
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
    def changes(house, downstream="bgs"):
        """What the breaker has done, in words of its events: in the order in which it was done, for they are published by whom
        it was done by, into more than one partition."""
        events = [value for _, _, value in house.values("monitoring-events")
                  if value["kind"].startswith("breaker-") and value["detail"].startswith(downstream + ": ")]
        return [f"{value['kind'].removeprefix('breaker-')}: {value['detail'].split(': ', 1)[1]}"
                for value in sorted(events, key=lambda value: value["at"])]

    def spent(self, house):
        """Claims whose attempt an outage has cost."""
        return int(house.sql_one("select count(distinct message_id) from inbox where verdict = 'RETRY'"))

    def keep_away(self, house, programs, seconds):
        """All that time nobody moves, and nothing is tried but by the probes."""
        until(lambda: self.breaker(house)[0] != "closed", 20, "an open breaker", every=0.1)
        opened = time.monotonic()
        while time.monotonic() - opened < seconds:
            self.assertNotEqual(self.breaker(house)[0], "closed")
            until(lambda: all(program.get("/livez")[0] == 200 for program in programs), 10, "live", every=0.2)

    def check_outage(self, house, programs, rebalances):
        """One outage, of which each claim has taken no notice but for the few by which it was noticed."""
        house.check_effects(self)
        self.assertLessEqual(self.spent(house), FAILURES, "claims that the outage has cost an attempt")
        self.assertEqual(self.rebalances(programs), rebalances, "somebody left his consumer group")
        until(lambda: "closed: the probe was answered" in self.changes(house), 20, lambda: f"its event: {self.changes(house)}")
        changes = self.changes(house)
        noticed = [change for change in changes if change.startswith("open: claims in succession got no answer: bgs-")]
        self.assertEqual(changes[:1], noticed, changes)
        self.assertEqual([change for change in changes if change.startswith("closed")], ["closed: the probe was answered"])

    def check_ramp(self, house, programs, closed_at):
        highest = 0
        for program in programs:
            entries = [entry for entry in house.simulator.requests_of(program.machine) if entry["operation"] != PENSION]
            most = most_in_flight(entries, closed_at)
            print(f"  {program.name} {program.machine}: in flight by second "
                  + " ".join(str(most[second]) for second in range(min(8, max(most, default=0) + 1))), flush=True)
            for second, count in [one for one in most.items() if one[0] >= 0]:
                self.assertLessEqual(count, 2 ** second, f"{program.name}: calls in flight in second {second}")
            highest = max(highest, *most.values())
        return highest

    def test_connections_refused(self):
        """Away from before the first call until longer than all short tiers; all claims wait for it in proc-setup."""
        house = self.pipeline(**OUTAGE).set_up()
        house.start_api()
        outage = Refused(house)
        programs = self.start_consumers(house, proc_setup=3, form_686c=2)
        before = self.rebalances(programs)
        house.submit([claims.claim("03", veteran) for veteran in range(1, CLAIMS + 1)])
        self.keep_away(house, programs, SHORT_TIERS_S + 2)
        self.assertEqual(house.states(), {"accepted": str(CLAIMS)})
        outage.end("--answer-delay-ms=30")
        self.go_on(house, programs, before, f"{CLAIMS} claims, connections refused", "proc-setup")

    def test_calls_hang(self):
        """The first calls hang, all at the same moment; then only the probes. The claims wait in form-686c."""
        house = self.pipeline(**OUTAGE).set_up()
        house.start_api()
        programs = self.start_consumers(house, proc_setup=2)
        house.submit([claims.claim("03", veteran) for veteran in range(1, HANGING_CLAIMS + 1)])
        until(lambda: len(house.records("claims.686c")) == HANGING_CLAIMS, 60, "all claims set up", every=0.2)
        house.simulator.rule(name="away", operation="*", do="hang")
        programs += self.start_consumers(house, form_686c=3)
        before = self.rebalances(programs)
        self.keep_away(house, programs, SHORT_TIERS_S + 2)
        self.assertEqual(house.states(), {"accepted": str(HANGING_CLAIMS)})
        until(lambda: self.probes(house) > 1, 20, "a second probe", every=0.2)
        hung = house.simulator.taken("away")
        self.assertIn(hung, range(FAILURES, HANGING_CLAIMS + self.probes(house) + 1), "calls while BGS was away")
        house.simulator.control("POST", "answer-delay", {"delay_ms": 30})
        house.simulator.control("DELETE", "rules?name=away")
        self.go_on(house, programs, before, f"{HANGING_CLAIMS} claims, calls hang", "form-686c")

    def test_away_for_some_seconds(self):
        """Killed while it is at work on many claims, and back soon: the first probe that it can answer ends the outage."""
        # Who is away refuses at once; a probe that is answered is not to be late on a busy machine.
        house = self.pipeline(simulator_options=["--answer-delay-ms=200"],
                              **{**OUTAGE, "bgs_read_timeout_ms": 10000, "bgs_connect_timeout_ms": 2000,
                                 "send_within_ms": 2000, "unknown_settle_ms": 4000}).set_up()
        gate = Gate(house.simulator.netloc)
        self.addCleanup(gate.end)
        house.settings["bgs-url"] = gate.url
        house.start_api()
        programs = self.start_consumers(house, proc_setup=2, form_686c=2)
        house.submit([claims.claim("03", veteran) for veteran in range(1, ON_THE_WAY + 1)])
        until(lambda: house.simulator.control("GET", "statistics")["concurrent"] >= FAILURES * 2, 30, "BGS at work", every=0.01)
        gate.close()
        closed = time.monotonic()
        until(lambda: self.breaker(house)[0] != "closed", 20, "an open breaker", every=0.05)
        until(lambda: time.monotonic() - closed > AWAY_S, AWAY_S + 1, "a while")
        seen = int(self.breaker(house)[1])
        # Just after a probe that failed, so that the next one is the first that can be answered. State and number are of one
        # look at its row, for its events are published later.
        failed = until(lambda: self.opened_after(house, seen), 20, "a probe more that fails", every=0.02)
        gate.open()
        back = time.monotonic()
        house.wait_done(60)
        print(f"{ON_THE_WAY} claims, away for {back - closed:.1f} s: attempts spent by {self.spent(house)}, all done "
              f"{time.monotonic() - back:.1f} s after", flush=True)
        house.check_effects(self)
        self.assertEqual(int(self.breaker(house)[1]), failed + 2, self.changes(house))   # half-open, closed
        self.assertEqual(self.breaker(house)[0], "closed")
        until(lambda: "closed: the probe was answered" in self.changes(house), 20, lambda: f"its event: {self.changes(house)}")
        self.assertEqual(self.spent(house), 0, "claims that the outage has cost an attempt")
        self.assertTrue(all(program.runs() for program in programs))

    def opened_after(self, house, seen):
        state, number, *_ = self.breaker(house)
        return int(number) if state == "open" and int(number) > seen else None

    def probes(self, house):
        """Those that its row has counted: each of its changes has an event, which is published a while later."""
        number = int(self.breaker(house)[1])
        until(lambda: len(self.changes(house)) >= number, 20, lambda: f"{number} events: {self.changes(house)}", every=0.2)
        return sum(change.startswith("half-open") for change in self.changes(house)[:number])

    def go_on(self, house, programs, rebalances, what, consumer):
        back = time.monotonic()
        house.wait_done(120)
        took = time.monotonic() - back
        state, _, closed_at = self.breaker(house)
        self.assertEqual(state, "closed")
        print(f"{what}: attempts spent by {self.spent(house)}, all done {took:.1f} s after the outage", flush=True)
        self.assertLess(self.straggle(house), STRAGGLERS_S, "some claims went on long after the others")
        self.check_outage(house, programs, rebalances)
        highest = self.check_ramp(house, [program for program in programs if program.name == consumer], float(closed_at))
        self.assertGreater(highest, 4, "never enough calls in flight for the ramp to bound")

    def straggle(self, house):
        """Seconds from when nine tenths of the claims were through to the last: however fast the machine is."""
        return float(house.sql_one(
            "select extract (epoch from max (handled_at) - percentile_disc (0.9) within group (order by handled_at)) "
            "from inbox where consumer = 'form-686c' and verdict = 'DONE'"))

    def test_away_for_too_long(self):
        """What has waited longer than outage-max-wait goes the dead-letter way, and no attempt is the reason."""
        # Probes are too rare to take each claim out of its partition: it has to be looked for.
        house = self.pipeline(**{**OUTAGE, "breaker_failures": 2, "breaker_probe_ms": 5000, "breaker_probe_max_ms": 5000,
                                 "outage_max_wait": "3s"}).set_up()
        house.start_api()
        outage = Refused(house)
        # All are there when the first is tried: one alone would spend attempts, for it opens no breaker.
        house.submit([claims.claim("03", veteran) for veteran in range(1, FEW + 1)])
        until(lambda: len(house.records("claims.submitted")) == FEW, 30, "all in their topic")
        began = time.monotonic()
        house.start("proc-setup")
        until(lambda: "failure" in house.states(), 30, "the first failure", every=0.1)
        self.assertGreater(time.monotonic() - began, 3, "dead before outage-max-wait was over")
        until(lambda: house.states() == {"failure": str(FEW)}, 20, lambda: f"all failures: {house.states()}")
        outage.end()
        until(lambda: len(house.records("claims.dead-letter")) == FEW, 20, "dead letters")
        for _, headers, _ in house.records("claims.dead-letter"):
            self.assertEqual(headers["dp-error-class"], "outage-max-wait")
            self.assertLessEqual(int(headers["dp-attempt"]), 2)   # the one that it died of, and one that noticed
        self.assertEqual(house.simulator.ledger(), [])

    def test_one_poisoned_claim(self):
        """All calls of one claim hang, and those of 99 others are answered: no outage, and only that one ends badly."""
        house = self.pipeline(**{**OUTAGE, "breaker_failures": 2, "retry_tiers": "200ms*3", "look_tier": "200ms",
                                 "bgs_read_timeout_ms": 1500}).set_up()
        house.start_api()
        self.start_consumers(house, proc_setup=2, form_686c=2)
        house.simulator.rule(name="poison", operation="*", contains="600%06d" % POISONED, do="hang")
        guids = house.submit([claims.claim("03", veteran) for veteran in range(1, 101)])
        until(lambda: house.states() == {"success": "99", "failure": "1"}, 90, lambda: f"99 and 1: {house.states()}")
        self.assertEqual(house.sql_one("select distinct status from saved_claim_groups where parent_claim_id = saved_claim_id "
                                       f"and claim_group_guid = '{guids[POISONED - 1]}'"), "failure")
        until(lambda: house.records("claims.dead-letter"), 20, "the dead letter")
        ((_, headers, value),) = house.values("claims.dead-letter")
        self.assertEqual(value["claim_group_id"], guids[POISONED - 1])
        self.assertEqual((headers["dp-error-class"], headers["dp-attempt"]), ("unknown-outcome", "4"))
        self.assertEqual(self.changes(house), [], "it has opened the breaker")


if __name__ == "__main__":
    unittest.main(verbosity=2)
