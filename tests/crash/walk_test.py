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
from pipeline import CONSUMERS, FOR_NOW, PipelineTest, until

ANSWER_DELAY_MS = 15
BEFORE_EACH = 8       # claims that each consumer has before it, as long as it walks
TO_CLOSE = 16         # of them while it waits for one that it closes
REACHED_WITHIN_S = 120   # on a busy machine
SETTLED_WITHIN_S = 10   # what was unknown at the start is settled; the read limit and the settle time are 1.5 s
DONE_WITHIN_S = 120
SETTINGS = {
    "bgs_connect_timeout_ms": 250,
    "send_within_ms": 250,
    "unknown_settle_ms": 500,
    "bgs_read_timeout_ms": 1000,
    "heartbeat_interval_ms": 300,
    "instance_timeout_ms": 1500,
    "quarantine_after": 100,   # here it is not the record that kills its reader
    "in_flight": 8,            # what was in hand at a death runs alone afterwards, one record after another
    "kafka__fetch__wait__max__ms": 20,   # the first fetch of a process may go out before it knows where the records lie
}
# By consumer: a call that a claim's way through its retry tier begins with, and whose.
REFUSED = {"proc-setup": ("vnpProcCreate", None), "form-686c": ("vnpPersonCreate", "Marisol"),   # the spouse
           "form-674": ("vnpChildSchoolCreate", None)}
OF_INSERT = "^insert/.*|^read/(before|after)/find-benefit-claims$"   # passed by who settles one
ALONE = {"form-686c": {"student": False}, "form-674": {"spouse": False}}   # claims that only this form has a part in


class Walker(threading.Thread):
    """Kills one consumer at each of its points."""

    def __init__(self, house, name, points):
        super().__init__(daemon=True)
        self.house, self.name = house, name
        self.waiting = collections.deque((point, ()) for point in points)
        self.known = set(points)
        self.point = None                         # where it is to die now
        self.deaths = collections.deque(maxlen=3)   # newest first
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
                self.waiting.append((point, self.ways_to(point)))

    def ways_to(self, point):
        """Who looks does so for a call that was out when its process died; else it was one of the last deaths."""
        call = re.sub("^look/(before|after)/", "call/during/", re.sub(OF_INSERT, "call/during/insert-benefit-claim", point))
        return [call] * (call in self.known - {point}) + list(self.deaths)[1:]   # the newest is that of who passed it


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

        self.prepare(house)
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

    def prepare(self, house):
        """Claims wait for the form consumers, who would have none until proc-setup has walked past what precedes its publishing."""
        set_up = house.start("proc-setup")
        for _ in range(BEFORE_EACH):
            self.submit(house, {})
        until(lambda: self.before_each(house)["proc-setup"] == 0, 30, "all set up")
        self.assertEqual(set_up.end(), 0)

    def submit(self, house, parts):
        """Each is refused for a moment in each consumer, by and large, so that it goes through a retry tier there."""
        self.veteran += 1
        for name in CONSUMERS:
            self.refuse(house, name)
        house.submit([claims.claim(claims.each_step_once(**parts), self.veteran)], connections=1)

    def refuse(self, house, name):
        operation, text = REFUSED[name]
        house.simulator.refuse(operation, FOR_NOW, times=1, **({"contains": text} if text else {}))

    def is_to_be_refused(self, house, name):
        """One refusal is enough to lead there; many of them would use up the attempts of whatever claim comes next."""
        operation, _ = REFUSED[name]
        return any(rule["taken"] == 0 for rule in house.simulator.control("GET", "rules")
                   if rule["name"] == "refuse " + operation)

    def before_each(self, house):
        """By consumer: groups that have no proc yet, and children that are not submitted, set up or not."""
        names = dict.fromkeys(CONSUMERS, 0)
        names.update((name, int(count)) for name, count in house.sql(
            "select case when g.parent_claim_id = g.saved_claim_id then 'proc-setup' when c.form_id = '21-674' then 'form-674' "
            "else 'form-686c' end, count(*) from saved_claim_groups g join saved_claims c on c.id = g.saved_claim_id "
            "where case when g.parent_claim_id = g.saved_claim_id then g.proc_id is null else g.status <> 'submitted' end "
            "group by 1"))
        return names

    def feed(self, house, walkers):
        """Keeps claims before each walker, of the kind that leads to where it wants to die."""
        walking = set(walkers)
        while walking:
            for walker in [walker for walker in walking if not walker.is_alive()]:
                walking.remove(walker)
                if walker.trouble:
                    raise walker.trouble
                walker.launch({})   # which lives until all is done
            before = self.before_each(house)
            hungry = {walker.name for walker in walking if before[walker.name] < BEFORE_EACH}
            for walker in walking:
                if re.match("retry/", walker.point or "") and not self.is_to_be_refused(house, walker.name):
                    self.refuse(house, walker.name)
                if (walker.name in ALONE and re.match(r".*close-proc|second-scope", walker.point or "")
                        and before[walker.name] < TO_CLOSE):
                    self.submit(house, ALONE[walker.name])
            if "proc-setup" in hungry or len(hungry) > 1:
                self.submit(house, {})
            elif hungry:
                self.submit(house, ALONE[hungry.pop()])
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main(verbosity=2)
