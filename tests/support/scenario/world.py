"""The world of a folder of scenarios: broker, simulated BGS, claim-api and the consumers beside a scratch database.

Started once, for starting takes longer than a scenario. Limits are short, so that an unknown outcome is settled within
two seconds; the rule holds for them as for the real ones (settle time ≥ connect limit +
send-within). A folder of scenarios that needs others has a file `settings`. Everything lies in one folder and ends with
this process, whatever becomes of it.
"""

import base64
import ctypes
import http.client
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

from kafka import Kafka
from session import Session

sys.path.append(str(pathlib.Path(__file__).parents[1]))
from roles import GRANTED, as_part, part_of   # noqa: E402
from upload import upload_of   # noqa: E402

ROOT = pathlib.Path(__file__).parents[3]
START_S = 60
END_S = 20
CONSUMER_OF_TOPIC = {"claims.submitted": "proc-setup", "claims.686c": "form-686c", "claims.674": "form-674"}
# What runs only where a folder's settings say so (`backup=yes`): elsewhere a scenario ends with what they would read.
OPTIONAL = {"backup": "claims.dead-letter", "notify": "notifications", "evidence": "claims.evidence"}

SETTINGS = {
    "broker-admin": "no",
    "kafka.session.timeout.ms": "6000",
    "kafka.fetch.wait.max.ms": "10",
    "log-level": "debug",
    "same-claim-window": "0",  # a Veteran's same claim several times: several groups
    "bid-token": "scenario",
    "bgs-read-timeout-ms": "1000",
    "bgs-connect-timeout-ms": "300",
    "bid-timeout-ms": "1000",
    "send-within-ms": "700",
    "unknown-settle-ms": "1000",
    "retry-tiers": "100ms*2,300ms",
    "look-tier": "300ms",
    "breaker-probe-ms": "200",
    "breaker-probe-max-ms": "400",
    "breaker-look-ms": "50",
    "intake-api-key": "scenario",
    "intake-timeout-ms": "1000",
    "intake-connect-timeout-ms": "300",
    "package-ask-every": "200ms",
    "package-ask-later": "200ms",
    "insert-look-every": "200ms",
    "notify-timeout-ms": "500",
    "notify-risk-pause": "300ms",
    "notify-connect-timeout-ms": "300",
    "evidence-timeout-ms": "500",
    "evidence-connect-timeout-ms": "300",
}
SERVICE, SECRET = "d6aa2c68-a2d9-4437-ab19-3ae8eb202553", "5c8b1f0e-9c3d-4a59-8a1f-1d0f7f7b6a11"
NOTIFY_KEY = f"scenario-{SERVICE}-{SECRET}"
TEMPLATES = {f"{kind}/{forms}": f"00000000-0000-4000-8000-0000000000{10 * k + f:02}"
             for k, kind in enumerate(("submitted", "in_progress", "received", "error"))
             for f, forms in enumerate(("686c-674", "686c", "674"))}
EVIDENCE_SECRET = "secret-of-scenarios"
EVIDENCE_PATH = "/api/v1/rest"
CALLBACKS = "/dependents_benefits/v0/notify/callbacks"
VALUES = "first_name date_submitted confirmation_number"
PROGRAMS = ("claim-api", "proc-setup", "form-686c", "form-674")
SIMULATORS = ("bgs-simulator", "intake-simulator", "notify-simulator", "evidence-simulator")
ARGUMENTS = {"intake-simulator": ("--intake-quota", "0", "--intake-report-cache-ms", "0"),
             "notify-simulator": ("--notify-callback-delay-ms", "0", "--notify-callback-retry-ms", "100",
                                  "--notify-known-templates", "".join(f"{uuid} {VALUES};" for uuid in TEMPLATES.values()))}


class Gone(Exception):
    """A program has ended, or never came to be ready."""


def settings_of(folder):
    """NAME=VALUE lines of its file `settings`; a comment begins with #."""
    file = folder / "settings"
    lines = file.read_text().splitlines() if file.exists() else []
    return dict(line.split("=", 1) for line in lines if line.strip() and not line.startswith("#"))


def tier_names(text):
    """Of retry tiers as they are written: 15s*3,2m gives 15s and 2m, each of which is one topic of its consumer."""
    return list(dict.fromkeys(part.split("*")[0] for part in text.split(",")))


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def fresh_key(name):
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


