"""The pipeline as a cluster runs it, installed by the chart; and what can be seen of it from outside.

What is looked at, and how, is tests/crash/pipeline.py's: BGS in the simulator's ledger, topics with kcat, the database with SQL. Only the
programs are pods here."""
import contextlib
import http.client
import itertools
import json
import os
import pathlib
import secrets
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

import yaml

import claims
import cluster
import outside
from cluster import until
from pipeline import EVIDENCE, EVIDENCE_SECRET, NOTIFY, SECRET, SERVICE, TEMPLATE, Pipeline, free_port, invented_key

HERE = pathlib.Path(__file__).resolve().parent
HOUSE = HERE.parent.parent
CHART = HOUSE / "helm" / "dependents-pipeline"
RELEASE, NAMESPACE = "claims", "dependents"
FULL_NAME = f"{RELEASE}-dependents-pipeline"
CONSUMERS = ("proc-setup", "form-686c", "form-674", "backup", NOTIFY, EVIDENCE)
PAGE = "pipelinectl-web"
PROGRAMS = (*CONSUMERS, "claim-api", PAGE)
API_NAME, PAGE_NAME = f"{FULL_NAME}-claim-api", f"{FULL_NAME}-{PAGE}"
CALLBACKS = "/dependents_benefits/v0/notify/callbacks"
# What production counts in minutes, in seconds here; all else is as it ships.
QUICK = {"retry-tiers": "1s*4,5s*12", "look-tier": "1s", "send-within-ms": 2000, "bgs-connect-timeout-ms": 2000,
         "intake-connect-timeout-ms": 2000, "notify-connect-timeout-ms": 2000, "evidence-connect-timeout-ms": 2000, "unknown-settle-ms": 4000,
         "bgs-read-timeout-ms": 10000, "package-ask-every": "500ms", "kafka.session.timeout.ms": 15000}
NUMBERS = itertools.count(1)   # of Veterans
SETTLED_S = 300   # a bound, on a machine with much else to do; how long it took is told


