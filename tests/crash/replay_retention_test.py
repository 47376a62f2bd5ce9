"""pipelinectl replay on logs whose head retention has deleted: a plan made before is applied all the same, for what it sends are new
records; one made after says what it could not read. And a reading that does not come to its end: for the broker is gone, or for somebody has
had enough.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import time
import unittest

import claims
from pipeline import CONSUMERS, PROGRAMS, PipelineTest, until
from roles import as_part
from servers import delete_records, end_offsets
from threads import of_threads

PARTITIONS, CLAIMS = 12, 3
RECORDS = 400000   # a second's reading
SOURCES = ("claims.submitted", "claims.686c")
PASSES = "TUX-20306 - An unexpected error was encountered"


class ReplayRetention(PipelineTest):
    @staticmethod
    def start_replay(house, *words):
        settings = {**house.settings, "database-url": as_part(house.database_url, "operator")}
        return subprocess.Popen([PROGRAMS / "pipelinectl", "replay", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env={**house.environment, **{
                                    "DEPENDENTS_" + re.sub("[.-]", "_", name).upper(): str(value) for name, value in settings.items()}})

    def replay(self, house, *words, status=0):
        """What it says."""
        with self.start_replay(house, *words) as process:
            said, complaint = process.communicate(timeout=120)
        self.assertEqual(process.returncode, status, said + complaint)
        return said + complaint if status else json.loads(said)

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

    def start_reading(self, house, file):
        """A plan that is in the midst of its records, and the broker stopped under it."""
        process = self.start_replay(house, "plan", file, "--topic", "claims.674", "--topic", "claims.674")
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        broker = int(pathlib.Path(os.environ["KAFKA_PID_FILE"]).read_text())
        until(lambda: ["waker"] in of_threads(process.pid, "comm"), 60, "it to read", every=0.001)
        os.kill(broker, signal.SIGSTOP)
        self.addCleanup(os.kill, broker, signal.SIGCONT)
        return process, broker

    @staticmethod
    def broker_leads():
        told = subprocess.run(["kcat", "-b", os.environ["KAFKA_BROKERS"], "-L"], capture_output=True, text=True, check=False)
        return told.returncode == 0 and "leader 1" in told.stdout and "leader -1" not in told.stdout

    def test_a_reading_that_does_not_end(self):
        house = self.pipeline().set_up()
        subprocess.run(["kcat", "-P", "-b", os.environ["KAFKA_BROKERS"], "-t", house.prefix + "claims.674"], check=True,
                       input=(b"x" * 300 + b"\n") * RECORDS)
        file = house.folder / "plan"
        for what, send, status, words in (
                ("somebody has had enough", signal.SIGINT, 1, "ended by a signal: there is no plan"),
                ("nothing comes", 0, 1, "partitions have more, and nothing comes")):
            with self.subTest(what):
                process, broker = self.start_reading(house, file)
                process.send_signal(send)
                begun = time.monotonic()
                said, complaint = process.communicate(timeout=90)
                self.assertEqual((process.returncode, list(house.folder.glob("plan*"))), (status, []), said + complaint)
                self.assertIn(words, complaint)
                self.assertLess(time.monotonic() - begun, 10 if send else 60)
                os.kill(broker, signal.SIGCONT)
        until(self.broker_leads, 60, "the broker to lead again, for it was taken for dead")
        totals = self.replay(house, "plan", file, "--topic", "claims.674", "--topic", "claims.674", "--json")
        self.assertEqual(totals["records"], RECORDS)   # named twice, read once


if __name__ == "__main__":
    unittest.main()
