"""Programs of an earlier commit beside ours, on one database and one broker, while claims come in: theirs alone on their schema; ours migrates it
under them, and they are restarted on it; both together, one of each told to end and one killed; ours alone; and theirs again on our schema, as a
rollback has it, which migrates nothing back. No claim is lost or doubled.

None of ctest's, for it needs the programs of that commit: `./dev test beside COMMIT`.

  EARLIER   the folder of their binaries
"""

import itertools
import os
import pathlib
import unittest

from coming import Coming
from pipeline import CONSUMERS, PROGRAMS, PipelineTest

EARLIER = pathlib.Path(os.environ["EARLIER"])
CLAIMS = 15    # that come in meanwhile
CALLERS = 3
GRACE_S = 30


class Beside(PipelineTest):
    def setUp(self):
        self.house = self.pipeline().set_up(EARLIER)
        self.running = {name: [] for name in ("claim-api", *CONSUMERS)}

    def add(self, name, programs, count=1):
        options = {"token_file": self.house.token_file} if name == "claim-api" else {}
        added = [self.house.launch(name, programs=programs, **options) for _ in range(count)]
        for program in added:
            program.wait_ready()
        self.running[name] += added
        return added

    def take_away(self, name, program, is_killed=False):
        self.running[name].remove(program)
        if is_killed:
            program.kill()
        else:
            self.assertEqual(program.end(GRACE_S), 0)

    def replace_all(self, programs):
        """As a rolling update: of each one at a time."""
        for name, there in self.running.items():
            for program in list(there):
                self.add(name, programs)
                self.take_away(name, program)

    def door(self, number):
        there = list(self.running["claim-api"])
        return there[number % len(there)].address("URL")

    def schema(self):
        return self.house.sql_one("select max (version) from schema_migrations")

    def test_beside(self):
        for name in self.running:
            self.add(name, EARLIER, 2)
        before = self.schema()
        doors = itertools.count()
        coming = Coming(self.house.token, lambda: self.door(next(doors)), CALLERS)
        coming.more(CLAIMS)

        self.house.migrate(PROGRAMS)
        print(f"schema {before} became {self.schema()} under them", flush=True)
        coming.more(CLAIMS)
        self.replace_all(EARLIER)
        coming.more(CLAIMS)

        for name, there in self.running.items():
            self.add(name, PROGRAMS, 2)
            coming.more(CLAIMS)
            theirs, ours = there[0], there[-1]
            for program, is_killed in ((theirs, name != "claim-api"), (ours, False)):
                self.take_away(name, program, is_killed)
            self.add(name, EARLIER)
            coming.more(CLAIMS)
        self.replace_all(PROGRAMS)
        coming.more(CLAIMS)
        self.replace_all(EARLIER)
        coming.more(CLAIMS)
        coming.end()
        self.house.wait_done(90)

        print(f"{len(coming.taken)} claims taken, {coming.refused} times not", flush=True)
        self.house.check_effects(self)
        groups = self.house.sql("select count (*) from saved_claim_groups where parent_claim_id = saved_claim_id group by veteran_id")
        self.assertEqual(groups, [["1"]] * len(groups), "a claim that was sent again with its key is there twice")
        self.assertGreaterEqual(len(groups), len(coming.taken))
        for program in self.house.programs:
            self.assertIn(program.process.poll(), (None, 0, -9), program.log()[-2000:])


if __name__ == "__main__":
    unittest.main(verbosity=2)