class Deployed(Pipeline):
    def __init__(self, papers, cluster_folder):
        super().__init__()
        self.papers, self.cluster = papers, cluster.Cluster(cluster_folder)
        self.prefix = "dependents."
        self.tools = pathlib.Path(os.environ["CHART_TOOLS"])
        self.port_of_database = self.server_url.rsplit(":", 1)[1].partition("/")[0]
        self.brokers_admin = outside.Brokers(self.brokers)
        self.password = secrets.token_hex(16)   # of the database
        self.keys = {"master-keys": invented_key("m"), "hmac-keys": invented_key("h")}
        self.notify_key = f"cluster-{SERVICE}-{SECRET}"
        self.page_token = secrets.token_urlsafe(24)   # may read
        self.gateways = []
        self.unheard = set()   # e-mails whose callbacks came while nobody was there

    # --- What stands outside

    def __enter__(self):
        super().__enter__()
        self.start_intake("--intake-last-status=vbms", "--intake-step-ms=200", "--intake-location-scheme=https")
        self.environment["DEPENDENTS_NOTIFY_EXPECTED_KEY"] = self.notify_key
        self.start_notify()
        self.start_evidence()
        self.server.ask(f"create role {outside.ROLE} login password '{self.password}'")
        self.server.ask(f"alter database {self.name} owner to {outside.ROLE}")
        self.brokers_admin.allow(outside.USER, self.rights())
        for name, simulator in (("bgs", self.simulator), ("bid", self.simulator), ("intake", self.intake), ("notify", self.notify),
                                ("evidence", self.evidence)):
            options = ["--client-ca", self.papers / "ca.crt"] if name == "bgs" else []
            self.open_gateway(f"{cluster.HOST}:{outside.PORTS[name]}", simulator.netloc, "--certificate", self.papers / f"{name}.crt",
                              "--key", self.papers / f"{name}.key", *options)
        return self

    def close(self, is_failed):
        for gateway in self.gateways:
            gateway.kill()
            gateway.wait()
        super().close(is_failed)

    def open_gateway(self, listen, target, *options):
        with open(self.folder / f"gateway-{len(self.gateways)}.log", "wb") as log:
            self.gateways.append(subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-B", HERE / "gateway.py", listen, target, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def rights(self):
        """What the chart says that its programs may do, all together, and what its README gives the Job that makes topics."""
        everything = CHART / "ci" / "everything-values.yaml"
        rules = [rule for found in yaml.safe_load_all(self.helm("template", RELEASE, CHART, "--values", everything))
                 if found and found["kind"] == "KafkaUser" for rule in found["spec"]["authorization"]["acls"]]
        job = {"resource": {"type": "topic", "name": self.prefix, "patternType": "prefix"}, "operations": ["Create"]}
        return [*{json.dumps(rule): rule for rule in rules}.values(), job]

    # --- The chart

    def chart_values(self):
        templates = ";".join(f"{kind}/{forms}={TEMPLATE} first_name" for kind in ("submitted", "in_progress", "received", "error")
                             for forms in ("686c-674", "686c", "674"))
        return {
            "image": {"repository": "localhost/dependents-pipeline", "pullPolicy": "Never"},
            "kafka": {"brokers": f"kafka.{cluster.DOMAIN}:{outside.BROKERS_PORT}", "authentication": {"type": "tls"}},
            "database": {"ca": True}, "bgs": {"ca": True, "bidToken": True}, "intake": {"ca": True}, "notify": {"ca": True},
            "evidence": {"ca": True},
            "topics": {"replicationFactor": 1, "minInsyncReplicas": 1},
            "settings": {**{f"{name}-url": f"https://{name}.{cluster.DOMAIN}:{port}" for name, port in outside.PORTS.items()},
                         "evidence": "yes", "evidence-url": f"https://evidence.{cluster.DOMAIN}:{outside.PORTS[EVIDENCE]}/api/v1/rest",
                         "notify-templates": templates, **QUICK},
            "consumers": {NOTIFY: {"settings": {"notify-callback-url": f"http://127.0.0.1:{self.callback_port}{CALLBACKS}"}},
                          EVIDENCE: {"enabled": True}},
            "web": {"enabled": True},
            "secrets": {group: {"existing": name} for group, name in self.secret_names().items()},
            "networkPolicy": {"database": {"ports": [int(self.port_of_database)]}, "kafka": {"ports": [outside.BROKERS_PORT]},
                              "bgs": {"ports": [outside.PORTS["bgs"], outside.PORTS["bid"]]},
                              **{name: {"ports": [outside.PORTS[name]]} for name in ("intake", "notify", "evidence")}}}

    @staticmethod
    def secret_names():
        return {group: f"own-{group.lower()}" for group in (
            "database", "keys", "kafka", "kafkaCa", "bgs", "intake", "notify", "evidence", "claimApi", "claimApiTls", "web", "webTls", "test")}

    def secret_files(self):
        ca = (self.papers / "ca.crt").read_text()
        return {
            "database": {"database-url": self.url_of_pods(), "ca.crt": ca},
            "keys": self.keys,
            "kafka": self.certificate("kafka-client", f"/{outside.USER}"),
            "kafkaCa": {"ca.crt": ca},
            "bgs": {**self.certificate("client", "/CN=dependents"), "ca.crt": ca, "bid-token": "token"},
            "intake": {"intake-api-key": "key", "ca.crt": ca},
            "notify": {"notify-api-key": self.notify_key, "ca.crt": ca},
            "evidence": {"evidence-secret": EVIDENCE_SECRET, "ca.crt": ca},
            "claimApi": {"tokens": f"test:{self.token}\n", "notify-callback-keys": self.notify_key},
            "claimApiTls": {**self.certificate("claim-api", f"/CN={API_NAME}", f"DNS:{API_NAME}"), "ca.crt": ca},
            "web": {"tokens": f"lane:read:{self.page_token}\n"},
            "webTls": self.certificate(PAGE, f"/CN={PAGE_NAME}", f"DNS:{PAGE_NAME}"),
            "test": {"claim-api-token": self.token}}

    def certificate(self, name, *what):
        certificate, key = cluster.Authority(self.papers, "outside").sign(name, *what)
        return {"tls.crt": certificate.read_text(), "tls.key": key.read_text()}

    def url_of_pods(self):
        return (f"postgresql://{outside.ROLE}:{self.password}@database.{cluster.DOMAIN}:{self.port_of_database}/{self.name}")

    def prepare(self):
        """The namespace and what has to be there before an install: Secrets, and a way for callbacks."""
        self.callback_port = free_port()
        self.kubectl("create", "namespace", NAMESPACE, namespace=None)
        self.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted",
                     "pod-security.kubernetes.io/enforce-version=latest", namespace=None)
        files = self.secret_files()
        for group in files:
            self.put_secret(group, files[group])

    def put_secret(self, group, files):
        self.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": self.secret_names()[group], "namespace": NAMESPACE},
                    "stringData": files})

    def apply(self, *objects):
        path = self.folder / "apply.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", path)
        path.unlink()

    def helm(self, *arguments, tool="helm", check=True):
        environment = {**os.environ, "KUBECONFIG": str(self.cluster.kubeconfig),
                       **{f"HELM_{name}_HOME": f"{self.folder}/helm" for name in ("CACHE", "CONFIG", "DATA")}}
        done = subprocess.run([self.tools / tool, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              check=False)
        if check and done.returncode:
            raise RuntimeError(f"{tool} {arguments[:3]}: {done.returncode}: {done.stdout[-1000:]}{done.stderr[-3000:]}{self.story()}")
        return done.stdout if check else done

    def install(self, *options, values=None, tool="helm", check=True):
        """`helm upgrade --install`; what it says, or without `check` how it ended."""
        path = self.folder / "values.yaml"
        path.write_text(yaml.safe_dump(self.chart_values() if values is None else values))
        return self.helm("upgrade", "--install", RELEASE, CHART, "--namespace", NAMESPACE, "--values", path, *options, tool=tool, check=check)

    def upgrade(self, *options, check=True):
        """With the values that are there, and those of the options."""
        return self.helm("upgrade", RELEASE, CHART, "--namespace", NAMESPACE, "--reuse-values", *options, check=check)

    # --- The cluster

    def kubectl(self, *arguments, namespace=NAMESPACE, check=True):
        return self.cluster.kubectl(*([f"--namespace={namespace}"] if namespace else []), *arguments, check=check)

    def get(self, *what):
        return json.loads(self.kubectl("get", *what, "--output=json"))

    def pods(self, program=None):
        label = f"app.kubernetes.io/instance={RELEASE}" + (f",app.kubernetes.io/component={program}" if program else "")
        return [pod for pod in self.get("pods", f"--selector={label}")["items"]
                if pod["metadata"]["labels"].get("app.kubernetes.io/component") in PROGRAMS]

    def restarts(self):
        """{pod: how often one of its containers has been started again}"""
        return {pod["metadata"]["name"]: sum(status["restartCount"] for status in pod["status"].get("containerStatuses", []))
                for pod in self.pods()}

    def are_ready(self, *programs):
        return all(self.is_rolled_out(program) for program in programs or PROGRAMS)

    def is_rolled_out(self, program):
        found = self.get("deployment", f"{FULL_NAME}-{program}")
        status, wanted = found["status"], found["spec"]["replicas"]
        return (status.get("observedGeneration") == found["metadata"]["generation"] and status.get("updatedReplicas", 0) == wanted
                and status.get("replicas", 0) == wanted and status.get("availableReplicas", 0) == wanted)

    def wait_rolled_out(self, *programs, seconds=180):
        until(lambda: self.are_ready(*programs), seconds, lambda: f"{programs or 'all'} rolled out\n{self.story()}", every=0.5)

    def scale(self, program, replicas):
        self.kubectl("scale", f"deployment/{FULL_NAME}-{program}", f"--replicas={replicas}")

    def story(self):
        """For who has to find out why: pods, events, last words."""
        said = [self.kubectl("get", "pods", "--output=wide", check=False)]
        said += self.kubectl("get", "events", "--sort-by=.lastTimestamp", check=False).splitlines()[-25:]
        for pod in self.kubectl("get", "pods", "--output=name", check=False).split():
            for which in ("--previous", ""):
                words = self.kubectl("logs", pod, "--tail=4", "--all-containers", *([which] if which else []), check=False)
                if words and "not found" not in words:
                    said.append(f"--- {pod} {which}\n{words}")
        return "\n".join(said)

    # --- Claims

    def api_address(self):
        return self.address_of(API_NAME)

    def address_of(self, name):
        service = self.get("service", name)
        return service["spec"]["clusterIP"], service["spec"]["ports"][0]["port"]

    def let_callbacks_in(self):
        """VA Notify stands outside the cluster; its callbacks come by this."""
        host, port = self.api_address()
        self.open_gateway(f"127.0.0.1:{self.callback_port}", f"{host}:{port}", "--target-ca", self.papers / "ca.crt", "--target-name", API_NAME)

    def check(self, test, may_be_unheard=False):
        """Of all claims so far. The ledger begins anew, for it has no room for a whole run's."""
        self.check_emails(test, may_be_unheard)   # first: what becomes of one is an event, and of a paper too
        until(lambda: self.papers_under_way() == 0, SETTLED_S, lambda: f"papers stored: {self.papers_under_way()} are not\n{self.story()}")
        self.check_papers(test)
        self.check_effects(test)
        self.simulator.control("DELETE", "ledger")

    def check_emails(self, test, may_be_unheard):
        """One a kind and group, and each only once at VA Notify, which has told what has become of it. Who is not there when it tells, and
        refuses the connection, is not told again (tests/simulators/notify-simulator): `may_be_unheard`."""
        def under_way():
            return (self.sql_one("select count(*) from claim_notifications where state = 'requested'") != "0"
                    or any(mail["untold"] for mail in self.notify.state()["notifications"]))

        until(lambda: not under_way(), SETTLED_S,
              lambda: f"e-mails sent and told of: {self.sql('select state, count(*) from claim_notifications group by 1')}")
        mails = self.notify.state()["notifications"]
        sent, states = [mail["reference"] for mail in mails], dict(self.sql("select reference, state from claim_notifications"))
        test.assertEqual(sorted(sent), sorted(states), "e-mails sent and asked for")
        test.assertEqual(len(sent), len(set(sent)), "e-mails sent twice")
        unheard = {mail["reference"] for mail in mails
                   if states[mail["reference"]] == "sent" and all(one["answer"] != 200 for one in mail["callbacks"])}
        if may_be_unheard:
            self.unheard |= unheard
        test.assertEqual(unheard - self.unheard, set(), "callbacks that nobody has taken")
        test.assertEqual({one: state for one, state in states.items() if state != "delivered" and one not in unheard}, {},
                         "what has become of e-mails")

    @contextlib.contextmanager
    def load(self, a_second=3):
        """Claims come in, as long as the block lasts, over new connections and over one that is kept. Each insists until it is stored."""
        load = Load(self, a_second)
        load.start()
        try:
            yield load
        finally:
            load.end()


class Connection:
    """To claim-api's Service, by its name, with its certificate verified."""

    def __init__(self, deployed, is_kept):
        self.deployed, self.is_kept = deployed, is_kept
        self.context = ssl.create_default_context(cafile=deployed.papers / "ca.crt")
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {deployed.token}"}
        self.connection = self.address = None

    def post(self, body, key, content=None):
        """Status and text. A kept connection that the server has let go of meanwhile is no refusal: as every client does, a new one is made."""
        if self.connection:
            try:
                return self.exchange(body, key, content)
            except (OSError, http.client.HTTPException):
                pass   # closed by now
        return self.exchange(body, key, content)

    def exchange(self, body, key, content):
        headers = {**self.headers, "Idempotency-Key": key}
        if content:
            body, headers["Content-Type"] = content
        if not self.connection:
            self.connection = ByAddress(self.where(), API_NAME, self.context)
        try:
            self.connection.request("POST", "/dependents_benefits/v0/claims", body, headers)
            answer = self.connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            self.close()
            self.address = None
            raise
        finally:
            if not self.is_kept:
                self.close()

    def where(self):
        """The Service's address, asked for again after a failure: an uninstall takes it away, and the next one is another."""
        try:
            self.address = self.address or self.deployed.api_address()
        except RuntimeError as error:
            raise ConnectionError("there is no Service") from error
        return self.address

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None


class Page:
    """The operators' page, behind its Service: by its name, with its certificate verified."""

    def __init__(self, deployed):
        self.address = deployed.address_of(PAGE_NAME)
        self.context = ssl.create_default_context(cafile=deployed.papers / "ca.crt")
        self.cookie = None

    def ask(self, method, path, fields=None, **headers):
        """Status, headers, text."""
        connection = ByAddress(self.address, PAGE_NAME, self.context)
        try:
            if self.cookie:
                headers["Cookie"] = self.cookie
            if fields:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, urllib.parse.urlencode(fields or {}), headers)
            answer = connection.getresponse()
            self.cookie = (answer.getheader("Set-Cookie") or self.cookie or "").partition(";")[0]
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()


