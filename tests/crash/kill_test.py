"""Three processes of each consumer, killed and restarted at random while claims pass: nothing lost, nothing twice."""

import os
import random
import threading
import time
import unittest

import claims
from pipeline import CONSUMERS, Pipeline, until

VETERANS = int(os.environ.get("CRASH_VETERANS", "200"))
OF_ONE_VETERAN = 9   # as many as BGS lets one Veteran have open
KILLS = int(os.environ.get("CRASH_KILLS", "36"))
SAMPLES = ["03"] * 14 + ["01"] * 3 + ["06"] + ["07"] * 2   # mostly the smallest


class Place:
    """One of the three of a consumer: whoever runs there."""

    def __init__(self, pipeline, name, number):
        self.pipeline, self.name = pipeline, name
        self.member = f"{name}-{number}"
        self.start(is_new=False)

    def start(self, is_new):
        """As the member of this place, whose partitions wait for it, or as somebody new."""
        member = {} if is_new else {"kafka__group__instance__id": self.member}
        self.program = self.pipeline.launch(self.name, **member)


class Kill(unittest.TestCase):
    def test_killed_at_random(self):
        seed = int(os.environ.get("CRASH_SEED") or random.randrange(1 << 32))
        print(f"CRASH_SEED={seed}", flush=True)
        chance = random.Random(seed)
        started = time.monotonic()
        with Pipeline(simulator_options=["--answer-delay-ms=20"]) as pipeline:
            pipeline.set_up()
            pipeline.start_api()   # never killed; it is the relay
            places = [Place(pipeline, name, number) for name in CONSUMERS for number in range(3)]
            for place in places:
                place.program.wait_ready()

            kinds = [chance.choice(SAMPLES) for _ in range(VETERANS)]
            bodies = [claims.claim(kind, veteran) for veteran, kind in enumerate(kinds, 1)]
            bodies += [claims.claim("03", VETERANS + 1) for _ in range(OF_ONE_VETERAN)]
            chance.shuffle(bodies)
            submitting = threading.Thread(target=pipeline.submit, args=(bodies,))
            submitting.start()

            kills = replaced = 0
            while kills < KILLS and (submitting.is_alive() or not pipeline.all_done()):
                place = chance.choice(places)
                self.check_running(places)
                place.program.kill()
                is_new = chance.randrange(3) == 0
                place.start(is_new)
                kills, replaced = kills + 1, replaced + is_new
                pause = time.monotonic() + chance.uniform(0.05, 0.9)
                until(lambda: time.monotonic() > pause, 5, "a pause", every=0.02)
            submitting.join()
            print(f"{kills} kills, {replaced} replaced by a new process; then {pipeline.states()}", flush=True)
            self.assertGreaterEqual(kills, KILLS * 2 // 3, "the claims were through before enough had been killed")

            until(lambda: self.check_running(places) or pipeline.all_done(), 150,
                  lambda: f"all claim groups in success; they are {pipeline.states()}", every=0.2)
            print(f"all done after {time.monotonic() - started:.0f} s; journal: "
                  + ", ".join(f"{count} {state}" for state, count in pipeline.sql(
                      "select state, count(*) from step_journal group by state order by state")), flush=True)
            self.assertGreater(int(pipeline.sql_one(
                "select count(*) from step_journal where state in ('unknown', 'not there')")), 0,
                "no call was ever cut off")
            pipeline.check_effects(self)
            self.assertEqual(len(pipeline.sql("select distinct veteran_id from saved_claim_groups")), VETERANS + 1)
        print(f"{time.monotonic() - started:.0f} s in all", flush=True)

    def check_running(self, places):
        for place in places:
            self.assertTrue(place.program.runs(),
                            f"{place.member} has ended by itself, with {place.program.process.returncode}:\n"
                            + place.program.log()[-2000:])


if __name__ == "__main__":
    unittest.main(verbosity=2)
