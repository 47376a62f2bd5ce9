"""Every crash point of every consumer: killed there once, started again, and each effect is there once.

Points are found by an undisturbed run, which passes them (CRASH_LIST), and by the walk itself, which passes others while
it settles what was left unknown. Needs programs with crash points (preset debug).

One process a consumer, each a static member of its group. It is started with the next point as soon as it has died, while
claims are fed to it; what the claims of earlier kills wait for overlaps. BGS acts later than 10 ms after a call has begun,
so who dies at call/during has a request out that nobody waits for.
"""

import collections
import re
import threading
import time
import unittest

import claims
from pipeline import CONSUMERS, PipelineTest, until

ANSWER_DELAY_MS = 40
UNDER_WAY = 9         # claim groups that are fed at the same time
NOT_SET_UP = 4        # of them without a proc, while proc-setup walks
UNDER_WAY_MAX = 40
REACHED_WITHIN_S = 40
SETTLED_WITHIN_S = 10   # what was unknown at the start is settled; the read limit and the settle time are 1.5 s
DONE_WITHIN_S = 120
FOR_NOW = "Something has gone wrong for a moment"
SETTINGS = {
    "bgs_connect_timeout_ms": 250,
    "send_within_ms": 250,
    "unknown_settle_ms": 500,
    "bgs_read_timeout_ms": 1000,
    "heartbeat_interval_ms": 300,
    "instance_timeout_ms": 1500,
    "quarantine_after": 100,   # here it is not the record that kills its reader
}


class Walker(threading.Thread):
    """Kills one consumer at each of its points."""

    def __init__(self, house, name, points):
        super().__init__(daemon=True)
        self.house, self.name = house, name
        self.waiting = collections.deque((point, ()) for point in points)
        self.known = set(points)
        self.point = None                         # where it is to die now
        self.deaths = collections.deque(maxlen=4)   # newest first
        self.killed, self.unreached, self.not_again, self.trouble = [], [], [], None
        self.list_file = house.folder / f"{name}.points"

    def run(self):
        try:
            while self.waiting:
                point, ways = self.waiting.popleft()
                if self.walk_to(point, ways):
                    self.killed.append(point)
                elif ways:
                    self.not_again.append(point)
                else:
                    self.unreached.append(point)
                self.look_for_more()
        except Exception as error:   # told by the test's thread
            self.trouble = error

    def launch(self, environment):
        """A process dies with the thread that has started it (setpriv --pdeathsig)."""
        return self.house.launch(self.name, kafka__group__instance__id=self.name,
                                 environment={**environment, "CRASH_LIST": str(self.list_file)})

    def walk_to(self, point, ways):
        """`ways`: deaths after which it was passed, of which one was the reason; none: it is on everybody's way."""
        if not ways:
            return self.die_at(point, REACHED_WITHIN_S)
        return any(self.die_at(way, REACHED_WITHIN_S) and self.die_at(point, SETTLED_WITHIN_S) for way in ways)

    def die_at(self, point, seconds):
        self.point = point
        program = self.launch({"CRASH_AT": point})
        deadline = time.monotonic() + seconds
        while program.runs() and time.monotonic() < deadline:
            time.sleep(0.01)
        if program.runs():
            program.kill()
            return False
        if program.process.returncode != -9:
            raise AssertionError(f"{self.name} ended with {program.process.returncode} instead of dying at {point}:\n"
                                 + program.log()[-2000:])
        self.deaths.appendleft(point)
        return True

    def look_for_more(self):
        """Points that only a process passes which has something to settle."""
        for point in self.list_file.read_text().split():
            if point not in self.known:
                self.known.add(point)
                self.waiting.append((point, list(self.deaths)[1:]))   # the newest is that of who passed it


class Walk(PipelineTest):
    def test_every_point(self):
        started = time.monotonic()
        house = self.pipeline(simulator_options=[f"--answer-delay-ms={ANSWER_DELAY_MS}"], **SETTINGS).set_up()
        house.start_api()
        self.veteran = 0
        points = self.discover(house)
        undisturbed = house.effects()
        print(", ".join(f"{name}: {len(points[name])}" for name in CONSUMERS), "points passed undisturbed;",
              f"{time.monotonic() - started:.0f} s", flush=True)

        walkers = [Walker(house, name, points[name]) for name in CONSUMERS]
        for walker in walkers:
            walker.start()
        self.feed(house, walkers)
        print(f"{sum(len(walker.killed) for walker in walkers)} points walked after {time.monotonic() - started:.0f} s",
              flush=True)
        house.wait_done(DONE_WITHIN_S)

        self.assertEqual({walker.name: walker.unreached for walker in walkers if walker.unreached}, {}, "never reached")
        for walker in walkers:
            if walker.not_again:   # a chance of several processes; the situations of the guards bring such about
                print(f"{walker.name}: passed by chance, and not again: {', '.join(walker.not_again)}", flush=True)
        house.check_effects(self)
        house.check_like(self, undisturbed)
        print(f"{sum(int(count) for count in house.states().values())} claim groups, 0 lost, 0 repeated, 0 stuck; journal: "
              + ", ".join(f"{count} {state}" for state, count in house.sql(
                  "select state, count(*) from step_journal group by state order by state"))
              + f"; {time.monotonic() - started:.0f} s in all", flush=True)

    def discover(self, house):
        """What each consumer passes when nothing happens."""
        lists = {name: house.folder / f"{name}.undisturbed" for name in CONSUMERS}
        programs = [house.start(name, environment={"CRASH_LIST": str(path)}) for name, path in lists.items()]
        self.submit(house, {})
        self.submit(house, {"student": False})
        self.submit(house, {"spouse": False})
        house.wait_done(30)
        until(lambda: house.sql_one("select count(*) from outbox") == "0", 20, "all published")
        for program in programs:
            self.assertEqual(program.end(), 0)
        return {name: path.read_text().split() for name, path in lists.items()}

    def submit(self, house, parts):
        """Each is refused for a moment in each consumer, by and large, so that it goes through a retry tier there."""
        self.veteran += 1
        house.simulator.refuse("vnpProcCreate", FOR_NOW, times=1)
        house.simulator.refuse("vnpPersonCreate", FOR_NOW, contains="Marisol", times=1)   # the spouse
        house.simulator.refuse("vnpChildSchoolCreate", FOR_NOW, times=1)
        house.submit([claims.claim(claims.each_step_once(**parts), self.veteran)], connections=1)

    def feed(self, house, walkers):
        """Keeps claims under way, of the kind that leads to where somebody wants to die."""
        walking = set(walkers)
        while walking:
            for walker in [walker for walker in walking if not walker.is_alive()]:
                walking.remove(walker)
                if walker.trouble:
                    raise walker.trouble
                walker.launch({})   # which lives until all is done
            under_way, not_set_up = map(int, *house.sql(
                "select count(*), count(*) filter (where proc_id is null) from saved_claim_groups "
                "where parent_claim_id = saved_claim_id and status <> 'success'"))
            for walker in walking:
                wants_close = re.match(r".*close-proc|second-scope", walker.point or "")
                if wants_close and under_way < UNDER_WAY_MAX // 2:
                    self.submit(house, {"spouse" if walker.name == "form-674" else "student": False})
                    under_way += 1
            wants_set_up = any(walker.name == "proc-setup" for walker in walking) and not_set_up < NOT_SET_UP
            if under_way < UNDER_WAY or (wants_set_up and under_way < UNDER_WAY_MAX):
                self.submit(house, {})
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main(verbosity=2)
