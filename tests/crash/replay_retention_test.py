"""pipelinectl replay on logs whose head retention has deleted: a plan made before is applied all the same, for what it sends are new
records; one made after says what it could not read.
"""

import json
import os
import re
import subprocess
import unittest

import claims
from pipeline import CONSUMERS, PROGRAMS, PipelineTest, until
from roles import as_part
from servers import delete_records, end_offsets

PARTITIONS, CLAIMS = 12, 3
SOURCES = ("claims.submitted", "claims.686c")
PASSES = "TUX-20306 - An unexpected error was encountered"


class ReplayRetention(PipelineTest):
    def replay(self, house, *words, status=0):
        """What it says."""
        settings = {**house.settings, "database-url": as_part(house.database_url, "operator")}
        done = subprocess.run([PROGRAMS / "pipelinectl", "replay", *map(str, words)], capture_output=True, text=True, check=False,
                              timeout=120, env={**house.environment, **{
                                  "DEPENDENTS_" + re.sub("[.-]", "_", name).upper(): str(value) for name, value in settings.items()}})
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr if status else json.loads(done.stdout)

    @staticmethod
    def delete_all(house):
        """How many records of each source that takes."""
        ends = {topic: end_offsets([house.prefix + topic], PARTITIONS) for topic in SOURCES}
        for of_topic in ends.values():
            delete_records({place: offset for place, offset in of_topic.items() if offset})
        return {topic: sum(of_topic.values()) for topic, of_topic in ends.items()}

    def test_a_head_that_is_gone(self):
        house = self.pipeline(retry_tiers="200ms,1h", look_tier="1h").set_up()
        house.start_api()
        for name in CONSUMERS:
            house.start(name)
        house.simulator.refuse("vnpPtcpntPhoneCreate", PASSES)
        house.submit([claims.claim("03", veteran) for veteran in range(CLAIMS)])
        until(lambda: house.sql_one("select count (*) from record_places where topic like '%form-686c.retry-1h'") == str(CLAIMS), 30,
              "all to wait")
        house.simulator.let_go()
        file = house.folder / "plan"
        totals = self.replay(house, "plan", file, "--json")
        self.assertEqual((totals["records"], totals["groups_to_send"], totals["before_the_log"]), (2 * CLAIMS, CLAIMS, 0))
        self.delete_all(house)
        done = self.replay(house, "apply", file, "--yes", "--json", "--reason", "BGS is mended")
        self.assertEqual((done["sent"], done["refused"]), (CLAIMS, 0))
        house.wait_done()
        house.check_effects(self)

        asked = ("plan", file, "--topic", "claims.686c", "--from-offset", 0)
        totals = self.replay(house, *asked, "--json")
        self.assertEqual((totals["records"], totals["nothing"], totals["before_the_log"]), (CLAIMS, CLAIMS, CLAIMS))
        gone = self.delete_all(house)["claims.686c"]
        os.unlink(file)
        self.assertIn(f"no record matches: there is no plan; {gone} offsets that were asked for are in no log any more",
                      self.replay(house, *asked, status=3))
        self.assertFalse(file.exists())


if __name__ == "__main__":
    unittest.main()
