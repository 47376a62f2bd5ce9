"""What a process has of its own gives out: descriptors for connections, and somebody who reads its log.

Without descriptors it is ill, and BGS is not: the breaker that all processes share stays closed, no attempt is spent, the
process lives, and goes on by itself when it is given some. A log that nobody reads is no trouble of the claims.
"""

import fcntl
import os
import resource
import sys
import termios
import time
import unittest

import claims
from pipeline import PipelineTest, until

KEPT_S = 1   # so long a connection to BGS is kept; then the next call needs a new one
CLAIMS = 100
PIPE = 4096   # bytes: full after a few lines
LINE = 1024   # longer than lines are here
ENDS_IN_S = 15
FEW = 10     # all numbers below are in use


class OwnTrouble(PipelineTest):
    def test_nobody_reads_the_log(self):
        house = self.pipeline().set_up()
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE)
        house.start_api()
        mute = [house.launch(name, log_to=writer, log_level="debug") for name in ("proc-setup", "form-686c")]
        os.close(writer)
        for program in mute:
            program.wait_ready()
        house.submit([claims.claim("03", veteran) for veteran in range(CLAIMS)])
        house.wait_done(90)
        house.check_effects(self)
        waiting = bytearray(4)
        fcntl.ioctl(reader, termios.FIONREAD, waiting)
        self.assertGreater(int.from_bytes(waiting, sys.byteorder), PIPE - LINE, "the pipe was never full")
        for program in mute:
            self.assertEqual(program.log(), "")
            self.assertEqual(program.get("/readyz")[0], 200)
            self.assertEqual(program.end(ENDS_IN_S), 0)

    def test_without_descriptors(self):
        house = self.pipeline(bgs_max_connection_age_s=KEPT_S, breaker_failures=1).set_up()
        house.start_api()
        house.start("proc-setup")
        ill = house.start("form-686c", in_flight=1)
        # Whatever else it needs it has after one claim.
        house.submit([claims.claim("03", 1)])
        house.wait_done(40)
        done_at = time.monotonic()
        until(lambda: time.monotonic() - done_at > KEPT_S + 1, 10, "the kept connection is too old")
        before = resource.prlimit(ill.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(ill.process.pid, resource.RLIMIT_NOFILE, (FEW, before[1]))
        house.submit([claims.claim("03", 2)])

        def tries():
            return house.sql("select state from step_journal where scope = (select max(saved_claim_id)::text from "
                             "saved_claim_groups) and step = 'create-veteran-participant' order by ordinal")
        until(lambda: len(tries()) >= 3, 30, "three tries")
        self.assertIn("for want of something of this process's own", ill.log())
        self.assertEqual(house.sql("select count(*) from breakers where change_no > 0 or state <> 'closed'"), [["0"]])
        self.assertEqual(house.sql("select count(*) from breaker_failures"), [["0"]])
        self.assertEqual(house.sql("select count(*) from bgs_submission_attempts where status <> 'submitted'"), [["0"]])
        self.assertTrue(ill.runs())

        resource.prlimit(ill.process.pid, resource.RLIMIT_NOFILE, before)
        house.wait_done(60)
        house.check_effects(self)
        self.assertEqual({state for state, in tries()}, {"failed", "finished"})   # nothing was in doubt
        self.assertTrue(ill.runs())


if __name__ == "__main__":
    unittest.main(verbosity=2)
