"""What every program is: it waits and says for what, a signal ends it whenever it comes, nobody has to read its log, and
it says when something stands in its way.

Usage: with-postgres program_test.py BUILD-DIRECTORY
"""
import base64
import fcntl
import json
import os
import pathlib
import random
import re
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
PROGRAMS = ("claim-api", "form-674")
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


def metric(port, name):
    return next((float(line.rsplit(" ", 1)[1]) for line in get(port, "/metrics")[1].splitlines()
                 if line.startswith(f"dependents_{name} ")), None)


def has_signal_in_hand(pid):
    """Whether it blocks or catches SIGTERM: the loader is done."""
    bit = 1 << (signal.SIGTERM - 1)
    status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return any(int(status[name], 16) & bit for name in ("SigBlk", "SigCgt"))


def memory_of(pid):
    """Region by region what there is in memory, and whether a dump leaves it out."""
    region = None
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
            begins = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r?)", line)
            if begins:
                region = (int(begins[1], 16), int(begins[2], 16)) if begins[3] and "[v" not in line else None
            elif region and re.match(r"Rss: +0 kB", line):
                region = None
            elif region and line.startswith("VmFlags:"):
                memory.seek(region[0])
                yield memory.read(region[1] - region[0]), "dd" in line.split()


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

    def start(self, *command, stderr=None, user=None):
        with open(self.log, "ab") as log:
            process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=stderr or log, user=user)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def lines(self, message):
        told = (json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [line for line in told if line["message"] == message]

    def sql(self, statement, database="postgres"):
        url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/" + database
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url, "-c", statement],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    # --- What others get of its memory

    def waiting(self, name, user=None):
        """A program that waits for its database; started as @user."""
        self.log.write_text("")
        process = self.start(*self.command(name), user=user)
        until(lambda: self.lines("waiting for the database (database-url)") or process.poll() is not None, 20, self.log.read_text)
        self.assertIsNone(process.poll(), self.log.read_text())
        return process

    @unittest.skipUnless(os.geteuid() == 0, "only root can be somebody else, too")
    def test_nobody_of_the_same_user_reads_its_memory(self):
        nobody = 65534
        self.tokens()
        for path in (self.folder, *self.folder.iterdir()):
            os.chown(path, nobody, nobody)
        # What the kernel has of a process is its user's, unless the process may not be dumped.
        ordinary = self.start("sleep", "60", user=nobody)
        until(lambda: os.stat(f"/proc/{ordinary.pid}/environ").st_uid == nobody, 20, "sleep is nobody's")
        for name in PROGRAMS:
            with self.subTest(name):
                process = self.waiting(name, user=nobody)
                self.assertIn("65534", pathlib.Path(f"/proc/{process.pid}/status").read_text())
                self.assertEqual(os.stat(f"/proc/{process.pid}/environ").st_uid, 0)

    @unittest.skipUnless(os.geteuid() == 0, "only root can look")
    def test_keys_lie_in_memory_that_is_not_dumped(self):
        for name in PROGRAMS:
            for how in ("environment", "files"):
                with self.subTest(f"{name}, {how}"):
                    self.check_keys(name, how)

    def check_keys(self, name, how):
        secrets = {variable: os.urandom(32) for variable in harness.KEYS}
        texts = {variable: b"k1:" + base64.b64encode(key) for variable, key in secrets.items()}
        for variable, text in texts.items():
            for former in (variable, f"{variable}_FILE"):
                self.environment.pop(former, None)
            file = self.folder / variable
            file.write_bytes(text)
            file.chmod(0o600)
            given = (variable, text.decode()) if how == "environment" else (f"{variable}_FILE", str(file))
            self.environment.update([given])
        places = {variable: [] for variable in texts}
        for memory, is_left_out in memory_of(self.waiting(name).pid):
            for variable, text in texts.items():
                places[variable] += [is_left_out] * (secrets[variable] in memory)
                self.assertNotIn(text[3:], memory)
        self.assertEqual(places, {variable: [True] for variable in texts})

    # --- Connections that leave the machine

    def exposed(self, program, *arguments, count=1, **environment):
        """(setting, host, connection) of what the start of @program warns of, when there are @count."""
        self.log.write_text("")
        self.environment.update(environment)
        process = self.start(*self.command(program, *arguments))
        message = "a connection leaves this machine unprotected"
        until(lambda: len(self.lines(message)) >= count or process.poll() is not None, 20, self.log.read_text)
        process.terminate()
        process.wait(20)
        self.assertNotIn("quetzal", self.log.read_text())
        return [(line["setting"], line["host"], line["connection"]) for line in self.lines(message)]

    def test_a_database_elsewhere_that_is_not_verified_is_warned_of(self):
        unverified = "unverified, perhaps unencrypted"
        for url, hosts in (("postgresql://u:quetzal@db.invalid/x", ["db.invalid"]),
                           ("postgresql://u:quetzal@127.0.0.1:1,db2.invalid:1/x?sslmode=verify-ca", ["db2.invalid"]),
                           ("host=192.0.2.1 password=quetzal sslmode=require connect_timeout=1", ["192.0.2.1"])):
            with self.subTest(url):
                self.assertEqual(self.exposed("claim-api", DEPENDENTS_DATABASE_URL=url),
                                 [("database-url", host, unverified) for host in hosts])
        self.assertEqual(self.exposed("form-674"), [("database-url", "192.0.2.1", unverified)])
        self.assertEqual(self.exposed("pipelinectl", "migrate"), [("database-url", "192.0.2.1", unverified)])

    def test_a_database_here_or_verified_is_not_warned_of(self):
        for url in ("postgresql://nobody@127.0.0.1:1/none", "postgresql://nobody@localhost:1/none", "host=/nonexistent",
                    "postgresql://u:quetzal@db.invalid/x?sslmode=verify-full", "postgresql://u@[::1]:1/x"):
            with self.subTest(url):
                self.environment["DEPENDENTS_DATABASE_URL"] = url
                self.log.write_text("")
                process = self.start(*self.command("claim-api"))
                until(lambda: self.lines("waiting for the database (database-url)"), 20, self.log.read_text)
                process.terminate()
                process.wait(20)
                self.assertNotIn("unprotected", self.log.read_text())

    def test_a_broker_elsewhere_in_plain_text_is_warned_of(self):
        def topics(brokers, *arguments):
            return self.exposed("pipelinectl", "topics", "check", "--broker-admin=yes", f"--kafka-brokers={brokers}", *arguments)
        self.assertEqual(topics("127.0.0.1:1,SASL_PLAINTEXT://kafka.invalid:9092"),
                         [("kafka-brokers", "kafka.invalid", "unencrypted")])
        self.assertEqual(topics("kafka.invalid:9092", "--kafka.security.protocol=sasl_plaintext", "--kafka.sasl.mechanism=PLAIN",
                                "--kafka.sasl.username=u"), [("kafka-brokers", "kafka.invalid", "unencrypted")])
        self.assertEqual(topics("kafka.invalid:9092", "--kafka.security.protocol=ssl",
                                "--kafka.enable.ssl.certificate.verification=false"),
                         [("kafka-brokers", "kafka.invalid", "unverified")])

    def test_scram_that_newer_brokers_refuse_is_warned_of(self):
        def said(mechanism):
            self.environment["DEPENDENTS_KAFKA_SASL_PASSWORD"] = "quetzal"
            self.exposed("pipelinectl", "topics", "check", "--broker-admin=yes", "--kafka-brokers=kafka.invalid:1",
                         "--kafka.security.protocol=sasl_plaintext", f"--kafka.sasl.mechanism={mechanism}", "--kafka.sasl.username=u")
            return "refuse SCRAM of this librdkafka" in self.log.read_text()
        until(lambda: said("SCRAM-SHA-512"), 20, self.log.read_text)
        self.assertFalse(said("PLAIN"))

    def test_bgs_elsewhere_in_plain_text_is_warned_of(self):
        self.assertEqual(self.exposed("form-674", "--bgs-url=http://u:quetzal@bgs.invalid", "--bid-url=https://bid.invalid",
                                      "--bgs-verify-tls=no", count=2),
                         [("bgs-url", "bgs.invalid", "unencrypted"), ("bid-url", "bid.invalid", "unverified")])

    # --- BGS's certificates

    def certificate(self, name, days=40):
        files = self.folder / f"{name}.pem", self.folder / f"{name}-key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), "-subj", f"/CN={name}",
                        "-keyout", files[1], "-out", files[0]], check=True, capture_output=True)
        return files

    def test_certificates_that_do_not_fit_end_the_start(self):
        (one, key), (_, other_key), text = self.certificate("one"), self.certificate("other"), self.folder / "text"
        text.write_text("no certificate\n")
        locked = self.folder / "locked-key.pem"
        subprocess.run(["openssl", "rsa", "-aes128", "-passout", "pass:quetzal", "-in", key, "-out", locked], check=True,
                       capture_output=True)
        for files, reason in (((one, other_key), "another certificate"), ((one, text), "no private key"),
                              ((one, locked), "without a password"), ((text, key), "no certificate in PEM"),
                              ((one, key, text), "authorities")):
            with self.subTest(reason):
                self.log.write_text("")
                names = ("certificate", "key", "ca")
                process = self.start(*self.command("form-674", *(f"--bgs-{name}-file={file}" for name, file in zip(names, files))))
                self.assertEqual(process.wait(20), 2, self.log.read_text())
                self.assertIn(reason, self.log.read_text())

    def test_the_time_until_the_certificate_runs_out_is_a_metric(self):
        one, key = self.certificate("one", days=40)
        port = free_port()
        process = self.start(*self.command("form-674", f"--metrics-port={port}", f"--bgs-certificate-file={one}",
                                           f"--bgs-key-file={key}", f"--bgs-ca-file={one}"))
        until(lambda: self.lines("waiting for the database (database-url)"), 20, self.log.read_text)
        left = metric(port, "bgs_certificate_left_seconds")
        self.assertAlmostEqual(left / 86400, 40, delta=0.1)
        process.terminate()
        self.assertIn(process.wait(20), ENDED_BY_TERM)

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

    def test_an_agent_that_does_not_listen_keeps_nobody_waiting(self):
        api = self.house.api(f"--statsd-address=127.0.0.1:{free_port()}", "--statsd-every=100ms")
        port = int(api.program.address("METRICS_URL").rsplit(":", 1)[1])
        until(lambda: metric(port, "statsd_lines_dropped_total"), 20, "a line that was dropped")
        self.assertEqual(get(port, "/readyz"), (200, "ok\n"))
        api.stop()

    def test_a_database_that_goes_away_is_told_within_ten_seconds(self):
        proxy = harness.Proxy(self.house.database_url)
        self.addCleanup(proxy.close)
        api = self.house.api(database_url=proxy.url)
        port = int(api.program.address("METRICS_URL").rsplit(":", 1)[1])
        self.assertEqual(get(port, "/readyz"), (200, "ok\n"))
        # Whoever looks for the holder of a lock is told whose sessions are ours.
        self.assertEqual(self.house.sql("select distinct application_name from pg_stat_activity where backend_type = 'client "
                                        "backend' and pid <> pg_backend_pid ()"), "claim-api")
        proxy.go_away()
        until(lambda: get(port, "/readyz")[0] == 503, 10, lambda: get(port, "/readyz"))
        until(lambda: "trouble: heartbeat" in get(port, "/readyz")[1], 20, lambda: get(port, "/readyz"))
        self.assertEqual(metric(port, 'trouble{kind="heartbeat"}'), 1)
        self.assertEqual(get(port, "/livez")[0], 200)
        proxy.come_back()
        until(lambda: get(port, "/readyz")[0] == 200, 30, lambda: get(port, "/readyz"))
        self.assertEqual(metric(port, 'trouble{kind="heartbeat"}'), 0)
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
