"""The primary of PostgreSQL is lost while claims come in and another one takes over, and the old one lives on: first nothing reaches the standby
any more, so that commits wait for it; somebody cancels those waits, so that they end with a warning and are on the old primary alone; then the
standby is promoted while programs still have the old primary, and at last nobody reaches that one, which still runs.

Both hosts stand in database-url, as README.md ("Sizes") says. Each claim that was answered with 200 is there and has gone through once.
"""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse

from coming import Coming
from pipeline import CONSUMERS, PipelineTest, until
from servers import Gate, Postgres
from session import Session

CALLERS = 4
WAITING_S = 3      # how long commits wait before their waits are cancelled, and how long both are primaries
PATIENCE_S = 1     # of who waits for an answer


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Standby:
    """Of the server of DATABASE_URL: a copy that follows it through `gate`, synchronously."""

    def __init__(self, primary, gate):
        self.primary, self.port = primary, free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="standby-"))
        programs = pathlib.Path(primary.command[0].decode()).parent
        os.chown(self.folder, primary.user.st_uid, primary.user.st_gid)
        self.as_server = ["setpriv", *(["--reuid", str(primary.user.st_uid), "--regid", str(primary.user.st_gid), "--clear-groups"]
                                       if os.geteuid() == 0 else []), "--pdeathsig", "INT", "--"]
        subprocess.run([*self.as_server, programs / "pg_basebackup", "--pgdata", self.folder / "data", "--write-recovery-conf", "--checkpoint",
                        "fast", "--dbname", f"host=127.0.0.1 port={gate.port} user=dependents application_name=standby"],
                       check=True, capture_output=True, cwd=self.folder)
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            [*self.as_server, programs / "postgres", "-D", self.folder / "data", "-c", "listen_addresses=127.0.0.1", "-c", f"port={self.port}",
             "-c", f"unix_socket_directories={self.folder}", "-c", "max_connections=300", "-c", "timezone=UTC"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd=self.folder)
        self.session = Session(f"postgresql://dependents@127.0.0.1:{self.port}/postgres")
        until(self.answers, 60, "the standby answers")

    def answers(self):
        try:
            return self.session.ask("select pg_is_in_recovery ()") == [["t"]]
        except Exception:   # it is not there yet
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            return False

    def promote(self):
        assert self.session.ask("select pg_promote ()") == [["t"]]

    def end(self):
        self.session.close()
        self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder)


class Failover(PipelineTest):
    def setUp(self):
        self.old = Postgres()
        netloc = ":".join(map(str, self.old.address))
        self.to_old, self.to_standby = Gate(netloc), Gate(netloc)
        self.addCleanup(self.to_old.end)
        self.addCleanup(self.to_standby.end)
        self.standby = Standby(self.old, self.to_standby)
        self.addCleanup(self.standby.end)
        self.house = self.pipeline()
        self.demand("standby")
        self.addCleanup(self.demand, "")
        database = urllib.parse.urlsplit(self.house.database_url).path
        self.house.settings["database-url"] = (f"postgresql://dependents@127.0.0.1:{self.to_old.port},127.0.0.1:{self.standby.port}{database}"
                                               "?target_session_attrs=read-write")
        self.house.set_up()
        self.house.start_api()
        self.programs = [self.house.start(name) for name in CONSUMERS for _ in range(2)]

    def demand(self, name):
        """That each commit is on that standby before it is acknowledged."""
        self.house.sql_on_server(f"alter system set synchronous_standby_names = '{name}'")
        self.house.sql_on_server("select pg_reload_conf ()")

    def waits(self):
        return int(self.house.server.ask("select count (*) from pg_stat_activity where wait_event = 'SyncRep'")[0][0])

    def test_the_old_primary_lives_on(self):
        house = self.house
        until(lambda: house.server.ask("select sync_state from pg_stat_replication") == [["sync"]], 30, "the standby is synchronous")
        coming = Coming(house.token, lambda: house.api.address("URL"), CALLERS, PATIENCE_S)
        coming.more(20)

        self.to_standby.close()
        until(lambda: self.waits() > len(self.programs) / 2, 30, "commits that wait for the standby")
        cancelled, began = 0, time.monotonic()
        while time.monotonic() - began < WAITING_S:
            cancelled += len(house.server.ask("select pg_cancel_backend (pid) from pg_stat_activity where wait_event = 'SyncRep'"))
        self.standby.promote()
        promoted = time.monotonic()
        until(lambda: time.monotonic() - promoted > WAITING_S, WAITING_S + 1, "a while with two primaries")
        only_old = {guid for (guid,) in house.sql("select claim_group_guid from saved_claim_groups")}
        self.to_old.close()
        house.database.close()
        house.database = Session(f"postgresql://dependents@127.0.0.1:{self.standby.port}{urllib.parse.urlsplit(house.database_url).path}")
        known = {guid for (guid,) in house.sql("select claim_group_guid from saved_claim_groups")}
        coming.more(20)
        print(f"{time.monotonic() - promoted - WAITING_S:.1f} s after the old primary was cut off 20 more claims had been taken", flush=True)
        coming.end()
        house.wait_done(90)

        self.assertTrue(only_old - known, "no claim has been lost with the old primary, and that is what this is about")
        print(f"{len(coming.taken)} claims taken, {coming.refused} times not; {cancelled} commits ended with a warning, "
              f"{len(only_old - known)} groups were on the old primary alone", flush=True)
        self.assertEqual(self.old.answers(), True, "the old primary lives on")
        house.check_effects(self)
        groups = [int(count) for (count,) in house.sql(
            "select count (*) from saved_claim_groups where parent_claim_id = saved_claim_id group by veteran_id")]
        self.assertEqual([count for count in groups if count > 1], [], "a claim that was sent again with its key is there twice")
        self.assertEqual(set(coming.taken) - {guid for (guid,) in house.sql("select claim_group_guid from saved_claim_groups")}, set(),
                         "claims that were answered with 200 and are not there")
        self.assertTrue(all(program.runs() for program in self.programs))


if __name__ == "__main__":
    unittest.main(verbosity=2)
