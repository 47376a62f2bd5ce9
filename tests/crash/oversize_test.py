"""Records that their next topic cannot take, on Apache Kafka with its usual limit of 1,048,588 bytes a batch."""

import subprocess
import unittest

import claims
from pipeline import INSERT, PipelineTest, until
from servers import create_topic, delete_topic, grow_topic

LARGE = 1040000
WAITING_MAX = 20000   # rows of a process, OUTBOX_WAITING_MAX
RECORDS = WAITING_MAX + 4000


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

    def test_topic_that_has_gone(self):
        """Their rows wait, up to a bound; then nothing more is read, and the process says why. Made again, it has them all."""
        house = self.pipeline().set_up()
        for topic in ("bench.in", "bench.out"):
            create_topic(house.prefix + topic, 12)
        program = house.start("bench-consumer", database_url=house.database_url)
        until(program.is_ready, 30, "ready")
        delete_topic(house.prefix + "bench.out")
        lines = b"".join(b"key-%d %020d\n" % (number, number) for number in range(RECORDS))
        subprocess.run(["kcat", "-b", house.brokers, "-P", "-t", house.prefix + "bench.in", "-K", " "], input=lines,
                       stderr=subprocess.PIPE, timeout=60, check=True)
        until(lambda: "trouble: publish" in program.get("/readyz")[1], 60, lambda: program.get("/readyz"))
        until(lambda: house.sql_one(
            f"select count(*) between {WAITING_MAX} and {RECORDS - 1} from outbox") == "t", 20, "a bound of what waits")
        create_topic(house.prefix + "bench.out", 12)
        until(lambda: house.sql_one("select count(*) from inbox where verdict = 'DONE'") == str(RECORDS), 120, "all settled")
        until(lambda: house.sql_one("select count(*) from outbox") == "0", 120, "all published")
        self.assertEqual(sorted(value for _, _, value in house.raw_records("bench.out")),
                         [b"%020d" % number for number in range(RECORDS)])
        until(program.is_ready, 20, lambda: program.get("/readyz"))
        self.assertEqual(program.end(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
