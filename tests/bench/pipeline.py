"""What the benches of the whole pipeline share: a scratch world of servers and programs, and how to measure them.

A bench runs itself again inside with-postgres and with-kafka, so both are real and durable. Its programs come from BIN
(build/bin), their settings from DEPENDENTS_ variables, and they end with it whatever becomes of it.
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
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "samples" / "claims"
START_S = 60
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Trouble(Exception):
    """The measurement did not come about. A missed goal is no trouble."""


def enter_scratch_servers(broker_properties):
    """Starts this script again beside a PostgreSQL and an Apache Kafka of its own."""
    if "BENCH_INSIDE" not in os.environ:
        os.environ["BENCH_INSIDE"] = "1"
        servers = [str(ROOT / "tests" / "support" / name) for name in ("with-postgres", "with-kafka")]
        for setting in broker_properties:
            servers += ["--property", setting]
        os.execv(servers[0], servers + [os.path.abspath(sys.argv[0]), *sys.argv[1:]])


def run_bench(measure, broker_properties=()):
    """measure (pipeline) prints the figures. Ends the process with 0, or with 1 and the reason."""
    def raise_interrupt(*_):
        raise KeyboardInterrupt

    enter_scratch_servers(broker_properties)
    signal.signal(signal.SIGTERM, raise_interrupt)
    name = pathlib.Path(sys.argv[0]).name
    with Pipeline() as pipeline:
        try:
            measure(pipeline)
        except (Trouble, OSError, subprocess.CalledProcessError) as trouble:
            sys.exit(f"{name}: {trouble}")


def number_setting(name, default):
    text = os.environ.get(name, str(default))
    if not re.fullmatch("[1-9][0-9]*", text):
        sys.exit(f"{name} has to be a whole number above 0, not “{text}”")
    return int(text)


# ---- figures


def tell(what, figure, remark=""):
    """One line a figure, told as soon as it is known."""
    print(f"  {what:<52} {figure:>10}  {remark}".rstrip(), flush=True)


def against(figure, limit, unit=""):
    """The goal beside a figure that should not be above it."""
    return f"goal ≤ {limit:g}{unit}" + ("" if figure <= limit else ": goal missed")


def quantile(values, part):
    """The smallest value that @part of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * part // 100) - 1)]


median = statistics.median


# ---- processes


