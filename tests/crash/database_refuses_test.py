"""The database answers, and cannot do what it is asked: its disk is full, it is read-only, it does not know whether a commit
will last, or it refuses one claim for good.

A full disk is what a client sees of it, SQLSTATE 53100 on the tables that grow with each claim; a disk of its own for the
test would need rights that few have. Claims are held by the simulator in a call, so that answers come while it lasts.
"""

import collections
import time
import unittest

import claims
from pipeline import CONSUMERS, INSERT, PROC_UPDATE, PipelineTest, until

PERSON = "vnpPersonCreate"
READ_LIMIT_MS = 20000   # longer than a call is held; a start of which nobody knows waits for it
UNREADY_S = 10       # a full disk is in /readyz within that
LASTS_S = 8          # watched for so long
STATEMENTS_S = 4     # refused a second and process; they were 41
FULL = "could not extend file: No space left on device"
LINES_OF_A_KIND = 1  # a minute


class DatabaseRefuses(PipelineTest):
    def setUp(self):
        self.house = self.pipeline(bgs_read_timeout_ms=READ_LIMIT_MS, retry_tiers="50ms*2", look_tier="50ms").set_up()
        self.house.start_api()
        self.programs = [self.house.start(name) for name in CONSUMERS]
        self.form = self.programs[1]
        self.veteran = 0

    def body(self):
        self.veteran += 1
        body = claims.claim("03", self.veteran)
        body["user_data"]["veteran_information"]["icn"] = self.uid(self.veteran)
        return body

    @staticmethod
    def uid(veteran):
        return f"r{veteran:05d}V000000"   # in the header of each of that Veteran's requests

    def submit_held(self, *operations):
        """A claim for each, in that call. Guids."""
        bodies = [self.body() for _ in operations]
        uids = [body["user_data"]["veteran_information"]["icn"] for body in bodies]
        for operation, uid in zip(operations, uids):
            self.house.simulator.hold(operation, uid)
        guids = self.house.submit(bodies)
        for operation, uid in zip(operations, uids):
            until(lambda operation=operation, uid=uid: self.house.simulator.held(operation, uid), 60, f"in {operation}")
        return guids

    # --- Nothing can be written

    def endure(self, begin, end, words):
        """What is true while it lasts, and after."""
        self.submit_held("vnpProcCreate", PERSON, "vnpBnftClaimCreate", PROC_UPDATE)
        begin()
        began = time.monotonic()
        self.house.simulator.let_go()
        until(lambda: self.form.get("/readyz")[0] == 503, UNREADY_S, lambda: f"not ready: {self.form.get('/readyz')}")
        print(f"not ready {time.monotonic() - began:.1f} s after the first answer that could not be written: "
              + self.form.get("/readyz")[1].strip().splitlines()[0], flush=True)
        client = claims.Client(self.house.api.address("URL"), self.house.token)
        status, text = client.exchange(self.body())
        client.close()
        self.assertEqual(status, 503, text)
        refused = self.refused()
        until(lambda: time.monotonic() - began > LASTS_S, LASTS_S + 5, "a while", every=0.5)
        per_second = (self.refused() - refused) / LASTS_S
        print(f"{per_second:.1f} transactions a second are refused, of {len(self.programs) + 1} processes", flush=True)
        self.assertLess(per_second, STATEMENTS_S * (len(self.programs) + 1))
        for program in self.programs + [self.house.api]:
            self.assertTrue(program.runs())
            self.assertEqual(program.get("/livez")[0], 200)
            told = collections.Counter((line["message"], line.get("kind")) for line in program.log_lines()
                                       if line["level"] in ("warning", "error"))
            self.assertLessEqual(max(told.values(), default=0), LINES_OF_A_KIND, told)
        self.assertRegex(self.form.log(), words)

        end()
        self.house.wait_done(60)
        self.house.check_effects(self)
        self.assertEqual(self.house.sql("select scope, step from step_journal where state in ('unknown', 'not there')"), [],
                         "an answer in hand was thrown away")
        self.assertEqual(self.house.sql("select verdict from inbox where verdict <> 'DONE'"), [], "an attempt was spent")
        until(lambda: all(program.is_ready() for program in self.programs), 20, "ready again")

    def refused(self):
        """Transactions that were rolled back, the server's figures being up to a second late."""
        return int(self.house.sql_one("select xact_rollback from pg_stat_database where datname = current_database ()"))

    def test_full_disk(self):
        tables = ("outbox", "inbox")

        def begin():
            self.house.sql("create function full_disk () returns trigger language plpgsql as $$ begin raise exception using "
                           f"errcode = 'disk_full', message = '{FULL}'; end $$")
            for table in tables:
                self.house.sql(f"create trigger full_disk before insert on {table} for each statement execute function full_disk ()")

        def end():
            for table in tables:
                self.house.sql(f"drop trigger full_disk on {table}")
        self.endure(begin, end, FULL)

    def test_read_only(self):
        def set_to(value):
            self.house.sql_on_server(f"alter system set default_transaction_read_only = {value}")
            self.house.sql_on_server("select pg_reload_conf ()")
            until(lambda: self.house.sql_one("show default_transaction_read_only") == value, 10, f"read-only is {value}")
        self.addCleanup(set_to, "off")
        self.endure(lambda: set_to("on"), lambda: set_to("off"), "read-only")

    # --- A commit of which nobody knows

    def test_commit_ends_with_a_warning(self):
        """A standby is demanded that does not exist, and the waits for it are cancelled: each commit then succeeds with a
        warning. What a desk has written so counts as unknown, and is asked after."""
        house = self.house

        def demand(name):
            house.sql_on_server(f"alter system set synchronous_standby_names = '{name}'")
            house.sql_on_server("select pg_reload_conf ()")
        self.addCleanup(demand, "")
        # An answer that the step desk writes, one with work of its own, and the last one, which the settle desk writes.
        self.submit_held("vnpPtcpntAddrsCreate", INSERT, PROC_UPDATE)
        demand("nobody")
        house.simulator.let_go()
        cancelled = collections.Counter()

        def cancel():
            """Who waits for the standby has committed, and still holds his locks: by the tables that he has written."""
            for tables, _ in house.sql(
                    "with waiting as materialized (select pid from pg_stat_activity where wait_event = 'SyncRep'), wrote as "
                    "materialized (select pid, string_agg (distinct relation::regclass::text, ' ') as tables from pg_locks join "
                    "pg_class on pg_class.oid = relation and relkind = 'r' where mode = 'RowExclusiveLock' group by pid) "
                    "select coalesce (tables, ''), pg_cancel_backend (pid) from waiting left join wrote using (pid)"):
                cancelled[tables] += 1
            of_settle = [tables for tables in cancelled if "inbox" in tables.split()]
            of_steps = [tables for tables in cancelled if "step_journal" in tables.split() and "inbox" not in tables.split()]
            return of_settle and of_steps
        until(cancel, 60, lambda: f"commits of the settle and the step desk that end with a warning: {dict(cancelled)}",
              every=0.02)
        print(f"cancelled: {dict(cancelled)}", flush=True)
        demand("")
        house.wait_done(90)
        house.check_effects(self)
        self.assertTrue(all(program.runs() for program in self.programs))

    # --- One claim is refused for good

    def test_one_claim_is_refused_for_good(self):
        """Whatever is to be told of it: its record comes to quarantine, and the others go on. No dead letter: both claims have
        got as far as their insert, and the backup way would send them a second time."""
        (guid, other) = self.submit_held("vnpBnftClaimCreate", PERSON)
        self.house.sql(
            "create function refuse () returns trigger language plpgsql as $$ begin if new.key in ("
            f"convert_to ('{guid}', 'UTF8'), convert_to ('{other}', 'UTF8')) then raise exception 'not this one' using "
            "errcode = 'check_violation'; end if; return new; end $$; "
            "create trigger refuse before insert on outbox for each row execute function refuse ()")
        self.house.simulator.let_go()
        others = self.house.submit([self.body() for _ in range(3)])
        until(lambda: len(self.house.records("quarantine")) == 2, 60,
              lambda: f"two records in quarantine: {self.house.records('quarantine')}; "
                      f"{self.house.sql('select consumer, verdict, hop from inbox order by handled_at')}")
        self.assertEqual(self.house.records("claims.dead-letter"), [])
        self.assertEqual(len(self.house.simulator.ledger(INSERT)), 2 + len(others), "inserts")
        until(lambda: self.house.states().get("success") == str(len(others)), 60, lambda: f"the others: {self.house.states()}")
        for program in self.programs:
            until(lambda program=program: program.metric("settlements_waiting") + program.metric("records_in_flight")
                  + program.metric("records_snoozing") == 0, 20, f"{program.name} has nothing left in hand")
            self.assertTrue(program.runs())


if __name__ == "__main__":
    unittest.main(verbosity=2)