class ByAddress(http.client.HTTPSConnection):
    """To an address, where a certificate of that name is."""

    def __init__(self, address, name, context):
        super().__init__(name, address[1], timeout=30, context=context)
        plain = self._create_connection
        # Also for the next one, which is made by itself after an answer that says close.
        self._create_connection = lambda _, timeout, source: plain(address, timeout, source)


class Load:
    SAMPLES = ("03", "03", "03", "05", "03", "01", "07")

    def __init__(self, deployed, a_second):
        self.deployed, self.pause = deployed, 2 / a_second
        self.is_over = threading.Event()
        self.lock = threading.Lock()
        self.stored, self.failed, self.trouble, self.slowest = [], [], None, 0.0
        self.threads = [threading.Thread(target=self.send, args=(is_kept,), daemon=True) for is_kept in (False, True)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def send(self, is_kept):
        try:
            connection = Connection(self.deployed, is_kept)
            while not self.is_over.is_set():
                with self.lock:
                    number = next(NUMBERS)
                body = json.dumps(claims.claim(self.SAMPLES[number % len(self.SAMPLES)], number)).encode()
                began = time.monotonic()
                while not self.store(connection, body, f"claim-{number}"):
                    if time.monotonic() - began > 400:
                        raise TimeoutError(f"claim {number} is not stored: {self.failed[-1]}")
                    time.sleep(0.3)
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.is_over.wait(self.pause)
            connection.close()
        except Exception as error:   # told by the test's thread
            self.trouble = error

    def store(self, connection, body, key):
        kind = "kept connection" if connection.is_kept else "new connection"
        try:
            status, text = connection.post(body, key)
        except (OSError, http.client.HTTPException) as error:
            self.failed.append((time.strftime("%H:%M:%S"), kind, repr(error)))
            return False
        if status != 200:
            self.failed.append((time.strftime("%H:%M:%S"), kind, status, text[:200]))
            return False
        self.stored.append((time.monotonic(), json.loads(text)["data"]["attributes"]["guid"]))
        return True
