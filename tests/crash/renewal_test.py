"""Files that are read at the start alone are renewed in place: processes of a consumer end for it one after another, and with files that do
not work no more than one of them does."""

import subprocess
import unittest

from pipeline import PipelineTest, until

EVERY_MS, NOTICE_MS = 200, 500
QUIET_S = 3   # in which nothing may happen


class Renewal(PipelineTest):
    def setUp(self):
        self.house = self.pipeline(renew_every=f"{EVERY_MS}ms", renew_notice=f"{NOTICE_MS}ms").set_up()
        self.ca = self.house.folder / "ca.crt"
        self.renew()

    def renew(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-keyout", "/dev/null",
                        "-out", self.ca], check=True, stderr=subprocess.DEVNULL)

    def start(self):
        return self.house.start("form-686c", bgs_ca_file=self.ca)

    def ended(self, *programs):
        return [program for program in programs if not program.runs()]

    def stays(self, *programs):
        """None of them ends for a while."""
        with self.assertRaises(TimeoutError):
            until(lambda: self.ended(*programs), QUIET_S / 4, "none ends")   # until() waits for four times as long

    def test_one_after_another(self):
        both = [self.start(), self.start()]
        self.ca.write_bytes(self.ca.read_bytes())   # another inode or time is no news
        self.stays(*both)
        self.renew()
        first, = until(lambda: self.ended(*both), 10, "one of them ends")
        self.assertEqual(first.process.returncode, 0, first.log())
        self.assertIn("files have changed that are read at the start", first.log())
        other, = set(both) - {first}
        self.stays(other)
        new = self.start()
        until(lambda: self.ended(other), 10, "the other one ends, as the first has started again")
        self.assertEqual(other.process.returncode, 0, other.log())
        self.stays(new)

    def test_what_does_not_work_ends_one(self):
        both = [self.start(), self.start()]
        self.ca.write_text("no certificate\n")
        first, = until(lambda: self.ended(*both), 10, "one of them ends")
        broken = self.house.launch("form-686c", bgs_ca_file=self.ca)
        self.assertNotEqual(broken.wait_exit(20), 0)
        other, = set(both) - {first}
        self.stays(other)


if __name__ == "__main__":
    unittest.main(verbosity=2)
