"""What is counted: one request for one call however a connection breaks, one commit a call, milliseconds for the user."""

import statistics
import time
import unittest

import claims
from pipeline import CONSUMERS, INSERT, Pipeline, until


class Once(unittest.TestCase):
    def test_a_server_that_acts_on_the_second_request_of_a_connection_and_closes(self):
        """libcurl would send it again by itself on a new connection; the server would act twice."""
        with Pipeline() as pipeline:
            pipeline.set_up().start_api()
            pipeline.simulator.rule(name="form", operation="vnpProcFormCreate", do="drop-after", request_no=2, times=1)
            pipeline.simulator.rule(name="address", operation="vnpPtcpntAddrsCreate", do="drop-after", request_no=2, times=1)
            for name in CONSUMERS:
                pipeline.start(name)
            pipeline.submit([claims.claim("03", 1)])
            pipeline.wait_done()
            # The proc form is found by its key and not made again; the address, which nothing can find, is, once, and
            # only after the settle time: nobody but us has sent it, and libcurl has not.
            forms = pipeline.simulator.ledger("vnpProcFormCreate")
            addresses = pipeline.simulator.ledger("vnpPtcpntAddrsCreate")
            self.assertEqual([0], [entry["status"] for entry in forms])
            self.assertEqual([0, 200], [entry["status"] for entry in addresses])
            self.assertGreater(claims.seconds_between(addresses[0]["at"], addresses[1]["at"]), 1)
            self.assertEqual([["unknown"], ["finished"]], pipeline.sql(
                "select state from step_journal where step = 'create-veteran-address' order by ordinal"))
            pipeline.check_effects(self)

    def test_the_user_waits_for_one_commit_however_slow_bgs_is(self):
        with Pipeline(simulator_options=["--answer-delay-ms=2000"], bgs_read_timeout_ms=10000) as pipeline:
            pipeline.set_up().start_api()
            for name in CONSUMERS:
                pipeline.start(name)
            client = claims.Client(pipeline.api.address("URL"), pipeline.token)
            waited_ms = []
            for veteran in range(1, 41):
                before = time.monotonic()
                client.post(claims.claim("03", veteran))
                waited_ms.append((time.monotonic() - before) * 1000)
            client.close()
            until(lambda: pipeline.simulator.ledger("vnpProcCreate"), 20, "BGS asked")
            median = statistics.median(waited_ms)
            print(f"POST: median {median:.1f} ms, longest {max(waited_ms):.1f} ms, with 2 s a BGS call", flush=True)
            self.assertLess(median, 50)

    def test_a_claim_costs_one_commit_a_call_beside_take_and_settle(self):
        """Counted by transaction ids: every writing transaction takes one, also those that flush nothing."""
        count = 10
        with Pipeline(heartbeat_interval_ms=60000, instance_timeout_ms=120000) as pipeline:
            pipeline.set_up().start_api(heartbeat_interval_ms=60000)
            for name in ("proc-setup", "form-686c"):
                pipeline.start(name)
            client = claims.Client(pipeline.api.address("URL"), pipeline.token)

            def one(veteran):
                client.post(claims.claim("03", veteran))
                until(lambda: pipeline.states() == {"success": str(veteran)}, 30, "success")

            one(1)   # warm: assignments, statements, leases
            until(lambda: pipeline.sql_one("select count(*) from outbox") == "0", 10, "outbox empty")
            before = int(pipeline.sql_one("select pg_current_xact_id()"))
            calls_before = len(pipeline.simulator.ledger())
            for veteran in range(2, 2 + count):
                one(veteran)
            until(lambda: pipeline.sql_one("select count(*) from outbox") == "0", 10, "outbox empty")
            after = int(pipeline.sql_one("select pg_current_xact_id()"))
            client.close()
            calls = (len(pipeline.simulator.ledger()) - calls_before) / count
            # Our own question takes an id as well.
            commits = (after - before - 1) / count
            print(f"{calls:.1f} calls and {commits:.1f} writing transactions a claim", flush=True)
            self.assertEqual(1, len({entry["operation"] for entry in pipeline.simulator.ledger(INSERT)}))
            # The POST; per message a count (asynchronous) before and after, take, settle and the outbox's deletion; in the form
            # consumer the Veteran's lock, submitted, and the group's run row.
            self.assertLessEqual(commits, calls + 16)


if __name__ == "__main__":
    unittest.main()
