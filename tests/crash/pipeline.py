"""One pipeline of a test's own: database, topics, simulator, programs; and what can be seen of it from outside.

Everything is looked at where an outsider would: BGS in the simulator's state and ledger, topics with kcat, the
database with SQL, programs by their exit status and log. Nothing of lib/ is used. Waiting is polling with a deadline.

The environment says where things are: PROGRAMS (folder of the binaries), DATABASE_URL, KAFKA_BROKERS.
"""

import base64
import collections
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import uuid

import claims

sys.path.append(str(pathlib.Path(__file__).parent.parent / "support" / "scenario"))
import records   # noqa: E402, an Avro reader that is not ours
from session import DatabaseError, Session   # noqa: E402

sys.path.append(str(pathlib.Path(__file__).parent.parent / "support"))
from roles import GRANTED, as_part, part_of   # noqa: E402
from strangers import Stranger   # noqa: E402

PROGRAMS = pathlib.Path(os.environ["PROGRAMS"])
CONSUMERS = ("proc-setup", "form-686c", "form-674")
BACKUP = "backup"   # runs where a test starts it: elsewhere a claim ends with its dead letter
NOTIFY = "notify"   # the same: elsewhere e-mails stay requested
EVIDENCE = "evidence"   # the same: elsewhere nobody hands papers on
EVIDENCE_SECRET = "secret-of-crash-tests"
SERVICE, SECRET = "d6aa2c68-a2d9-4437-ab19-3ae8eb202553", "5c8b1f0e-9c3d-4a59-8a1f-1d0f7f7b6a11"
TEMPLATE = "00000000-0000-4000-8000-000000000001"
SILENT = "silent"   # in an address: VA Notify never tells what has become of its e-mails
PROC_UPDATE = "vnpProcUpdate"
INSERT = "insertBenefitClaim"
# A text that BGS is known to refuse with: its call has failed. Any other proves nothing, and the outcome is unknown.
FOR_NOW = "TUX-20306 - something has gone wrong for a moment"
CREATES = ("select scope, step, ordinal, token, state, started_at, finished_at from step_journal where step like "
           "'create-proc%' and (ordinal > 1 or state <> 'finished')")
CLOSED = ("Ready", "MANUAL_VAGOV")

# Waits that production counts in minutes, here in seconds. A call may last as long as the read limit, so a test that
# makes BGS slow gives a longer one.
QUICK = {
    "same-claim-window": "0",
    "bgs-connect-timeout-ms": 500,
    "send-within-ms": 500,
    "unknown-settle-ms": 1000,
    "bgs-read-timeout-ms": 2500,
    "retry-tiers": "200ms*4,1s*12",
    "look-tier": "1s",
    "heartbeat-interval-ms": 500,
    "instance-timeout-ms": 3000,
    "kafka.session.timeout.ms": 4000,
}


BUSY = 4   # bounds are a quiet machine's; what has not come after so many times as long does not come


def until(condition, seconds, what, every=0.05):
    """The first true value of condition (), which is asked again and again; an error after BUSY times so many seconds."""
    deadline = time.monotonic() + BUSY * seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what()if callable(what) else what}: not within {BUSY * seconds} s")
        time.sleep(every)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def invented_key(name):
    return f"{name}:" + base64.b64encode(os.urandom(32)).decode()


# Refused on a command line, where everybody can read them.
SECRETS = ("database-url", "master-keys", "hmac-keys", "bid-token", "claim-api-token")


def hand_over(settings):
    """The options of a command line, and the environment that has what does not belong there."""
    # A value of None takes a default setting away.
    given = {key: value for key, value in settings.items() if value is not None}
    options = [f"--{key}={value}" for key, value in given.items() if key not in SECRETS]
    return options, {"DEPENDENTS_" + re.sub("[.-]", "_", key).upper(): str(value) for key, value in given.items()
                     if key in SECRETS}


OF_CLAIM_API = ("same-claim-window",)


