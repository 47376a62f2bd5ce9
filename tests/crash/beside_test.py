"""Programs of an earlier commit beside ours, on one database and one broker, while claims come in: theirs alone on their schema; ours migrates it
under them, and they are restarted on it; both together, one of each told to end and one killed; ours alone; and theirs again on our schema, as a
rollback has it, which migrates nothing back. No claim is lost or doubled.

None of ctest's, for it needs the programs of that commit: `./dev test beside COMMIT`.

  EARLIER   the folder of their binaries
"""

import itertools
import os
import pathlib
import threading
import unittest

import claims
from pipeline import CONSUMERS, PROGRAMS, PipelineTest, until

EARLIER = pathlib.Path(os.environ["EARLIER"])
CLAIMS = 15    # that come in meanwhile
CALLERS = 3
PAUSE_S = 0.4
AGAIN_S = 0.2
GRACE_S = 30


class Coming:
    """Claims from several at once, each of another Veteran, and each again and again with its key until some claim-api takes it."""

    def __init__(self, test):
        self.test, self.is_over, self.taken, self.refused, self.trouble = test, threading.Event(), [], 0, None
        self.numbers = itertools.count(1)
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(CALLERS)]
        for thread in self.threads:
            thread.start()

    def run(self):
        try:
            while not self.is_over.wait(PAUSE_S):
                number = next(self.numbers)
                while not self.is_taken(number):
                    self.refused += 1
                    if self.is_over.wait(AGAIN_S):
                        return
                self.taken.append(number)
        except Exception as error:   # told by the test's thread
            self.trouble = error

    def is_taken(self, number):
        doors = list(self.test.running["claim-api"])
        client = claims.Client(doors[number % len(doors)].address("URL"), self.test.house.token)
        try:
            return client.try_post(claims.claim("05" if number % 3 == 0 else "03", number), f"claim-{number}")
        finally:
            client.close()

    def more(self, count=CLAIMS):
        wanted = len(self.taken) + count
        until(lambda: self.trouble or len(self.taken) >= wanted, 60, "claims that come in", every=0.02)

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        if self.trouble:
            raise self.trouble


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

    def schema(self):
        return self.house.sql_one("select max (version) from schema_migrations")

    def test_beside(self):
        for name in self.running:
            self.add(name, EARLIER, 2)
        before = self.schema()
        coming = Coming(self)
        coming.more()

        self.house.migrate(PROGRAMS)
        print(f"schema {before} became {self.schema()} under them", flush=True)
        coming.more()
        self.replace_all(EARLIER)
        coming.more()

        for name, there in self.running.items():
            self.add(name, PROGRAMS, 2)
            coming.more()
            theirs, ours = there[0], there[-1]
            for program, is_killed in ((theirs, name != "claim-api"), (ours, False)):
                self.take_away(name, program, is_killed)
            self.add(name, EARLIER)
            coming.more()
        self.replace_all(PROGRAMS)
        coming.more()
        self.replace_all(EARLIER)
        coming.more()
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
