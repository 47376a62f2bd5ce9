"""Records that their next topic cannot take, on Apache Kafka with its usual limit of 1,048,588 bytes a batch."""

import subprocess
import unittest

import claims
from pipeline import INSERT, PipelineTest, until
from servers import create_topic, grow_topic

LARGE = 1040000


class Oversize(PipelineTest):
    def test_whole_while_it_fits(self):
        """Foreign headers are the first to give way."""
        house = self.pipeline().set_up()
        house.start_api()
        house.start("proc-setup")
        house.produce("claims.submitted", 3, "one", {"x-foreign": "kept"}, b"x" * LARGE)
        (found,) = until(lambda: house.raw_records("quarantine"), 30, "the quarantine")
        self.assertEqual((found[0], found[2]), ("one", b"x" * LARGE))
        house.produce("claims.submitted", 3, "two", {"x-foreign": "f" * 5000}, b"x" * (LARGE - 1000))
        ((_, headers, value),) = until(lambda: [found for found in house.raw_records("quarantine") if found[0] == "two"],
                                       30, "the second")
        self.assertEqual(value, b"x" * (LARGE - 1000))
        self.assertIn("x-foreign", headers)   # there was room for it
        house.produce("claims.submitted", 3, "three", {"x-foreign": "f" * 9350}, b"x" * (LARGE - 1000))
        ((_, headers, value),) = until(lambda: [found for found in house.raw_records("quarantine") if found[0] == "three"],
                                       30, "the third")
        self.assertEqual(value, b"x" * (LARGE - 1000))
        self.assertNotIn("x-foreign", headers)
        self.assertEqual(headers["dp-headers-dropped"], "1")

    def test_topic_with_a_lower_limit(self):
        house = self.pipeline()
        house.migrate()
        create_topic(house.prefix + "quarantine", 12, retention_ms=2505600000, max_message_bytes=20000)
        house.set_up()
        house.start_api()
        house.start("proc-setup")
        house.produce("claims.submitted", 3, "one", {"x-foreign": "kept"}, b"x" * LARGE)
        ((key, headers, value),) = until(lambda: house.raw_records("quarantine"), 30, "the quarantine")
        self.assertEqual((key, value), ("one", b""))
        self.assertEqual(headers["dp-size"], str(LARGE))
        self.assertEqual(headers["dp-reference"], house.prefix + "claims.submitted/3/0")
        self.assertEqual(headers["x-foreign"], "kept")
        until(lambda: house.sql_one("select count(*) from outbox") == "0", 20, "all published")

    def test_compressed_to_what_fits(self):
        """A batch is small on its way: the broker looks at what it holds, before a process has to."""
        house = self.pipeline().set_up()
        house.start_api()
        house.start("proc-setup")
        swelling, harmless = house.folder / "swelling", house.folder / "harmless"
        swelling.write_bytes(b"x" * (20 * LARGE))
        harmless.write_bytes(b"x" * (LARGE - 1000))
        command = ["kcat", "-b", house.brokers, "-X", f"message.max.bytes={30 * LARGE}", "-z", "gzip", "-P", "-t",
                   house.prefix + "claims.submitted", "-p", "3", "-k", "one"]
        refused = subprocess.run([*command, swelling], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertIn(b"Message size too large", refused.stderr)
        subprocess.run([*command, harmless], stdin=subprocess.DEVNULL, timeout=60, check=True)
        ((key, _, value),) = until(lambda: house.raw_records("quarantine"), 30, "the quarantine")
        self.assertEqual((key, value), ("one", b"x" * (LARGE - 1000)))

    def test_retry_from_a_partition_that_its_tier_does_not_have(self):
        house = self.pipeline().set_up()
        grow_topic(house.prefix + "claims.686c", 24)
        house.start_api()
        for name in ("proc-setup", "form-686c"):
            house.start(name)
        house.simulator.refuse(INSERT, "TUX-20306 - An unexpected error was encountered", times=20)
        house.submit([claims.claim("03", veteran) for veteran in range(20)])
        house.wait_done(120)
        house.check_effects(self)


if __name__ == "__main__":
    unittest.main(verbosity=2)
