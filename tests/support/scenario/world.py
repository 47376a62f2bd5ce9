"""The world of a folder of scenarios: broker, simulated BGS, claim-api and the consumers beside a scratch database.

Started once, for starting takes longer than a scenario. Limits are short, so that an unknown outcome is settled within
two seconds; the rule holds for them as for the real ones (settle time ≥ connect limit +
send-within). A folder of scenarios that needs others has a file `settings`. Everything lies in one folder and ends with
this process, whatever becomes of it.
"""

import base64
import csv
import ctypes
import http.client
import io
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

from kafka import Kafka

ROOT = pathlib.Path(__file__).parents[3]
START_S = 60
END_S = 20
CONSUMER_OF_TOPIC = {"claims.submitted": "proc-setup", "claims.686c": "form-686c", "claims.674": "form-674"}

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
}
PROGRAMS = ("claim-api", "proc-setup", "form-686c", "form-674")


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
        self.processes = {}
        self.kafka = None
        self.token = secrets.token_urlsafe(24)
        table = json.loads((ROOT / "schemas" / "topics.json").read_text())
        self.topics = [topic["name"] for topic in table["topics"]]
        self.partitions = table["partitions"]
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("DEPENDENTS_")}
        settings = {**SETTINGS, **settings}
        self.consumer_of_topic = dict(CONSUMER_OF_TOPIC)
        for consumer in CONSUMER_OF_TOPIC.values():
            for tier in tier_names(settings["retry-tiers"]):
                self.consumer_of_topic[f"{consumer}.retry-{tier}"] = consumer
        self.topics += [topic for topic in self.consumer_of_topic if topic not in CONSUMER_OF_TOPIC]
        for name, value in settings.items():
            self.set(name, value)

    def set(self, name, value):
        self.environment["DEPENDENTS_" + re.sub(r"[.-]", "_", name).upper()] = value

    # ---- start and end

    def start(self):
        (self.folder / "tokens").touch(0o600)
        (self.folder / "tokens").write_text(f"scenario:{self.token}\n")
        for name, value in {"database-url": self.database_url, "master-keys": fresh_key("scenario"),
                            "hmac-keys": fresh_key("scenario"), "token-file": str(self.folder / "tokens")}.items():
            self.set(name, value)
        self.launch("embedded-broker")
        self.launch("bgs-simulator")
        status, said = self.pipelinectl("migrate")
        if status:
            raise Gone("pipelinectl migrate: " + said)
        brokers = self.address("embedded-broker", "KAFKA_BROKERS")
        self.set("kafka-brokers", brokers)
        self.bgs_url = self.address("bgs-simulator", "URL")
        self.set("bgs-url", self.bgs_url)
        self.set("bid-url", self.bgs_url)
        for name in PROGRAMS:
            self.launch(name)
        self.kafka = Kafka(brokers, "dependents.", self.topics, self.partitions)
        self.api_url = self.address("claim-api", "URL")
        for name in PROGRAMS:
            self.await_ready(name)
        self.await_assignments()

    def launch(self, name):
        log = open(self.folder / f"{name}.log", "wb")
        with log:
            self.processes[name] = subprocess.Popen(
                [self.programs_folder / name, "--address-file", self.folder / f"{name}.address"], stdout=log,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=self.environment,
                preexec_fn=die_with_parent)

    def address(self, name, key):
        file = self.folder / f"{name}.address"
        self.wait_for(lambda: file.exists() and f"{key}=" in file.read_text(), f"{name} to tell its address", START_S)
        return re.search(rf"^{key}=(.*)$", file.read_text(), re.MULTILINE)[1]

    def await_ready(self, name):
        url = self.address(name, "METRICS_URL")
        self.wait_for(lambda: http_call("GET", url + "/readyz")[0] == 200, f"{name} to be ready", START_S)

    def await_assignments(self):
        """Ready does not mean an assignment, and the broker's first join takes 3 s, which is no scenario's time."""
        for name in CONSUMER_OF_TOPIC.values():
            self.wait_for(lambda name=name: "partitions assigned" in self.log(name), f"{name} to have partitions",
                          START_S)

    def stop(self):
        """Programs first, so that they can say goodbye to database and broker. What was still wrong is told."""
        problems = []
        if self.kafka:
            self.kafka.close()
            self.kafka = None
        for names, allowed in ((reversed(PROGRAMS), True), (("bgs-simulator", "embedded-broker"), False)):
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
                raise TimeoutError(f"waited {seconds} s for {what}")
            time.sleep(0.02)

    # ---- what can be asked

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def last_lines(self, count=8):
        """Of the consumers' logs, for who asks why something does not come."""
        return "\n".join(line for name in CONSUMER_OF_TOPIC.values()
                         for line in self.log(name).splitlines()[-count:])

    def rows(self, statement):
        """Rows as lists of texts; null is “null”."""
        done = subprocess.run(["psql", "--no-psqlrc", "--quiet", "--csv", "--tuples-only", "--set", "ON_ERROR_STOP=1",
                               "--pset", "null=null", "--dbname", self.database_url, "--command", statement],
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{statement}\n{done.stderr}")
        return list(csv.reader(io.StringIO(done.stdout)))

    def pipelinectl(self, *arguments):
        """Its exit status and what it said."""
        done = subprocess.run([self.programs_folder / "pipelinectl", *arguments], env=self.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout

    def dump(self):
        return subprocess.run(["pg_dump", "--data-only", "--dbname", self.database_url], capture_output=True,
                              check=True).stdout

    def bgs(self, method, what, document=None):
        status, _, body = http_call(method, f"{self.bgs_url}/_simulator/{what}",
                                    None if document is None else json.dumps(document).encode())
        if status != 200:
            raise RuntimeError(f"{method} {what}: {status} {body.decode()}")
        return json.loads(body)

    def post_claim(self, claim, headers):
        return http_call("POST", self.api_url + "/dependents_benefits/v0/claims", json.dumps(claim).encode(),
                         {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}", **headers})


def http_call(method, url, body=None, headers=None):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, parts.path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()
    finally:
        connection.close()