class Program:
    """A process of ours. It is ended when the test ends, however that happens."""

    def __init__(self, pipeline, name, settings, environment, log_to=None, programs=PROGRAMS):
        self.pipeline, self.name = pipeline, name
        stem = f"{name}.{len(pipeline.programs)}"
        self.address_file = pipeline.folder / f"{stem}.address"
        self.log_file = pipeline.folder / f"{stem}.log"
        values = {**pipeline.settings, "database-url": as_part(pipeline.settings["database-url"], part_of(name)), **settings,
                  "address-file": self.address_file}
        if name not in (*CONSUMERS, BACKUP):
            of_others = r"bgs-|bid-" if name in (NOTIFY, EVIDENCE) else (
                r"kafka\.|bgs-|bid-|unknown-|send-|retry-|look-|breaker-|outage-|revoke-|quarantine-|in-flight")
            values = {key: value for key, value in values.items() if not re.match(of_others, key)}
        if name != "claim-api":
            values = {key: value for key, value in values.items() if key not in OF_CLAIM_API}
        options, secrets = hand_over(values)
        with open(self.log_file, "wb") as log:
            # --pdeathsig: not even a killed test leaves it behind.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", programs / name, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log_to or log,
                env={**pipeline.environment, **secrets, **environment})
        self.is_stopped = False
        pipeline.programs.append(self)

    def log(self):
        return self.log_file.read_text(errors="replace")

    def last_words(self):
        """The last line that says why it ended: other threads may have spoken after it."""
        lines = self.log().splitlines()
        return ([line for line in lines if '"level":"error"' in line or not line.startswith("{")] or lines)[-1]

    def log_lines(self):
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def runs(self):
        return self.process.poll() is None

    def address(self, key):
        for line in self.address_file.read_text().splitlines():
            if line.startswith(key + "="):
                return line.removeprefix(key + "=")
        raise KeyError(key)

    def get(self, path):
        """Status and text of /readyz, /livez or /metrics."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.address("METRICS_URL")).netloc, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metric(self, name):
        """The sum over its labels; @name is without the prefix that all have. 0 when it has never been counted."""
        name = "dependents_" + name
        return sum(float(line.rsplit(" ", 1)[1]) for line in self.get("/metrics")[1].splitlines()
                   if re.match(name + r"[ {]", line))

    def most_resident_kb(self):
        """Since its start."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)[1])

    def has_settled(self, verdict):
        return any(re.match(rf'dependents_messages_total\{{[^}}]*verdict="{verdict}"[^}}]*\}} [1-9]', line)
                   for line in self.get("/metrics")[1].splitlines())

    def is_ready(self):
        if not self.runs():
            raise RuntimeError(f"{self.name} has ended with {self.process.returncode}:\n{self.log()[-3000:]}")
        try:
            return bool(self.address_file.exists() and self.address_file.stat().st_size) and self.get("/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def wait_ready(self, seconds=30):
        until(self.is_ready, seconds, lambda: f"{self.name} ready; its log:\n{self.log()[-3000:]}")
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGSTOP; returns when all its threads stand."""
        self.process.send_signal(signal.SIGSTOP)
        self.wait_stopped(10)

    def wait_stopped(self, seconds):
        """By itself, too, at CRASH_STOP_AT."""
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat")
        until(lambda: stat.read_text().rsplit(") ", 1)[1][0] == "T", seconds,
              lambda: f"{self.name} stopped; its log:\n{self.log()[-3000:]}")
        self.is_stopped = True

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)
        self.is_stopped = False

    def wait_exit(self, seconds):
        return self.process.wait(seconds)

    def end(self, seconds=40):
        """SIGTERM; its exit status."""
        self.process.terminate()
        return self.process.wait(seconds)


class Simulator:
    def __init__(self, pipeline, *options, name="bgs-simulator"):
        self.address_file = pipeline.folder / f"{name}.address"
        self.log_file = pipeline.folder / f"{name}.log"
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", PROGRAMS / name, "--log-level=warning",
                 f"--address-file={self.address_file}", *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=pipeline.environment)
        until(lambda: self.address_file.exists() and self.address_file.stat().st_size, 20, "the simulator's address")
        self.url = self.address_file.read_text().strip().removeprefix("URL=")
        self.netloc = urllib.parse.urlsplit(self.url).netloc

    def control(self, method, what, document=None):
        connection = http.client.HTTPConnection(self.netloc, timeout=60)
        try:
            connection.request(method, "/_simulator/" + what, None if document is None else json.dumps(document))
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(f"{method} {what}: {answer.status} {text[:300]}")
        return json.loads(text)

    def state(self):
        return self.control("GET", "state")

    def rule(self, **rule):
        return self.control("POST", "rules", rule)

    def taken(self, name):
        """How many exchanges the rule of that name has taken, those that still hang included."""
        return sum(rule["taken"] for rule in self.control("GET", "rules") if rule["name"] == name)

    def ledger(self, operation=None):
        entries = self.control("GET", "ledger")
        return [entry for entry in entries if operation in (None, entry["operation"])]

    def requests_of(self, machine):
        """Requests of the program that was started with that bgs-client-machine."""
        return [entry for entry in self.ledger() if f"CLIENT_MACHINE>{machine}<" in entry["request"]]

    def hold(self, operation, uid):
        """The next such call of who has that ICN: it acts and is answered when let_go() is called, however long that is."""
        self.rule(name=f"hold {operation} {uid}", operation=operation, contains=uid, do="hold", times=1)

    def let_go(self):
        """What is held, all of it; other rules go too."""
        self.control("DELETE", "rules")

    def held(self, operation, uid):
        return any(uid in entry["request"] for entry in self.in_progress(operation))

    def refuse(self, operation, text, **rule):
        """A fault as a share service sends it: lib/bgs/README.md, fact 26."""
        self.rule(operation=operation, do="answer", status=500, **{"name": "refuse " + operation, **rule}, body=(
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode>'
            f"<faultstring>{text}</faultstring></s:Fault></s:Body></s:Envelope>"))

    def in_progress(self, operation):
        return [entry for entry in self.ledger(operation) if entry["status"] is None]


class Pipeline:
    """In a `with` statement: leaves no process, database or file behind. Its topics end with the broker."""

    def __init__(self, simulator_options=(), environment=None, **settings):
        self.name = "t" + uuid.uuid4().hex[:10]
        self.prefix = self.name + "."
        self.brokers = os.environ["KAFKA_BROKERS"]
        self.server_url = os.environ["DATABASE_URL"]
        self.database_url = self.server_url.rsplit("/", 1)[0] + "/" + self.name
        self.server, self.database = Session(self.server_url), Session(self.database_url)
        self.programs = []
        self.simulator = self.intake = self.notify = self.evidence = self.api = None
        self.topics = []
        self.simulator_options = simulator_options
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("DEPENDENTS_")}
        self.environment.update(environment or {})
        self.settings = {
            **QUICK,
            "database-url": self.database_url,
            "kafka-brokers": self.brokers,
            "topic-prefix": self.prefix,
            "master-keys": invented_key("m"),
            "hmac-keys": invented_key("h"),
            **{key.replace("__", ".").replace("_", "-"): value for key, value in settings.items()},
        }

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="crash-test-"))
        try:
            self.token = "t-" + uuid.uuid4().hex
            self.token_file = self.folder / "tokens"
            self.token_file.touch(0o600)   # claim-api refuses one that others may read
            self.token_file.write_text(f"test:{self.token}\n")
            self.sql_on_server(f"create database {self.name}")
            self.simulator = Simulator(self, *self.simulator_options)
            self.settings.setdefault("bgs-url", self.simulator.url)
            self.settings.setdefault("bid-url", self.simulator.url)
            self.settings.setdefault("bid-token", "token")
        except BaseException:
            self.close(is_failed=True)
            raise
        return self

    def __exit__(self, kind, *why):
        self.close(is_failed=kind is not None)

    def close(self, is_failed):
        if is_failed and self.api:
            self.tell_stuck()
        for program in self.programs + [one for one in (self.simulator, self.intake, self.notify, self.evidence) if one]:
            program.process.kill()   # a stopped one too
            program.process.wait()
        if is_failed:
            self.tell_logs()
        self.database.close()
        try:
            self.sql_on_server(f"drop database if exists {self.name} with (force)")
        except DatabaseError:
            pass   # the server goes with its data when the test command ends
        self.server.close()
        if is_failed and os.environ.get("CRASH_KEEP"):
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder)

    def tell_logs(self):
        for program in self.programs:
            lines = [line for line in program.log().splitlines() if '"level":"info"' not in line][-12:]
            if lines:
                print(f"--- {program.log_file.name} (exit {program.process.returncode})", *lines, sep="\n")

    def tell_stuck(self):
        """For who has to find out why: what is known of the claim groups that have not come to their end."""
        try:
            for guid, row, veteran, *rest in self.sql(
                    "select claim_group_guid, id, veteran_id, status, proc_id, closer, updated_at from saved_claim_groups "
                    "where parent_claim_id = saved_claim_id and status <> 'success' limit 3"):
                print(f"--- group {guid} row {row} veteran {veteran}", *rest)
                for line in self.sql("select saved_claim_id, status, bgs_claim_id, updated_at from saved_claim_groups "
                                     f"where claim_group_guid = '{guid}' and parent_claim_id <> saved_claim_id"):
                    print("  child", *line)
                for line in self.sql(
                        "select scope, step, ordinal, token, state, started_at, finished_at from step_journal where scope "
                        f"in (select saved_claim_id::text from saved_claim_groups where claim_group_guid = '{guid}' "
                        f"union select '{guid}') order by started_at desc limit 4"):
                    print("  step", *line)
                for topic in ("claims.submitted", "claims.686c", "claims.674"):
                    for key, headers, _ in self.records(topic):
                        if key == veteran:
                            settled = self.sql(f"select verdict from inbox where message_id = '{headers['dp-message-id']}'")
                            print(f"  record in {topic}: {headers} settled: {settled}")
            for table in ("deliveries", "delivery_records", "leases", "veteran_locks", "breakers", "tier_waits"):
                for line in self.sql(f"select * from {table} limit 20"):
                    print(f"  {table}", *line)
            print("  outbox", self.sql("select instance_id, topic, count(*) from outbox group by 1, 2"))
            for program in self.programs:
                if program.runs() and not program.is_stopped:
                    values = {name: program.metric(name) for name in ("records_in_flight", "records_snoozing")}
                    print(f"  {program.log_file.name}: {values} {program.get('/readyz')} {program.get('/livez')}")
            self.tell_stuck_mails()   # last, for it needs most others
        except (AssertionError, DatabaseError, subprocess.SubprocessError, OSError, ValueError, http.client.HTTPException) as error:
            print(f"  no more can be told: {error}")

    def tell_stuck_mails(self):
        """Of who awaits word: our row, its journal, the records that asked for it, and what VA Notify has of it."""
        if not self.notify:
            return
        import servers   # here, for it imports us
        group, topic = self.prefix + NOTIFY, self.prefix + "notifications"
        print(f"--- {group}: committed {servers.committed_offsets(group, topic, 12)}, ends {servers.end_offsets([topic], 12)}")
        known = {one["reference"]: one for one in self.notify.state()["notifications"]}
        for reference, guid, claim, kind, *rest in self.sql(
                "select n.reference, g.claim_group_guid, n.saved_claim_id, n.kind, n.state, n.told, n.notification_id, n.created_at, "
                "n.state_at, n.updated_at from claim_notifications n join saved_claim_groups g using (saved_claim_id) "
                "where n.state in ('requested', 'sent', 'unknown') order by n.state limit 5"):
            print(f"--- e-mail {reference} of {claim}, {kind}:", *rest)
            print("  VA Notify:", known.get(reference))
            for table in ("step_journal", "runs", "inbox"):
                for line in self.sql(f"select * from {table} where scope = '{claim}/{kind}' limit 5"):
                    print(f"  {table}", *line)
            for place, (key, headers, _) in enumerate(self.records("notifications")):
                if key == guid:
                    print(f"  record {place}: {headers} settled:",
                          self.sql(f"select verdict, handled_at from inbox where message_id = '{headers['dp-message-id']}'"))

    # --- Setting up

    def ctl(self, *arguments, check=True, programs=PROGRAMS, **settings):
        """pipelinectl, which lies in that folder."""
        known = {"migrate": ("database-url", *GRANTED), "topics": ("kafka-brokers", "topic-prefix", "retry-tiers")}[arguments[0]]
        if "grow" in arguments:
            known += "database-url", "kafka.topic.metadata.refresh.interval.ms"
        options, secrets = hand_over({key: value for key, value in {**self.settings, **settings}.items() if key in known})
        done = subprocess.run([programs / "pipelinectl", *arguments, *options], env={**self.environment, **secrets}, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"pipelinectl {arguments}: exit {done.returncode}: {done.stdout}")
        return done

    def migrate(self, programs=PROGRAMS):
        """The schema, and what each role may."""
        self.ctl("migrate", programs=programs, **GRANTED)

    def set_up(self, programs=PROGRAMS):
        """Schema and topics."""
        self.migrate(programs)
        self.topics = [line.split()[0] for line in self.ctl("topics", "create", programs=programs).stdout.splitlines()
                       if line.startswith(self.prefix)]
        return self

    def launch(self, name, environment=None, log_to=None, programs=PROGRAMS, **settings):
        """Without waiting for it. `environment`: variables of its own, as for crash points (lib/base/crash-point.h). `log_to`:
        another place for its log; `programs`: another folder that it lies in."""
        settings = {key.replace("__", ".").replace("_", "-"): value for key, value in settings.items()}
        return Program(self, name, settings, environment or {}, log_to, programs)

    def start(self, name, **settings):
        return self.launch(name, **settings).wait_ready()

    def start_intake(self, *options):
        self.intake = Simulator(self, "--intake-quota=0", "--intake-report-cache-ms=0", *options, name="intake-simulator")
        self.environment["DEPENDENTS_INTAKE_API_KEY"] = "key"

    def launch_backup(self, **settings):
        """Beside the intake-simulator, with packages that are asked for soon."""
        return self.launch(BACKUP, **{"intake_url": self.intake.url, "intake_timeout_ms": 1000,
                                      "intake_connect_timeout_ms": 250, "package_ask_every": "300ms",
                                      "package_ask_later": "300ms", **settings})

    def start_evidence(self, *options):
        """Folders, and that papers are handed on: before the form consumers start."""
        self.environment.update(DEPENDENTS_EVIDENCE="yes", DEPENDENTS_EVIDENCE_SECRET=EVIDENCE_SECRET,
                                DEPENDENTS_EVIDENCE_EXPECTED_SECRET=EVIDENCE_SECRET)
        self.evidence = Simulator(self, *options, name="evidence-simulator")

    def launch_evidence(self, **settings):
        return self.launch(EVIDENCE, **{"evidence_url": self.evidence.url + "/api/v1/rest", "evidence_timeout_ms": 1000,
                                        "evidence_connect_timeout_ms": 250, **settings})

    def start_notify(self, *options):
        """VA Notify, and what notify and claim-api need of it; claim-api is to listen at api_port."""
        key = f"crash-{SERVICE}-{SECRET}"
        self.environment.update(DEPENDENTS_NOTIFY_EXPECTED_KEY=key, DEPENDENTS_NOTIFY_API_KEY=key,
                                DEPENDENTS_NOTIFY_CALLBACK_KEYS=key)
        self.notify = Simulator(self, f"--notify-known-templates={TEMPLATE} first_name", *options, name="notify-simulator")
        self.notify.control("POST", "expect", {"contains": SILENT, "status": "none"})
        self.api_port = free_port()

    def launch_notify(self, **settings):
        templates = ";".join(f"{kind}/{forms}={TEMPLATE} first_name" for kind in ("submitted", "in_progress", "received", "error")
                             for forms in ("686c-674", "686c", "674"))
        return self.launch(NOTIFY, **{
            "notify_url": self.notify.url, "notify_templates": templates, "notify_timeout_ms": 500,
            "notify_connect_timeout_ms": 250,
            "notify_callback_url": f"http://127.0.0.1:{self.api_port}/dependents_benefits/v0/notify/callbacks", **settings})

    def start_api(self, **settings):
        self.api = self.start("claim-api", token_file=self.token_file, **settings)
        return self.api

    # --- Claims

    def submit(self, bodies, connections=4, files=()):
        """Posts claims over several connections at once, each with these files; the groups' guids in the order of the
        bodies."""
        guids, errors = [None] * len(bodies), []
        waiting = collections.deque(enumerate(bodies))

        def post():
            client = claims.Client(self.api.address("URL"), self.token)
            try:
                while waiting:
                    try:
                        index, body = waiting.popleft()
                    except IndexError:
                        return
                    guids[index] = client.post(body, files)
            except Exception as error:   # told by the caller's thread
                errors.append(error)
            finally:
                client.close()

        threads = [threading.Thread(target=post) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return guids

    def states(self):
        """How many claim groups stand in each state."""
        return dict(self.sql("select status, count(*) from saved_claim_groups "
                             "where parent_claim_id = saved_claim_id group by status"))

    def all_done(self):
        return set(self.states()) == {"success"}

    def wait_done(self, seconds=60):
        until(self.all_done, seconds, lambda: f"all claim groups in success; they are {self.states()}", every=0.2)

    # --- Database

    def sql_on_server(self, statement):
        return self.server.ask(statement)

    def sql(self, statement):
        """Rows as lists of text."""
        return self.database.ask(statement)

    def sql_one(self, statement):
        rows = self.sql(statement)
        assert len(rows) == 1 and len(rows[0]) == 1, (statement, rows)
        return rows[0][0]

    def journal(self, step):
        """Rows of a step, oldest first: scope, ordinal, token, state."""
        return self.sql("select scope, ordinal, token, state from step_journal "
                        f"where step = '{step}' order by scope, ordinal")

    # --- Topics

    def kcat(self, topic, form):
        """All records of a topic, each as kcat writes it in that form."""
        return subprocess.run(
            ["kcat", "-b", self.brokers, "-C", "-t", self.prefix + topic, "-o", "beginning", "-e", "-q", "-f", form],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=True).stdout

    def records(self, topic):
        """All records of a topic as (key, {header: value}, value's length)."""
        records = []
        for line in self.kcat(topic, r"%k\t%S\toffset=%p/%o,%h\n").decode(errors="backslashreplace").splitlines():
            key, length, headers = line.split("\t", 2)
            records.append((key, dict(re.findall(r"(?:^|,)([A-Za-z_-]+)=([^,]*)", headers)), int(length)))
        return records

    def raw_records(self, topic):
        """All records of a topic as (key, {header: value}, value's bytes); a header `offset` says partition/offset."""
        found, rest = [], self.kcat(topic, r"%S\t%k\toffset=%p/%o,%h\n%s\n")
        while rest:
            line, rest = rest.split(b"\n", 1)
            length, key, headers = line.decode(errors="backslashreplace").split("\t", 2)
            value, rest = rest[:int(length)], rest[int(length) + 1:]
            found.append((key, dict(re.findall(r"(?:^|,)([A-Za-z_-]+)=([^,]*)", headers)), value))
        return found

    def values(self, topic):
        """The same, with the fields of the value."""
        return [(key, headers, records.decode(value)[1]) for key, headers, value in self.raw_records(topic)]

    def published(self, topic):
        """When the producer gave each record to Kafka: partition/offset -> seconds since 1970."""
        lines = self.kcat(topic, r"%p/%o %T\n").decode().splitlines()
        return {place: int(ms) / 1000 for place, ms in (line.split() for line in lines)}

    def produce(self, topic, partition, key, headers, value):
        """One record, as from somebody else. `headers` as from raw_records(), or a list of pairs; keys and headers may be
        bytes without a NUL, a header's value None."""
        pairs = headers if isinstance(headers, list) else [pair for pair in headers.items() if pair[0] != "offset"]
        names = [part for name, text in pairs for part in ("-H", name if text is None else os.fsencode(f"{name}=") + (
            text if isinstance(text, bytes) else text.encode()))]
        body = self.folder / f"produced-{uuid.uuid4().hex}"
        body.write_bytes(value)
        subprocess.run(["kcat", "-b", self.brokers, "-X", "message.max.bytes=2000000", "-P", "-t", self.prefix + topic,
                        "-p", str(partition), "-k", key, *names, body],
                       stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60, check=True)

    # --- What must hold whenever all claims have passed, whatever happened meanwhile

    def check_effects(self, test, quarantined=0):
        """No effect twice, none missing, each where it belongs. `test` is a TestCase; `quarantined`: so many records that are
        no claims of these groups. Groups that went by paper have their package, and no benefit claim."""
        state = self.simulator.state()
        every_group = {guid: proc for guid, proc in self.sql(
            "select claim_group_guid, proc_id from saved_claim_groups where parent_claim_id = saved_claim_id")}
        by_paper = {guid for (guid,) in self.sql("select claim_group_guid from saved_claim_groups "
                                                 "where parent_claim_id = saved_claim_id and backup_begun_at is not null")}
        groups = {guid: proc for guid, proc in every_group.items() if guid not in by_paper}
        children = [child for child in self.sql(
            "select g.claim_group_guid, g.saved_claim_id, c.form_id, g.status, g.bgs_claim_id from saved_claim_groups g "
            "join saved_claims c on c.id = g.saved_claim_id where g.parent_claim_id <> g.saved_claim_id")
            if child[0] not in by_paper]
        test.assertEqual(set(self.states()), {"success"})
        test.assertEqual([child for child in children if child[3] != "submitted"], [])

        # One benefit claim per child claim, and each increment once per Veteran.
        made = [claim["benefitClaimID"] for claim in state["benefit_claims"] if not claim["is_planted"]]
        test.assertEqual(sorted(made), sorted(child[4] for child in children), "benefit claims made and recorded differ")
        increments = collections.Counter((claim["participantVetID"], claim["endProductTypeCode"])
                                         for claim in state["benefit_claims"])
        test.assertEqual([pair for pair, count in increments.items() if count > 1], [], "increments used twice")

        # One proc form per form type present, under the group's own proc.
        wanted = collections.Counter()
        for guid, form in self.sql("select g.claim_group_guid, c.form_id from saved_claim_groups g join saved_claims c "
                                   "on c.id = g.saved_claim_id where g.parent_claim_id <> g.saved_claim_id"):
            wanted[every_group[guid], form.replace("21-686C", "21-686c")] = 1
        found = collections.Counter((form["vnpProcId"], form["formTypeCd"]) for form in state["proc_forms"])
        test.assertEqual((found - wanted, wanted - found), (collections.Counter(), collections.Counter()),
                         f"proc forms too many, too few; {self.sql(CREATES)}")

        self.check_procs(test, state, groups, {every_group[guid] for guid in by_paper})
        self.check_events(test, every_group)
        letters = {headers["dp-message-id"] for _, headers, _ in self.records("claims.dead-letter")}
        remainders = self.sql("select distinct claim_group_id from claims_evidence_api_submissions where latest_status = 'by-intake'")
        test.assertEqual(len(letters), len(by_paper) + len(remainders), "dead letters, groups by paper and papers by intake")
        if by_paper:
            self.check_packages(test, by_paper)
        test.assertEqual(len(self.records("quarantine")), quarantined, "records in quarantine")
        self.check_notes(test, state)
        test.assertEqual(self.sql("select veteran_id from veteran_locks"), [], "Veterans' locks left")
        test.assertEqual(self.sql("select scope, step from step_journal where state = 'started'"), [], "steps left started")

    def papers_under_way(self):
        return int(self.sql_one("select count(*) from claims_evidence_api_submissions where settled_at is null"))

    def check_papers(self, test, by_intake=0):
        """Each form and each attachment of each established group once: in its folder, or, of so many, in one package of those
        that the folder refused."""
        wanted = self.sql("select g.claim_group_guid, (select count (*) from saved_claim_groups c where c.parent_claim_id = "
                          "g.parent_claim_id and c.saved_claim_id <> c.parent_claim_id) + (select count (*) from "
                          "persistent_attachments a where a.saved_claim_id = g.parent_claim_id) from saved_claim_groups g "
                          "where g.parent_claim_id = g.saved_claim_id and g.status = 'success' and g.backup_begun_at is null")
        rows = self.sql("select g.claim_group_guid, s.content_name, s.latest_status, coalesce (s.va_claim_id, '') from "
                        "claims_evidence_api_submissions s join saved_claim_groups g on g.id = s.claim_group_id")
        test.assertEqual({guid: int(count) for guid, count in wanted}, dict(collections.Counter(guid for guid, *_ in rows)),
                         "papers of groups")
        files = self.evidence.state()["files"]
        test.assertEqual([name for name, count in collections.Counter(file["contentName"] for file in files).items() if count > 1],
                         [], "papers that are twice in folders")
        stored = {name: uuid for _, name, state, uuid in rows if state == "stored"}
        test.assertEqual(stored, {file["contentName"]: file["uuid"] for file in files}, "papers in rows and in folders")
        test.assertEqual(collections.Counter(state for _, _, state, _ in rows),
                         +collections.Counter(stored=len(files), **{"by-intake": by_intake}), "states of papers")
        test.assertEqual(self.sql("select scope, step from step_journal where step like 'upload-paper/%' and state = 'finished' "
                                  "group by 1, 2 having count (*) > 1"), [], "uploads finished twice")
        self.wait_published()
        events = collections.Counter((key, headers["ce_id"]) for key, headers, _ in self.records("claim-events")
                                     if headers["ce_type"].endswith("paper.stored"))
        test.assertEqual(len(events), len(files), "events of papers that were stored")
        packages = self.sql("select s.id from lighthouse_submissions s where exists (select from claims_evidence_api_submissions e "
                            "where e.lighthouse_submission_id = s.id)")
        test.assertEqual(len(packages), int(self.sql_one(
            "select count (distinct claim_group_id) from claims_evidence_api_submissions where latest_status = 'by-intake'")),
            "one package a group")
        return f"{len(files)} papers in folders, {by_intake} by Benefits Intake, none twice"

    def mails_under_way(self):
        """Not sent yet, or told of soon."""
        told = {one["reference"] for one in self.notify.state()["notifications"] if SILENT not in one["email_address"]}
        rows = self.sql("select reference, state from claim_notifications where state in ('requested', 'sent', 'unknown')")
        return sum(state == "requested" or reference in told for reference, state in rows)

    def check_mails(self, test):
        """None twice, none missing; one that VA Notify tells of is delivered. Unknown is only one whose call was cut off and
        of which nothing is told, or which was never out. How many were not."""
        mails = self.notify.state()["notifications"]
        sent = collections.Counter(one["reference"] for one in mails)
        test.assertEqual([one for one, count in sent.items() if count > 1], [], "e-mails sent twice")
        rows = self.sql("select reference, state, coalesce (notification_id, '') from claim_notifications")
        never_out = {reference for reference, state, _ in rows if state == "unknown"} - set(sent)
        test.assertEqual({reference for reference, _, _ in rows}, set(sent) | never_out, "e-mails that are missing")
        ids = {one["reference"]: one["id"] for one in mails}
        silent = {one["reference"] for one in mails if SILENT in one["email_address"]}
        for reference, state, notification in rows:
            if reference in silent:
                test.assertIn(state, ("sent", "unknown"))
            elif reference not in never_out:
                test.assertEqual((state, notification), ("delivered", ids[reference]))
        ends = self.sql("select j.state, n.state from claim_notifications n join step_journal j "
                        "on j.scope = n.saved_claim_id || '/' || n.kind and j.step = 'send-email' "
                        "where j.ordinal = (select max (ordinal) from step_journal where scope = j.scope and step = j.step)")
        test.assertEqual(len(ends), len(rows), "e-mails without a step")
        test.assertLessEqual({end for end, state in ends if state == "unknown"}, {"given up"}, "unknown, and not given up")
        test.assertEqual(self.sql("select scope from step_journal where step = 'send-email' and state = 'finished' "
                                  "group by scope having count (*) > 1"), [], "steps finished twice")
        return len(never_out)

    # What each step makes; of the second kind an unknown call may leave an orphan draft (lib/submission/README.md, rule 8).
    ROWS = {"proc_forms": None, "persons": None, "students": None,
            "participants": r"create-(veteran-)?participant", "addresses": r"create-(veteran-)?address",
            "phones": "create-veteran-phone", "schools": "create-school", "relationships": "create-relationship",
            "vnp_claims": "create-vnp-claim"}

    def effects(self):
        """By group: its forms, and all that BGS, the topics and the journal hold of it, in numbers."""
        state = self.simulator.state()
        events = collections.defaultdict(collections.Counter)
        seen = set()
        for key, headers, _ in self.records("claim-events"):
            if headers["ce_id"] not in seen and not re.search(r"attempt\.(unknown|failure)|step\.", headers["ce_type"]):
                events[key][headers["ce_type"]] += 1
            seen.add(headers["ce_id"])
        product = {claim["benefitClaimID"]: claim["endProductCode"] for claim in state["benefit_claims"]}
        noted = collections.Counter(note["clmId"] for note in state["notes"])
        changes = {proc["vnpProcId"]: [change["vnpProcStateTypeCd"] for change in proc["state_changes"]]
                   for proc in state["procs"]}
        rows = {table: collections.Counter(row.get("vnpProcId") or row["vnpProcID"] for row in state[table])
                for table in self.ROWS}
        tied = collections.Counter(row.get("bnftClaimId") for row in state["vnp_claims"])
        children, journal = collections.defaultdict(list), collections.defaultdict(list)
        for guid, form, claim in self.sql(
                "select g.claim_group_guid, c.form_id, g.bgs_claim_id from saved_claim_groups g "
                "join saved_claims c on c.id = g.saved_claim_id where g.parent_claim_id <> g.saved_claim_id order by 1, 2"):
            children[guid].append((form, claim))
        for guid, step, ended in self.sql(
                "select g.claim_group_guid, j.step, j.state from step_journal j "
                "join saved_claim_groups g on g.saved_claim_id::text = j.scope or (g.claim_group_guid::text = j.scope and "
                "g.parent_claim_id = g.saved_claim_id) where j.state in ('unknown', 'not there', 'given up')"):
            journal[guid].append((step, ended))
        return {guid: {
            "forms": tuple(form for form, _ in children[guid]),
            "products": [product.get(claim) for _, claim in children[guid]],
            "drafts of a claim": [tied[claim] for _, claim in children[guid]],
            "notes": sum(noted[claim] for _, claim in children[guid]),
            "states": changes[proc],
            "rows": {table: counted[proc] for table, counted in rows.items()},
            "events": events[guid],
            "unsettled": journal[guid],
        } for guid, proc in self.sql("select claim_group_guid, proc_id from saved_claim_groups "
                                     "where parent_claim_id = saved_claim_id")}

    def check_like(self, test, undisturbed):
        """Each group has had the effects that one of the same forms has when nothing happens: effects() of then."""
        wanted = {group["forms"]: group for group in undisturbed.values()}
        for guid, group in self.effects().items():
            like = wanted[group["forms"]]
            unknown = [step for step, ended in group["unsettled"] if ended != "given up"]
            doubtful = any(step.startswith("create-relationship") for step in unknown)
            said = f"group {guid}: {group}, undisturbed {like}"
            given_up = sum(ended == "given up" for _, ended in group["unsettled"])
            told = collections.Counter({"gov.va.dependents.claim.needs-person": given_up} if given_up else {})
            test.assertEqual(group["events"], like["events"] + told, f"events of {said}")
            for effect in ("products", "drafts of a claim"):
                test.assertEqual(group[effect], like[effect], f"{effect} of {said}")
            for table, step in self.ROWS.items():
                orphans = sum(bool(step and re.match(step, name)) for name in unknown)
                test.assertIn(group["rows"][table] - like["rows"][table], range(orphans + 1), f"{table} of {said}")
            # One that may be there twice is for a person: reviewed, and named in a note.
            test.assertEqual(group["states"][-1], "MANUAL_VAGOV" if doubtful else like["states"][-1], said)
            missing = like["notes"] - group["notes"]
            # Else only notes are given up: check_notes.
            test.assertIn(missing, range(-len(group["forms"]) * doubtful, given_up + 1), f"notes of {said}")

    def check_packages(self, test, by_paper):
        """One package a group, which is what is stored; attempts: that one, and before it only such as failed."""
        stored = {upload["guid"] for upload in self.intake.state()["uploads"] if upload["puts"]}
        of_papers = "exists (select from claims_evidence_api_submissions e where e.lighthouse_submission_id = s.id)"
        stored -= {uuid for (uuid,) in self.sql(f"select benefits_intake_uuid from lighthouse_submissions s where {of_papers}")}
        packages = self.sql("select g.claim_group_guid, s.package_no, s.latest_status, s.benefits_intake_uuid, s.intake_status "
                            "from saved_claim_groups g join lighthouse_submissions s on s.claim_group_id = g.id "
                            f"where not {of_papers}")
        test.assertEqual(sorted(row[0] for row in packages), sorted(by_paper))
        test.assertEqual({tuple(row[1:3] + row[4:]) for row in packages}, {("1", "vbms", "vbms")})
        test.assertEqual({row[3] for row in packages}, stored, "packages stored and recorded differ")
        attempts = collections.defaultdict(list)
        for package, number, status, guid in self.sql(
                "select lighthouse_submission_id, attempt_no, status, coalesce (a.benefits_intake_uuid, '') "
                "from lighthouse_submission_attempts a join lighthouse_submissions s on s.id = a.lighthouse_submission_id "
                f"where not {of_papers} order by 1, 2"):
            attempts[package].append((int(number), status, guid))
        for of_one in attempts.values():
            test.assertEqual([number for number, _, _ in of_one], list(range(1, len(of_one) + 1)))
            test.assertEqual([status for _, status, _ in of_one], ["failure"] * (len(of_one) - 1) + ["vbms"])
            test.assertIn(of_one[-1][2], stored)
        test.assertEqual(self.records("backup.dead-letter"), [])
        mails = collections.defaultdict(set)
        for key, headers, fields in self.values("notifications"):
            if key in by_paper:
                mails[key, fields["kind"]].add(headers["dp-message-id"])
        test.assertEqual(set(mails), {(guid, kind) for guid in by_paper for kind in ("SUBMITTED", "IN_PROGRESS", "RECEIVED")})
        test.assertTrue(all(len(ids) == 1 for ids in mails.values()), "an e-mail was requested twice")

    def check_procs(self, test, state, groups, held=frozenset()):
        """Each group's proc was closed once and last; others are empty ones whose creation was never answered. `held`: those
        of groups that went by paper, which are never closed, but held for a person, once or again where the answer was lost."""
        procs = {proc["vnpProcId"]: proc for proc in state["procs"]}
        repeats = collections.Counter(row[0] for row in self.journal("close-proc") if row[3] == "unknown")
        for proc_id in held:
            states = [change["vnpProcStateTypeCd"] for change in procs.pop(proc_id)["state_changes"]]
            test.assertLessEqual(set(states[1:]), {"MANUAL_VAGOV"}, f"proc {proc_id} of a group that went by paper")
        orphans = set(procs) - set(groups.values())
        unknowns = sum(row[3] == "unknown" for row in self.journal("create-proc"))
        test.assertLessEqual(len(orphans), unknowns, "procs that no unknown call accounts for")
        for orphan in orphans:
            test.assertEqual(len(procs[orphan]["state_changes"]), 1, "an orphan proc was touched")
        for guid, proc_id in groups.items():
            changes = [(change["vnpProcStateTypeCd"], change["operation"])
                       for change in procs[proc_id]["state_changes"]]
            closes = [change for change in changes if change[1] == PROC_UPDATE]
            test.assertNotEqual(closes, [], f"group {guid}: not closed")
            test.assertIn(closes[0][0], CLOSED)
            test.assertEqual(len(set(closes)), 1, f"group {guid}: closed in two states: {changes}")
            test.assertEqual(len(changes) - len(closes), 1, f"group {guid}: {changes}")
            test.assertLessEqual(len(closes), 1 + repeats[guid], f"group {guid}: closed more than once: {changes}")
        self.check_nothing_after_close(test)

    def check_notes(self, test, state):
        """At most one a benefit claim: one whose answer was lost is not sent again, and a person told of it."""
        notes = collections.Counter(note["clmId"] for note in state["notes"])
        test.assertEqual([claim for claim, count in notes.items() if count > 1], [], "benefit claims with two notes")
        given_up = self.sql("select scope, 'gave up ' || step from step_journal where state = 'given up' "
                            "and step <> 'send-email'")   # check_mails ()
        test.assertLessEqual({step for _, step in given_up}, {"gave up write-note"}, "given up")
        test.assertEqual(sorted(self.sql("select claim_id, reason from holds where resolved_at is null")),
                         sorted(given_up), "holds and steps given up differ")

    def check_nothing_after_close(self, test):
        """The rating engine reads a proc as soon as it is closed."""
        test.assertEqual(self.written_after_close(), [], "writes under a proc that was closed")

    def written_after_close(self):
        """Proc and operation of each write that came, or only acted, after the proc's close had come."""
        closed, writes = {}, []
        for entry in self.simulator.ledger():
            if not entry["acted"] or not re.search("Create|Update", entry["operation"] or ""):
                continue
            proc = re.search(r"<(?:\w+:)?vnpProcI[dD]>(\d+)<", entry["request"])
            if not proc:
                continue
            if entry["operation"] == PROC_UPDATE:
                closed.setdefault(proc[1], entry["at"])
            else:
                writes.append((proc[1], entry["operation"], entry["ended_at"]))
        return [(proc, operation) for proc, operation, ended_at in writes
                if proc in closed and ended_at > closed[proc]]

    def wait_published(self):
        until(lambda: self.sql_one("select count(*) from outbox") == "0", 60,
              lambda: f"outbox empty: {self.sql('select topic, instance_id, created_at from outbox')}")

    def check_events(self, test, groups):
        """Every change of state has its event; the sequence of a group has no gap. Doubles are allowed, of one id."""
        sequences = dict(self.sql("select claim_group_guid, sequence from saved_claim_groups "
                                  "where parent_claim_id = saved_claim_id"))
        ids = collections.defaultdict(lambda: collections.defaultdict(set))
        self.wait_published()
        for key, headers, _ in self.records("claim-events"):
            ids[key][int(headers["ce_sequence"])].add(headers["ce_id"])
        test.assertEqual(set(ids), set(groups))
        for guid, sequence in sequences.items():
            test.assertEqual(sorted(ids[guid]), list(range(1, int(sequence) + 1)), f"events of group {guid}")
            test.assertTrue(all(len(of_one) == 1 for of_one in ids[guid].values()), f"two events of one sequence: {guid}")


class PipelineTest(unittest.TestCase):
    """A test with pipelines of its own; when it fails, their logs are told."""

    def pipeline(self, **settings):
        pipeline = Pipeline(**settings).__enter__()
        self.addCleanup(lambda: pipeline.close(self.has_failed()))
        return pipeline

    def has_failed(self):
        result = self._outcome.result   # unittest tells it nowhere else while cleaning up
        return any(test is self for test, _ in result.failures + result.errors)
