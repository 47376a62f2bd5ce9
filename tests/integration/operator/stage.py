"""A world of scenarios with claims in every situation that an operator asks about.

The world is the scenarios' own (tests/support/scenario); a claim that fails waits for its second retry for an hour, so
that what waits can be looked at.
"""

import contextlib
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).parents[2] / "support" / "scenario"))

import records   # noqa: E402, F401
from conversation import fault   # noqa: E402
from performance import Request   # noqa: E402, F401
from strangers import Stranger   # noqa: E402
from threads import of_threads   # noqa: E402
from veterans import Veteran, canaries_of, claim_of   # noqa: E402
from world import World   # noqa: E402

WAIT_S = 40
FOR_NOW = "TUX-20306 - An unexpected error was encountered"
FOR_GOOD = "ORA-12899: value too large for column"

LOOKS = ("why", "overview", "waiting", "consumers", "groups", "holds", "dead-letters", "quarantine")
LOOKS_OF = {("breakers", "list"), ("replay", "status")}


class Stage(unittest.TestCase):
    """One world a class; each claim has a Veteran of its own."""
    settings = {"backup": "yes", "retry-tiers": "100ms,1h", "look-tier": "1h"}

    @classmethod
    def setUpClass(cls):
        cls.world = World(sys.argv[1], cls.settings)
        cls.addClassCleanup(cls.world.remove)
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.veterans = 0

    def setUp(self):
        self.canaries = []
        for what in ("rules", "ledger", "state"):
            self.world.bgs("DELETE", what)
            self.world.intake("DELETE", what)

    # ---- what goes in

    def submit(self, sample, leave_out=()):
        """A claim of a new Veteran: its guid. What is personal in it is in self.canaries."""
        type(self).veterans += 1
        self.veteran = Veteran(self.veterans)
        claim = claim_of(self.veteran, sample)
        for name in leave_out:
            claim["user_data"]["veteran_information"].pop(name, None)
        self.canaries = canaries_of(claim)
        status, _, body = self.world.post_claim(claim, {})
        self.assertEqual(status, 200, body)
        return json.loads(body)["data"]["attributes"]["confirmation_number"]

    def bgs_refuses(self, operation, text, times):
        self.world.bgs("POST", "rules", {"operation": operation, "times": times, "do": "answer", "status": 500,
                                         "body": fault(text)})

    fault = staticmethod(fault)

    def bgs_does(self, operation, what, times, **rule):
        self.world.bgs("POST", "rules", {"operation": operation, "times": times, "do": what, **rule})

    # ---- the operator

    def ctl(self, *arguments, answer=None, **variables):
        """(exit status, what it printed, what it complained of). Who only looks may only look."""
        words = [str(word) for word in arguments]
        looks = words[0] in LOOKS and "--reveal" not in words and "close" not in words or tuple(words[:2]) in LOOKS_OF
        environment = (self.world.environment if words[0] == "migrate" else
                       self.world.environment_of("pipelinectl", "reader" if looks else "operator"))
        with subprocess.Popen([self.world.programs_folder / "pipelinectl", *words], text=True, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**environment, "DEPENDENTS_LOG_LEVEL": "warning", **variables}) as program:
            try:
                said, complaint = program.communicate(answer, timeout=120)
            except subprocess.TimeoutExpired:
                hanging = self.hanging(program.pid)
                program.kill()
                said, complaint = program.communicate()
                self.fail(f"pipelinectl {' '.join(words)} hangs: {hanging}\n{said}\n{complaint}")
        return program.returncode, said, complaint

    def hanging(self, pid):
        """What each of its threads waits for, and each statement."""
        threads = [f"{name}: {wait}, {call}" for name, wait, call in of_threads(pid, "comm", "wchan", "syscall")]
        return "\n".join(threads + [str(row) for row in self.world.rows(
            "select pid, application_name, state, wait_event, clock_timestamp () - state_change, left (query, 100) "
            "from pg_stat_activity where datname = current_database ()")])

    def ask(self, *arguments, status=0):
        """What it prints as JSON; nothing personal is in it."""
        code, said, complaint = self.ctl(*arguments, "--json")
        self.assertEqual(code, status, said + complaint)
        for what, text in self.canaries:
            self.assertNotIn(text, said + complaint, what)
        return json.loads(said)

    @contextlib.contextmanager
    def locked(self, guid):
        """A stranger has the group's rows locked."""
        with Stranger(self.world.database_url) as stranger:
            stranger.hold(f"select 1 from saved_claim_groups where claim_group_guid = '{guid}' for update;")
            yield

    # ---- what comes of it

    def value(self, statement):
        rows = self.world.rows(statement)
        return rows[0][0] if rows else None

    def state_of(self, guid):
        return self.value("select status from saved_claim_groups where parent_claim_id = saved_claim_id and "
                          f"claim_group_guid = '{guid}'")

    def children_of(self, guid):
        """[(claim id, form, state)]."""
        return [(int(claim), form, state) for claim, form, state in self.world.rows(
            "select c.id, c.form_id, g.status from saved_claim_groups g join saved_claims c on c.id = g.saved_claim_id "
            f"where g.claim_group_guid = '{guid}' and g.saved_claim_id <> g.parent_claim_id order by c.id")]

    def await_true(self, condition, what):
        self.world.wait_for(condition, lambda: what, WAIT_S)

    def await_state(self, guid, state):
        self.world.wait_for(lambda: self.state_of(guid) == state, f"{guid} to be {state}, not {self.state_of(guid)}; "
                            + self.world.last_lines(), WAIT_S)

    def await_waiting(self, scope, topic):
        self.world.wait_for(lambda: self.value(f"select topic from record_places where scope = '{scope}'")
                            == "dependents." + topic, f"{scope} to wait in {topic}", WAIT_S)

    def record_at(self, topic, partition, offset):
        for record in list(self.world.kafka.records):
            if (record.topic, record.partition, record.offset) == (topic, int(partition), int(offset)):
                return record
        return None


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
