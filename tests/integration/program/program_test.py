"""What every program is: it waits and says for what, a signal ends it whenever it comes, nobody has to read its log, and
it says when something stands in its way.

Usage: with-postgres program_test.py BUILD-DIRECTORY
"""
import fcntl
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "claim-api"))
import harness  # noqa: E402

BUILD = pathlib.Path(sys.argv.pop(1))
STARTS = 200
ENDED_BY_TERM = (-signal.SIGTERM, 128 + signal.SIGTERM)  # by the signal itself, or as PID 1


def until(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def get(port, path):
    """Status and text; None while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return None


def has_signal_in_hand(pid):
    """Whether it blocks or catches SIGTERM: the loader is done."""
    bit = 1 << (signal.SIGTERM - 1)
    status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return any(int(status[name], 16) & bit for name in ("SigBlk", "SigCgt"))


class ProgramTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="program-test.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.log = self.folder / "log"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("DEPENDENTS_")}
        self.environment.update(harness.KEYS, DEPENDENTS_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none",
                                DEPENDENTS_KAFKA_BROKERS="127.0.0.1:1", DEPENDENTS_BROKER_ADMIN="no",
                                DEPENDENTS_BID_TOKEN="token")

    def command(self, name, *arguments):
        own = {"claim-api": [f"--token-file={self.tokens()}"], "form-674": ["--bgs-url=http://127.0.0.1:1", "--bid-url=http://127.0.0.1:1"]}
        return [str(BUILD / "bin" / name), *own.get(name, []), *arguments]

    def tokens(self):
        file = self.folder / "tokens"
        file.write_text(harness.TOKENS[0] + "\n")
        file.chmod(0o600)
        return file

    def start(self, *command, stderr=None):
        with open(self.log, "ab") as log:
            process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=stderr or log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def lines(self, message):
        return [line for line in map(json.loads, self.log.read_text().splitlines()) if line["message"] == message]

    def sql(self, statement, database="postgres"):
        url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/" + database
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url, "-c", statement],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    # --- A signal ends it whenever it comes

    def test_a_signal_at_any_moment_of_the_start(self):
        delays = random.Random(1)
        for start in range(STARTS):
            process = self.start(*self.command("form-674" if start % 2 else "claim-api"))
            time.sleep(delays.choice((0, 0.001, 0.005, 0.02)) * delays.random())
            process.terminate()
            self.assertIn(process.wait(10), ENDED_BY_TERM, f"start {start}")

    def test_a_signal_ends_the_first_process_of_a_container(self):
        """The kernel gives PID 1 no signal that it has not asked for."""
        if subprocess.run(["unshare", "--fork", "--pid", "true"], capture_output=True).returncode != 0:
            self.skipTest("unshare is not permitted here")
        delays = random.Random(2)
        for start in range(40):
            command = (self.command("form-674"), self.command("claim-api"), self.command("pipelinectl", "topics", "check"))[start % 3]
            outside = self.start("unshare", "--fork", "--pid", "--kill-child", *command)
            children = pathlib.Path(f"/proc/{outside.pid}/task/{outside.pid}/children")
            first = int(until(lambda: children.read_text().split(), 30, "a child")[0])
            until(lambda: os.readlink(f"/proc/{first}/exe") == command[0], 30, "the program")
            until(lambda: has_signal_in_hand(first), 10, "SIGTERM is neither caught nor blocked")
            time.sleep(0.02 * delays.random())
            os.kill(first, signal.SIGTERM)
            self.assertIn(outside.wait(10), ENDED_BY_TERM, f"start {start}")

    # --- It waits, and says for what

    def test_a_schema_is_waited_for(self):
        port = free_port()
        self.sql("create database empty")
        self.environment["DEPENDENTS_DATABASE_URL"] = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/empty"
        process = self.start(*self.command("form-674", f"--metrics-port={port}"))
        until(lambda: "no schema yet" in (get(port, "/readyz") or (0, ""))[1], 10, lambda: get(port, "/readyz"))
        self.assertEqual(get(port, "/readyz")[0], 503)
        self.assertIn("run `pipelinectl migrate`", get(port, "/readyz")[1])
        self.assertEqual(get(port, "/livez")[0], 200)
        self.assertEqual(len(self.lines("waiting for the database's schema")), 1)

        migrate = [str(BUILD / "bin/pipelinectl"), "migrate"]
        subprocess.run([*migrate, "--to=1"], env=self.environment, check=True, capture_output=True)
        until(lambda: "is at version 1" in get(port, "/readyz")[1], 10, lambda: get(port, "/readyz"))
        self.assertLessEqual(len(self.lines("waiting for the database's schema")), 2)
        subprocess.run(migrate, env=self.environment, check=True, capture_output=True)
        until(lambda: "waiting for the broker" in get(port, "/readyz")[1], 20, lambda: get(port, "/readyz"))
        self.assertIsNone(process.poll())
        process.terminate()
        self.assertIn(process.wait(5), ENDED_BY_TERM)
        self.sql("drop database empty with (force)")

    def test_a_signal_while_waiting_ends_it_at_once(self):
        """Also while a connection is being made to a host that does not answer."""
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        self.environment["DEPENDENTS_DATABASE_URL"] = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        process = self.start(*self.command("form-674"))
        silent.settimeout(10)
        self.addCleanup(silent.accept()[0].close)
        began = time.monotonic()
        process.terminate()
        self.assertIn(process.wait(10), ENDED_BY_TERM)
        self.assertLess(time.monotonic() - began, 2)  # a connection is given up after 5 s
        self.assertEqual(len(self.lines("stopped before the start was over; nothing had been taken")), 1)

    # --- Its log

    def test_nobody_reads_the_log(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        fcntl.fcntl(writing, fcntl.F_SETFL, os.O_NONBLOCK)
        try:
            while True:
                os.write(writing, b"x" * 4096)
        except BlockingIOError:
            pass
        fcntl.fcntl(writing, fcntl.F_SETFL, 0)
        port = free_port()
        process = self.start(*self.command("claim-api", "--log-level=debug", f"--metrics-port={port}"), stderr=writing)
        os.close(writing)
        until(lambda: "waiting for the database" in (get(port, "/readyz") or (0, ""))[1], 10, lambda: get(port, "/readyz"))
        began = time.monotonic()
        process.terminate()
        self.assertIn(process.wait(10), ENDED_BY_TERM)
        self.assertLess(time.monotonic() - began, 3)


class RunningTest(unittest.TestCase):
    def setUp(self):
        self.house = harness.House(BUILD)
        self.addCleanup(self.house.close)

    def metric(self, port, name):
        return next((float(line.rsplit(" ", 1)[1]) for line in get(port, "/metrics")[1].splitlines()
                     if line.startswith(name + " ")), None)

    def test_a_database_that_goes_away_is_told_within_ten_seconds(self):
        proxy = harness.Proxy(self.house.database_url)
        self.addCleanup(proxy.close)
        api = self.house.api(database_url=proxy.url)
        port = int(api.program.address("METRICS_URL").rsplit(":", 1)[1])
        self.assertEqual(get(port, "/readyz"), (200, "ok\n"))
        proxy.go_away()
        until(lambda: get(port, "/readyz")[0] == 503, 10, lambda: get(port, "/readyz"))
        until(lambda: "trouble: heartbeat" in get(port, "/readyz")[1], 20, lambda: get(port, "/readyz"))
        self.assertEqual(self.metric(port, 'trouble{kind="heartbeat"}'), 1)
        self.assertEqual(get(port, "/livez")[0], 200)
        proxy.come_back()
        until(lambda: get(port, "/readyz")[0] == 200, 30, lambda: get(port, "/readyz"))
        self.assertEqual(self.metric(port, 'trouble{kind="heartbeat"}'), 0)
        self.assertEqual(api.program.log().count('"kind":"heartbeat","error"'), 1)
        api.stop()

    def test_a_process_that_ends_gives_its_lease(self):
        first = self.house.api()
        until(lambda: "this process is the relay now" in first.program.log(), 30, first.program.log)
        first.stop()
        self.assertEqual(self.house.sql("select count(*) from leases"), "0")
        second = self.house.api()
        until(lambda: "this process is the relay now" in second.program.log(), 30, second.program.log)
        second.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