class World:
    def __init__(self, programs, settings):
        self.programs_folder = pathlib.Path(programs)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="scenarios-"))
        self.database_url = os.environ["DATABASE_URL"]
        self.database = Session(self.database_url, null="null")
        self.processes = {}
        self.kafka = None
        self.token = secrets.token_urlsafe(24)
        table = json.loads((ROOT / "schemas" / "topics.json").read_text())
        self.topics = [topic["name"] for topic in table["topics"]]
        self.partitions = table["partitions"]
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("DEPENDENTS_")}
        settings = {**SETTINGS, **settings}
        here = [name for name in OPTIONAL if settings.pop(name, "no") == "yes"]
        self.programs = PROGRAMS + tuple(here)
        self.sources = {**CONSUMER_OF_TOPIC, **{OPTIONAL[name]: name for name in here}}
        self.consumer_of_topic = dict(self.sources)
        for consumer in self.sources.values():
            for tier in tier_names(settings["retry-tiers"]):
                self.consumer_of_topic[f"{consumer}.retry-{tier}"] = consumer
        self.topics += [topic for topic in self.consumer_of_topic if topic not in self.topics]
        for name, value in settings.items():
            self.set(name, value)
        if "evidence" in here:
            self.set("evidence", "yes")   # who closes a group hands its papers on

    def set(self, name, value):
        self.environment["DEPENDENTS_" + re.sub(r"[.-]", "_", name).upper()] = value

    # ---- start and end

    def start(self):
        (self.folder / "tokens").touch(0o600)
        (self.folder / "tokens").write_text(f"scenario:{self.token}\n")
        for name, value in {"database-url": self.database_url, "master-keys": fresh_key("scenario"),
                            "hmac-keys": fresh_key("scenario"), "token-file": str(self.folder / "tokens"),
                            "notify-api-key": NOTIFY_KEY, "notify-expected-key": NOTIFY_KEY,
                            "notify-templates": ";".join(f"{name}={uuid} {VALUES}" for name, uuid in TEMPLATES.items()),
                            "evidence-expected-secret": EVIDENCE_SECRET, "notify-callback-keys": NOTIFY_KEY, "notify-callback-token": secrets.token_urlsafe(24)}.items():
            self.set(name, value)
        self.launch("embedded-broker")
        for simulator in SIMULATORS:
            self.launch(simulator)
        status, said = self.pipelinectl("migrate", *(f"--{name}={role}" for name, role in GRANTED.items()))
        if status:
            raise Gone("pipelinectl migrate: " + said)
        brokers = self.address("embedded-broker", "KAFKA_BROKERS")
        self.set("kafka-brokers", brokers)
        self.bgs_url = self.address("bgs-simulator", "URL")
        self.set("bgs-url", self.bgs_url)
        self.set("bid-url", self.bgs_url)
        self.intake_url = self.address("intake-simulator", "URL")
        self.set("intake-url", self.intake_url)
        self.notify_url = self.address("notify-simulator", "URL")
        self.set("notify-url", self.notify_url)
        self.evidence_url = self.address("evidence-simulator", "URL")
        if "evidence" in self.programs:   # by its URL papers are switched on, for the forms, too
            self.set("evidence-url", self.evidence_url + EVIDENCE_PATH)
            self.set("evidence-secret", EVIDENCE_SECRET)
        self.launch("claim-api")
        self.api_url = self.address("claim-api", "URL")
        self.set("notify-callback-url", self.api_url + CALLBACKS)
        for name in self.programs:
            if name != "claim-api":
                self.launch(name)
        self.kafka = Kafka(brokers, "dependents.", self.topics, self.partitions)
        for name in self.programs:
            self.await_ready(name)
        self.await_assignments()

    def launch(self, name):
        log = open(self.folder / f"{name}.log", "wb")
        with log:
            self.processes[name] = subprocess.Popen(
                [self.programs_folder / name, "--address-file", self.folder / f"{name}.address",
                 *ARGUMENTS.get(name, ())], stdout=log,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=self.environment_of(name),
                preexec_fn=die_with_parent)

    def environment_of(self, program, part=None):
        """With the database as that part's role."""
        return {**self.environment, "DEPENDENTS_DATABASE_URL": as_part(self.database_url, part or part_of(program))}

    def address(self, name, key):
        file = self.folder / f"{name}.address"
        self.wait_for(lambda: file.exists() and f"{key}=" in file.read_text(), f"{name} to tell its address", START_S)
        return re.search(rf"^{key}=(.*)$", file.read_text(), re.MULTILINE)[1]

    def await_ready(self, name):
        url = self.address(name, "METRICS_URL")
        self.wait_for(lambda: http_call("GET", url + "/readyz")[0] == 200, f"{name} to be ready", START_S)

    def await_assignments(self):
        """Ready does not mean an assignment, and the broker's first join takes 3 s, which is no scenario's time."""
        for name in self.sources.values():
            self.wait_for(lambda name=name: "partitions assigned" in self.log(name), f"{name} to have partitions",
                          START_S)

    def stop(self):
        """Programs first, so that they can say goodbye to database and broker. What was still wrong is told."""
        problems = []
        if self.kafka:
            self.kafka.close()
            self.kafka = None
        for names, allowed in ((reversed(self.programs), True), ((*SIMULATORS, "embedded-broker"), False)):
            running = [(name, self.processes[name]) for name in names
                       if name in self.processes and not self.processes[name].returncode == 0]
            for name, process in running:
                if process.poll() is not None and allowed:
                    problems.append(f"{name} had ended by itself, status {process.returncode}")
                process.terminate()
            for name, process in running:
                try:
                    process.wait(END_S + 10)
                except subprocess.TimeoutExpired:
                    problems.append(f"{name} did not end and was killed")
                    process.kill()
                    process.wait()
        return problems

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- waiting

    def wait_for(self, condition, what, seconds):
        """Polls: there is nothing to be woken by on the other side of a database. Ends early when a program is gone."""
        deadline = time.monotonic() + seconds
        while not condition():
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise Gone(f"{name} ended with status {process.returncode}:\n" + self.log(name)[-3000:])
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {seconds} s for {what() if callable(what) else what}")
            time.sleep(0.02)

    # ---- what can be asked

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def last_lines(self, count=8):
        """Of the consumers' logs, for who asks why something does not come."""
        return "\n".join(line for name in self.sources.values()
                         for line in self.log(name).splitlines()[-count:])

    def rows(self, statement):
        """Rows as lists of texts; null is “null”."""
        return self.database.ask(statement)

    def pipelinectl(self, *arguments):
        """Its exit status and what it said."""
        environment = self.environment if arguments[0] == "migrate" else self.environment_of("pipelinectl")
        done = subprocess.run([self.programs_folder / "pipelinectl", *arguments], env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout

    def dump(self):
        """All rows; bytes as such, for nine digits of their hexadecimal form may be anybody's number."""
        done = subprocess.run(["pg_dump", "--data-only", "--dbname", self.database_url], capture_output=True, check=True)
        return re.sub(rb"\\+x((?:[0-9a-f]{2})+)", lambda match: bytes.fromhex(match[1].decode()), done.stdout)

    def bgs(self, method, what, document=None):
        return self.simulator(self.bgs_url, method, what, document)

    def intake(self, method, what, document=None):
        return self.simulator(self.intake_url, method, what, document)

    def notify(self, method, what, document=None):
        return self.simulator(self.notify_url, method, what, document)

    def evidence(self, method, what, document=None):
        return self.simulator(self.evidence_url, method, what, document)

    def post_callback(self, body, headers):
        return http_call("POST", self.api_url + CALLBACKS, body, {"Content-Type": "application/json", **headers})[0]

    @staticmethod
    def simulator(url, method, what, document):
        status, _, body = http_call(method, f"{url}/_simulator/{what}",
                                    None if document is None else json.dumps(document).encode())
        if status != 200:
            raise RuntimeError(f"{method} {what}: {status} {body.decode()}")
        return json.loads(body)

    def post_claim(self, claim, headers, attachments=()):
        """Attachments (name, bytes) go beside it as files."""
        body, kind = json.dumps(claim).encode(), "application/json"
        if attachments:
            body, kind = upload_of(body, attachments)
        return http_call("POST", self.api_url + "/dependents_benefits/v0/claims", body,
                         {"Content-Type": kind, "Authorization": f"Bearer {self.token}", **headers})


def http_call(method, url, body=None, headers=None):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, parts._replace(scheme="", netloc="").geturl(), body, headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()
    finally:
        connection.close()