def cpu_of_process(pid, with_children=False):
    """Seconds that all threads of a process have run; with those of its children that have ended and been waited for."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    times = stat[stat.rindex(")") + 2:].split()[11:15]  # utime, stime, cutime, cstime; the name may hold anything
    return sum(map(int, times if with_children else times[:2])) / TICKS_PER_S


def cpu_of_machine():
    """Seconds that all processors have been busy, whoever kept them so; time stolen by the host included."""
    user, nice, system, _, _, irq, softirq, steal = pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    return sum(map(int, (user, nice, system, irq, softirq, steal))) / TICKS_PER_S


def children_of(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def http_call(method, url, body=None, headers=None):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)
    try:
        connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Pipeline:
    def __init__(self):
        self.bin = pathlib.Path(os.environ.get("BIN", ROOT / "build" / "bin"))
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench."))
        self.database_url = os.environ["DATABASE_URL"]
        self.processes = {}
        self.postmaster = None
        self.environment = dict(os.environ)
        self.token = secrets.token_urlsafe(24)
        (self.folder / "tokens").touch(0o600)
        (self.folder / "tokens").write_text(f"bench:{self.token}\n")
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        for name, value in {"kafka-brokers": os.environ["KAFKA_BROKERS"], "database-url": self.database_url,
                            "master-keys": f"a:{key}", "hmac-keys": f"b:{key}", "bid-token": "bench",
                            "token-file": str(self.folder / "tokens"), "claim-api-token": self.token,
                            "log-level": "info"}.items():
            self.set(name, value)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for process in self.processes.values():
            process.kill()  # servers and data are scratch: nobody waits for a goodbye
            process.wait()
        if kind is None:
            shutil.rmtree(self.folder)
        elif kind is not KeyboardInterrupt:
            print(f"the programs' logs are kept in {self.folder}", file=sys.stderr)

    def set(self, name, value):
        self.environment["DEPENDENTS_" + re.sub("[.-]", "_", name).upper()] = str(value)

    # ---- programs

    def ctl(self, *arguments):
        """pipelinectl's output."""
        done = subprocess.run([self.bin / "pipelinectl", *map(str, arguments)], env=self.environment, text=True,
                              capture_output=True)
        if done.returncode:
            raise Trouble(f"pipelinectl {arguments[0]} ended with status {done.returncode}:\n{done.stderr[-2000:]}")
        return done.stdout

    def prepare(self):
        """Schema and topics, and a BGS that answers at once."""
        self.ctl("migrate")
        self.ctl("topics", "create")
        # The ledger must hold all of a run, for the figures are read from it.
        self.launch("bgs-simulator", "--ledger-size", "10000000", "--ledger-bytes", str(2 << 30))
        self.bgs_url = self.address("bgs-simulator", "URL")
        self.set("bgs-url", self.bgs_url)
        self.set("bid-url", self.bgs_url)

    def launch(self, name, *settings):
        def die_with_parent():
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG

        (self.folder / f"{name}.address").unlink(missing_ok=True)   # that of one that was here before
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes[name] = subprocess.Popen(
                [self.bin / name, "--address-file", self.folder / f"{name}.address", *settings], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, env=self.environment, preexec_fn=die_with_parent)

    def start(self, *names):
        """Returns when all are ready, and those that read a topic have partitions."""
        for name in names:
            self.launch(name)
        for name in names:
            url = self.address(name, "METRICS_URL")
            self.wait_for(lambda url=url: http_call("GET", url + "/readyz")[0] == 200, f"{name} to be ready", START_S)
            if name != "claim-api":
                self.wait_for(lambda name=name: "partitions assigned" in self.log(name), f"{name} to have partitions",
                              START_S)

    def end(self, *names):
        """In good order, as an operator would; the programs have nothing to do any more."""
        for name in names:
            self.processes[name].terminate()
        for name in names:
            try:
                status = self.processes[name].wait(60)
            except subprocess.TimeoutExpired:
                raise Trouble(f"{name} does not end")
            if status:
                raise Trouble(f"{name} ended with status {status}:\n{self.log(name)[-2000:]}")
            del self.processes[name]

    def address(self, name, key):
        file = self.folder / f"{name}.address"
        self.wait_for(lambda: file.exists() and f"{key}=" in file.read_text(), f"the address of {name}", START_S)
        return re.search(f"^{key}=(.*)$", file.read_text(), re.MULTILINE)[1]

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def wait_for(self, condition, what, seconds, pause=0.05):
        deadline = time.monotonic() + seconds
        while not condition():
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise Trouble(f"{name} ended with status {process.returncode}:\n{self.log(name)[-2000:]}")
            if time.monotonic() > deadline:
                raise Trouble(f"waited {seconds} s for {what}")
            time.sleep(pause)

    # ---- what can be asked

    def value(self, statement):
        """The one value of a statement, as a text."""
        return subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.database_url, "-c", statement],
                              check=True, capture_output=True, text=True).stdout.strip()

    def bgs(self, method, what, document=None):
        """A control call of the simulator."""
        status, body = http_call(method, f"{self.bgs_url}/_simulator/{what}", document and json.dumps(document))
        if status != 200:
            raise Trouble(f"bgs-simulator: {method} {what}: {status}")
        return json.loads(body)

    def cpu(self):
        """Seconds of processor time that each program and server has used since its start."""
        if self.postmaster is None:
            folder = self.value("show data_directory")
            self.postmaster = pathlib.Path(folder, "postmaster.pid").read_text().split()[0]
        postmaster = self.postmaster
        used = {name: cpu_of_process(process.pid) for name, process in self.processes.items()}
        used["PostgreSQL"] = cpu_of_process(postmaster, with_children=True)
        for child in children_of(postmaster):
            try:
                used["PostgreSQL"] += cpu_of_process(child)
            except (FileNotFoundError, ProcessLookupError):
                pass  # it has just ended
        used["Apache Kafka"] = cpu_of_process(pathlib.Path(os.environ["KAFKA_PID_FILE"]).read_text().strip())
        return used

    def commits(self):
        return int(self.value("select xact_commit from pg_stat_database where datname = current_database ()"))

    def wal_syncs(self):
        """How often the write-ahead log has been forced to disk, and the milliseconds of that."""
        count, ms = self.value("select wal_sync || ' ' || wal_sync_time from pg_stat_wal").split()
        return int(count), float(ms)
